"""Whose code a call is, by the module it lies in, or by its source file where a tool says no module.

System libraries are told by where they are installed; everything else is the application's, or, where `mine` names
folders or modules, a library's unless it lies in one of those. What has neither module nor a telling file is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from outlive.imports.calls import module_name
from outlive.model.explanation import Owner, OwnerKind
from outlive.model.imported import Frame

_SYSTEM_ROOTS = re.compile(
    r"^/(?:usr/)?(?:lib|lib32|lib64|libx32|libexec)/|^/(?:snap|nix/store)/|^\[v(?:dso|syscall)\]"
)
_LOCAL = re.compile(r"^/(?:usr/local|opt)/|/site-packages/|/dist-packages/|/node_modules/")
# Where distributions build them, as debug information says it.
_SYSTEM_FILE = re.compile(
    r"^(?:\.\./)+(?:sysdeps|csu|nptl|libio|elf|stdlib|string|malloc|io|socket|posix|inet|dlfcn|src/libsanitizer)/"
    r"|^\./(?:sysdeps|csu|nptl|libio|elf|stdlib|string|malloc|io|socket|posix|inet|dlfcn|misc|time|intl|locale)/"
    r"|^csu/\.\./|^/usr/(?:include|src|lib)/|^/build/"
)
_INTERPRETER = re.compile(r"^(?:\./)?(?:Objects|Python|Modules|Parser|Include)/|^<frozen ")
_STDLIB = re.compile(r"/lib/python3\.\d+/")
_LIB = re.compile(r"^(lib[\w+.-]*?)(?:\.so)?$")


def owner_of(frame: Frame, mine: Sequence[str] = ()) -> Owner:
    """Whose call it is."""
    if mine and is_mine(frame, mine):
        return Owner(OwnerKind.YOURS, module_name(frame.module))
    if frame.module:
        return _by_module(frame.module, bool(mine))
    if frame.file:
        return _by_file(frame.file, bool(mine))
    return Owner(OwnerKind.UNKNOWN)


def is_mine(frame: Frame, mine: Sequence[str]) -> bool:
    """Whether its module or file lies under, or is named as, one of `mine`."""
    return any(_under(path, root) for root in mine for path in (frame.module, frame.file) if path)


def is_untold(frame: Frame) -> bool:
    """Whether nothing says where it lies."""
    return not frame.module and not frame.file


def _under(path: str, root: str) -> bool:
    bare = root.rstrip("/")
    inside = f"/{bare.lstrip('/')}/" in f"/{path.lstrip('/')}/"
    return (
        path == bare
        or path.startswith(f"{bare}/")
        or module_name(path) == bare
        or (not root.startswith("/") and inside)
    )


def _by_module(path: str, mine_named: bool) -> Owner:
    name = module_name(path)
    found = _LIB.match(name)
    short = found[1] if found else name
    if short.startswith(("libpython", "python3")):
        return Owner(OwnerKind.INTERPRETER, short)
    if _LOCAL.search(path):
        return Owner(OwnerKind.LIBRARY, short)
    if _SYSTEM_ROOTS.match(path):
        return Owner(OwnerKind.SYSTEM, short)
    return Owner(OwnerKind.LIBRARY if mine_named else OwnerKind.YOURS, short)


def _by_file(path: str, mine_named: bool) -> Owner:
    """A relative path that no distribution is known to build with may be anybody's."""
    if _INTERPRETER.match(path) or (_STDLIB.search(path) and not _LOCAL.search(path)):
        return Owner(OwnerKind.INTERPRETER)
    if _SYSTEM_FILE.match(path):
        return Owner(OwnerKind.SYSTEM)
    if _LOCAL.search(path):
        return Owner(OwnerKind.LIBRARY)
    if path.startswith("/") and not mine_named:
        return Owner(OwnerKind.YOURS)
    return Owner(OwnerKind.UNKNOWN)
