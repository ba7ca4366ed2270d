"""Imports what it is told, loses a few blocks on purpose, keeps as many, and is looked at twice. Arguments: the folder
for the looks, the module (`pass`: none)."""

import ctypes
import sys

folder, name = sys.argv[1:3]
if name != "pass":
    __import__(name)

process = ctypes.CDLL(None)
process.malloc.restype = ctypes.c_void_p
process.malloc.argtypes = [ctypes.c_size_t]
process.outlive_blocks_look.argtypes = [ctypes.c_char_p, ctypes.c_int]
held = (ctypes.c_void_p * 20)(*(process.malloc(4327) for _ in range(20)))
for _ in range(20):
    process.malloc(4337)
for number in (1, 2):
    if process.outlive_blocks_look(f"{folder}/look{number}".encode(), 1) or process.outlive_blocks_wait():
        sys.exit("no look could be taken")
