"""Whose native code a module is: the program's own, a system library, another library, the Python interpreter.

By the path of the module alone. A program may lie in a system folder, as `ls` does: then that file is the program's own
and the libraries beside it are not.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from outlive.model.explanation import Owner, OwnerKind

_SYSTEM = re.compile(
    r"^/(?:usr/)?(?:lib|lib32|lib64|libx32|libexec|bin|sbin)/|^/(?:snap|nix/store)/|^\[v(?:dso|syscall)\]"
)
_INSTALLED = re.compile(r"^/(?:usr/local|opt)/|/node_modules/")
_DISTRIBUTION = re.compile(r"/(?:site|dist)-packages/([^/]+)")
_SONAME = re.compile(r"\.so(?:\.[\d.]+)?$")
_INTERPRETER = re.compile(r"/(?:libpython3[^/]*|python3(?:\.\d+)?[^/]*)$|/lib/python3\.\d+/lib-dynload/")
_STDLIB = re.compile(r"/lib/python3\.\d+/")
_C_LIBRARY = re.compile(
    r"^(?:libc|libm|libpthread|libdl|librt|ld-linux[\w-]*|ld|libstdc\+\+|libgcc_s|libc\+\+(?:abi)?)[.-]"
)


def owner_of(module: str, program: str) -> Owner:
    """`program` is the executable of the process.

    >>> owner_of("/usr/lib/x86_64-linux-gnu/libuv.so.1.0.0", "/home/me/swarm").kind.value
    'system'
    """
    if not module:
        return Owner(OwnerKind.UNKNOWN)
    name = short(module)
    if _INTERPRETER.search(module):
        return Owner(OwnerKind.INTERPRETER, name)
    if module == program:
        return Owner(OwnerKind.YOURS, name)
    if found := _DISTRIBUTION.search(module):
        return Owner(OwnerKind.LIBRARY, _SONAME.sub("", found[1].partition(".cpython")[0].partition(".abi3")[0]))
    if _SYSTEM.match(module):
        return Owner(OwnerKind.SYSTEM, name)
    if _under(module, program) or not _INSTALLED.search(module):
        return Owner(OwnerKind.YOURS, name)
    return Owner(OwnerKind.LIBRARY, name)


def owner_of_line(file: str) -> Owner:
    """Whose a line of Python is.

    >>> owner_of_line("/v/lib/python3.12/site-packages/lxml/html.py").name
    'lxml'
    """
    if found := _DISTRIBUTION.search(file):
        return Owner(OwnerKind.LIBRARY, found[1].removesuffix(".py"))
    if file.startswith("<frozen ") or _STDLIB.search(file):
        return Owner(OwnerKind.INTERPRETER)
    return Owner(OwnerKind.YOURS, PurePath(file).name)


def is_c_library(module: str) -> bool:
    """The libraries of C and C++ do as they are told: what is lost there was lost by who called.

    >>> is_c_library("/lib/x86_64-linux-gnu/libc.so.6"), is_c_library("/usr/lib/libcrypto.so.3")
    (True, False)
    """
    return bool(_C_LIBRARY.match(PurePath(module).name)) and bool(_SYSTEM.match(module) or _INSTALLED.search(module))


def is_interpreter(module: str) -> bool:
    """Python itself, and what carries its calls into C."""
    name = PurePath(module).name
    return bool(_INTERPRETER.search(module)) or name.startswith(("libffi.", "_ctypes.", "_cffi_backend."))


def short(module: str) -> str:
    """ "libuv" of "/usr/lib/x86_64-linux-gnu/libuv.so.1.0.0"."""
    return _SONAME.sub("", PurePath(module).name.removesuffix(" (deleted)"))


def _under(module: str, program: str) -> bool:
    folder = str(PurePath(program).parent)
    return folder not in ("", "/", ".", "/usr/local/bin", "/usr/local") and module.startswith(f"{folder}/")
