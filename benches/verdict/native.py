"""C's allocator and reference counts, called by name: what a careless extension module does."""

from __future__ import annotations

import ctypes

_libc = ctypes.CDLL(None)
malloc = _libc.malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
free = _libc.free
free.restype, free.argtypes = None, [ctypes.c_void_p]
_mmap = _libc.mmap
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]

incref = ctypes.pythonapi.Py_IncRef
incref.restype, incref.argtypes = None, [ctypes.py_object]
pymalloc = ctypes.pythonapi.PyObject_Malloc
pymalloc.restype, pymalloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]

_READ_WRITE, _PRIVATE_ANONYMOUS = 0x3, 0x22


def map_pages(size_bytes: int) -> int:
    """Anonymous memory that no Python object knows of."""
    return int(_mmap(None, size_bytes, _READ_WRITE, _PRIVATE_ANONYMOUS, -1, 0))
