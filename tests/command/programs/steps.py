"""A Python program that marks its steps by writing: python steps.py STEPS lose|keep."""

import ctypes
import os
import sys

words = int(os.environ["OUTLIVE_BLOCKS_FD"])
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
recent = {}


def work(step):
    recent[step % 20] = str(step) * 200
    if sys.argv[2] == "lose":
        libc.malloc(64)


for step in range(int(sys.argv[1])):
    os.write(words, b"step %d\n" % step)
    work(step)
