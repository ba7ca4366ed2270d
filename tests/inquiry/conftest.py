"""Makes the extension module of mistakes importable, which stands with the tests of heaps."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "heap"))
