"""The specimens are programs beside the package, not part of it: the root of the repository holds them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
