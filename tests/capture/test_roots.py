"""What the interpreter itself holds: each such holder is in the snapshot, under its name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from outlive.capture.snapshot import load

CASES = {
    "signal handler 10": "import signal; signal.signal(signal.SIGUSR1, thing)",
    "atexit callbacks": "import atexit; atexit.register(thing)",
    "os.register_at_fork(before=)": "import os; os.register_at_fork(before=thing)",
    "os.register_at_fork(after_in_child=)": "import os; os.register_at_fork(after_in_child=thing)",
    "codec search functions": "import codecs; codecs.register(thing)",
    "codec error handlers": "import codecs; codecs.register_error('mine', thing)",
    "sys.addaudithook()": "import sys; sys.addaudithook(thing)",
    "gc.callbacks": "import gc; gc.callbacks.append(thing)",
    "sys.setprofile()": "import sys; sys.setprofile(thing)",
    "sys.settrace()": "import sys; sys.settrace(thing)",
    "sys.set_asyncgen_hooks(firstiter=)": "import sys; sys.set_asyncgen_hooks(firstiter=thing)",
    "context variables": "import contextvars; kept = contextvars.ContextVar('kept'); kept.set(thing)",
}
if sys.version_info >= (3, 12):
    CASES["sys.monitoring callbacks"] = (
        "import sys; m = sys.monitoring; m.use_tool_id(3, 't'); m.register_callback(3, m.events.LINE, thing)"
    )

PROGRAM = """
import outlive, outlive.capture.snapshot, sys
def thing(*args): return None
address = id(thing)
{hold}
address = id(thing)
check = outlive.snapshot({path!r})
print(address, check.fewer)
sys.setprofile(None); sys.settrace(None)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CASES))
def test_this_root_leads_to_what_it_holds(name: str, tmp_path: Path) -> None:
    path = tmp_path / "heap.outlive"
    program = PROGRAM.format(hold=CASES[name], path=str(path))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    address, fewer = map(int, done.stdout.split()[:2])
    assert fewer == 0
    snapshot = load(path)
    names = snapshot._texts("root_name", len(snapshot.column("root_name_ends")))
    thing = int(np.flatnonzero(snapshot.column("address") == address)[0])
    reached = {target for label, target in rooted(snapshot) if names[label] == name}
    assert thing in closure(snapshot, reached, steps=12 if name == "context variables" else 4)


def rooted(snapshot) -> list[tuple[int, int]]:  # type: ignore[no-untyped-def]
    """(label, target) of what interpreters and threads hold: their rows come first, so do their labels."""
    start, layout = snapshot.column("edge_start"), snapshot.column("layout")
    found, place = [], 0
    for node in range(1, len(snapshot)):
        if layout[node] not in (33, 34):
            break
        targets = snapshot.column("targets")[int(start[node]) : int(start[node + 1])].tolist()
        found += list(zip(snapshot.column("labels")[place : place + len(targets)].tolist(), targets))
        place += len(targets)
    return found


def closure(snapshot, nodes: set[int], steps: int) -> set[int]:  # type: ignore[no-untyped-def]
    """What is reached from `nodes` without passing modules, classes or functions: through containers only."""
    start, targets = snapshot.column("edge_start"), snapshot.column("targets")
    kinds = {node for node, row in snapshot.types.items() if row.name in ("module", "type", "function")}
    kind = snapshot.column("type")
    seen = set(nodes)
    for _ in range(steps):
        fresh = {
            int(target)
            for node in nodes
            if int(kind[node]) not in kinds
            for target in targets[int(start[node]) : int(start[node + 1])]
        }
        nodes = fresh - seen
        seen |= fresh
    return seen
