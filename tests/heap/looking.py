"""Little programs, looked at: each runs in a process of its own, ends with a snapshot, and is handed back as a Heap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from outlive.capture.snapshot import load
from outlive.heap import Heap

_END = """
import outlive as _outlive, sys as _sys
_outlive.snapshot(_sys.argv[1])
"""


def heap_of(source: str, folder: Path) -> Heap:
    """The heap of `source` when it has come to its end. A line `look()` in it looks there instead."""
    script, file = folder / "app.py", folder / "heap.outlive"
    if "look()" in source:
        source = "import outlive, sys\ndef look(): outlive.snapshot(sys.argv[1])\n" + source
    else:
        source += _END
    script.write_text(source)
    done = subprocess.run([sys.executable, script, file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return Heap(load(file))


def the(heap: Heap, type_name: str) -> int:
    """The only object of this type (of __main__)."""
    nodes = heap.nodes_of_type(f"__main__.{type_name}").tolist()
    assert len(nodes) == 1, f"{len(nodes)} objects of type {type_name}"
    return int(nodes[0])
