"""One object held by exactly one holder of each kind: the way to it is found, and written as a person writes it.

The kinds, and how each must be written, stand in holder_kinds.py, which runs once.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from outlive.capture.snapshot import load
from outlive.heap import Heap
from outlive.heap.roots import RootKind

PROGRAM = Path(__file__).with_name("holder_kinds.py")
KINDS = re.findall(r'^plain\("(\w+)"|^def (\w+)\(held: Any\) -> Any:$', PROGRAM.read_text(), re.MULTILINE)
NAMES = [one or other for one, other in KINDS if (one or other)[0] != "_"]


@cache
def looked_at() -> tuple[Heap, dict[str, str]]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "kinds.outlive"
        done = subprocess.run([sys.executable, PROGRAM, file], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return Heap(load(file)), json.loads(done.stdout.splitlines()[-1])


def node_of(kind: str) -> int:
    nodes = looked_at()[0].nodes_of_type(f"__main__.Held_{kind}").tolist()
    assert len(nodes) == 1
    return int(nodes[0])


def test_each_kind_that_the_program_has_is_tested() -> None:
    assert sorted(looked_at()[1]) == sorted(NAMES)
    assert len(NAMES) >= 40


@pytest.mark.parametrize("kind", NAMES)
def test_the_holder_is_named_as_a_person_writes_it(kind: str) -> None:
    heap, expected = looked_at()
    path = heap.path(node_of(kind))
    assert path is not None, "nothing holds it"
    assert not path.unnamed, path.expression
    if expected[kind] == "native":
        assert path.root.kind is RootKind.NATIVE
        assert path.nodes[0] == node_of(kind)
        assert path.expression == "1 reference owned by native code"
    else:
        written = re.escape(expected[kind]).replace(r"\*", ".*")
        assert re.fullmatch(written, path.expression), path.expression


def test_no_reference_on_any_way_is_without_a_name() -> None:
    heap, _ = looked_at()
    ways = [heap.path(node_of(kind)) for kind in NAMES]
    assert [way.expression for way in ways if way is not None and "unnamed" in way.expression] == []


def test_only_the_lost_reference_counts_as_unexplained() -> None:
    heap, _ = looked_at()
    assert {kind for kind in NAMES if heap.unexplained(node_of(kind))} == {"lost_reference"}
