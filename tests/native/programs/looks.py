import ctypes
import sys

_recorder = ctypes.CDLL(None)
_recorder.outlive_blocks_look.argtypes = [ctypes.c_char_p, ctypes.c_int]
_recorder.outlive_blocks_step.argtypes = [ctypes.c_uint64]
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]


def look(path):
    failed = _recorder.outlive_blocks_look(path.encode(), 1)
    if failed or _recorder.outlive_blocks_wait():
        sys.exit(f"no look: {failed}")


def step(number):
    _recorder.outlive_blocks_step(number)
