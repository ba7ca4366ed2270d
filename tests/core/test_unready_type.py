"""A static type that was never made ready has instances and no type: cffi keeps one in each process that uses it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import ctypes, os, sys
import outlive
from outlive import _core

WORD = ctypes.sizeof(ctypes.c_void_p)
type_memory = ctypes.create_string_buffer(1024)  # a PyTypeObject: references, no type, size, name, basic size ...
name = ctypes.create_string_buffer(b"canary.Canary")
words = ctypes.cast(type_memory, ctypes.POINTER(ctypes.c_void_p))
words[0], words[3], words[4] = 1, ctypes.addressof(name), 2 * WORD
object_memory = (ctypes.c_size_t * 2)(1, ctypes.addressof(type_memory))
canary = ctypes.cast(ctypes.addressof(object_memory), ctypes.py_object).value
held = [canary]
check = outlive.snapshot(sys.argv[1])
census = _core.Census()
census.take()
from outlive.capture.snapshot import load
names = [row.name for row in load(sys.argv[1]).types.values()]
print(check.fewer, "canary.Canary" in names, flush=True)
os._exit(0)  # nobody can free it
"""


def test_snapshot_and_census_pass_an_instance_of_an_unready_type(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, f"{tmp_path}/heap.outlive"], capture_output=True, text=True, timeout=60
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "0 True\n", "")
