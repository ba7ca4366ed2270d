"""The bench's random numbers: one generator, seeded by the runner through the environment."""

from __future__ import annotations

import os
import random

R = random.Random(int(os.environ.get("VERDICT_SEED", "0")))
