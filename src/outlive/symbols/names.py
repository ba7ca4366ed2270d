"""Names as a person wrote them: C++ and Rust functions carry theirs mangled.

C++'s own library knows how to read them, where it is installed; otherwise a name stays as it is.
"""

from __future__ import annotations

import ctypes
import re
from functools import lru_cache
from typing import Any

from outlive.symbols.rust_v0 import demangled

_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")
# How older Rust writes what C++'s names cannot hold.
_RUST_SIGNS = {
    "$LT$": "<", "$GT$": ">", "$u20$": " ", "$RF$": "&", "$BP$": "*", "$LP$": "(", "$RP$": ")", "$C$": ",",
    "$u7b$": "{", "$u7d$": "}", "$u5b$": "[", "$u5d$": "]", "$u27$": "'", "$u3b$": ";", "$u2b$": "+", "..": "::",
}  # fmt: skip
_LONGEST, _LONGEST_READABLE = 4096, 1 << 14
# A name can refer back to parts of itself, each time twice, and stand for gigabytes that way. Of 67,000 names of
# clang's, LLVM's and Z3's libraries three have more than 40 such references.
_REFERENCE = re.compile(r"[ST][0-9A-Z]*_")
_MOST_REFERENCES = 48


@lru_cache(maxsize=4096)
def readable(name: str) -> str:
    """
    >>> readable("JSONToObj")
    'JSONToObj'
    """
    if len(name) > _LONGEST:
        return name
    if name.startswith("_R"):
        return demangled(name) or name
    if not name.startswith("_Z") or len(_REFERENCE.findall(name)) > _MOST_REFERENCES:
        return name
    found = _demangled(name)
    if len(found) > _LONGEST_READABLE:
        return name
    return _rust(found) if _RUST_HASH.search(found) else found


def _rust(name: str) -> str:
    name = _RUST_HASH.sub("", name)
    for sign, character in _RUST_SIGNS.items():
        name = name.replace(sign, character)
    return name.replace("::_<", "::<").removeprefix("_<").removeprefix("_")


def _demangled(name: str) -> str:
    library = _library()
    if library is None:
        return name
    status = ctypes.c_int()
    text = library.__cxa_demangle(name.encode(), None, None, ctypes.byref(status))
    if not text:
        return name
    try:
        return ctypes.string_at(text).decode("utf-8", "replace")
    finally:
        _free(text)


@lru_cache(maxsize=1)
def _library() -> Any:
    for file in ("libstdc++.so.6", "libc++abi.so.1"):
        try:
            library = ctypes.CDLL(file)
            library.__cxa_demangle.restype = ctypes.c_void_p
            library.__cxa_demangle.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        except (OSError, AttributeError):
            continue
        return library
    return None


def _free(text: int) -> None:
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]
    free.restype = None
    free(text)
