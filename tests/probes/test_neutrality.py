"""Probes run inside the program that they look at: what they leave behind would be found as its leak."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import outlive

# Each probe, and how often it is read: dear ones less often. A probe that kept one thing per reading would be far above
# the few blocks that any program moves by.
_READINGS = {
    "memory": 5_000,
    "uss": 250,
    "faults": 5_000,
    "mappings": 250,
    "fds": 5_000,
    "threads": 5_000,
    "children": 5_000,
    "temp_files": 1_000,
    "blocks": 5_000,
    "gc_objects": 150,
    "native_heap": 5_000,
    "tasks": 5_000,
    "interpreters": 5_000,
}
_FEW_BLOCKS = 10

_PROGRAM = """
import asyncio, gc, importlib, json, os, sys
from outlive.probes import fds
asyncio.new_event_loop().close()
left = {}
for name, readings in json.loads(sys.argv[1]).items():
    read = importlib.import_module("outlive.probes." + name).read
    for _ in range(1_100):  # CPython 3.10 caches opcodes of code that ran 1,024 times
        read()
    rounds = []
    for _ in range(2):
        gc.collect()
        blocks, objects, opened = sys.getallocatedblocks(), len(gc.get_objects()), sum(fds.count_by_kind().values())
        for _ in range(readings):
            read()
        gc.collect()
        rounds.append((
            sys.getallocatedblocks() - blocks,
            len(gc.get_objects()) - objects,
            sum(fds.count_by_kind().values()) - opened,
        ))
    left[name] = [min(two) for two in zip(*rounds)]
print(json.dumps(left))
"""

# The package's own first file is left out: what it brings along is its own affair.
_IMPORTS = """
import sys
package = sys.modules["outlive"] = type(sys)("outlive")
package.__path__ = [sys.argv[1]]
__import__("outlive.probes." + sys.argv[2])
print(*sys.modules)
"""

# What a probe may not bring into the program that it looks at.
_HEAVY = {"asyncio", "collections", "dataclasses", "enum", "functools", "inspect", "numpy", "re", "rich", "typing"}


@pytest.fixture(scope="module")
def left(tmp_path_factory) -> dict[str, list[int]]:
    """By probe, what many readings left behind in a fresh process: blocks, tracked objects, descriptors.

    The better of two rounds: what a reading keeps is kept in each, what fills CPython's free lists in the first only.
    """
    environment = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("private"))}
    command = [sys.executable, "-c", _PROGRAM, json.dumps(_READINGS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("probe", _READINGS)
def test_thousands_of_readings_leave_nothing_behind(left, probe):
    blocks, objects, opened = left[probe]
    assert blocks < _FEW_BLOCKS
    assert objects <= 1
    assert opened == 0


@pytest.mark.parametrize("probe", _READINGS)
def test_a_probe_brings_no_heavy_module_along(probe):
    command = [sys.executable, "-I", "-S", "-c", _IMPORTS, os.path.dirname(outlive.__file__), probe]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not _HEAVY & set(done.stdout.split())
