"""Where the debug information of a program file lies, when it is not in the file itself.

The places are those that debuggers look at, in their order: by build id, then by the name that the file gives (beside
it, in `.debug` beside it, under the system's folder for such files). A file found by name counts only if its build
id or its checksum is what was promised. No server is asked.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator

from outlive.errors import OutliveError
from outlive.symbols import packed
from outlive.symbols.elf import ElfFile, NotElf, open_elf

ROOT = "/usr/lib/debug"
_PIECE = 1 << 22
_LARGEST = 1 << 33


def debug_file(path: str, file: ElfFile | None, build_id: str, root: str = ROOT) -> ElfFile | None:
    """Of the program file at `path`; `file` is None where that is gone, and the build id all that is known."""
    if build_id and len(build_id) > 2:
        found = _opened(os.path.join(root, ".build-id", build_id[:2], f"{build_id[2:]}.debug"))
        if found is not None and _same_id(found, build_id):
            return found
    link = file.debug_link() if file is not None else None
    if link is None or "/" in link[0] or link[0] in ("", ".", ".."):
        return None
    for place in _places(path, link[0], root):
        found = _opened(place)
        if found is not None and (_same_id(found, build_id) if build_id else _checksum(found) == link[1]):
            return found
    return None


def alternative_file(file: ElfFile, root: str = ROOT) -> ElfFile | None:
    """What `file` shares with others, where `dwz` has made it so."""
    link = file.alternative_link()
    if link is None:
        return None
    name, build_id = link
    by_id = os.path.join(root, ".build-id", build_id[:2], f"{build_id[2:]}.debug")
    for place in (os.path.join(os.path.dirname(os.path.realpath(file.path)), name), by_id):
        found = _opened(place)
        if found is not None and _same_id(found, build_id):
            return found
    return None


def small_table(file: ElfFile) -> ElfFile | None:
    """The packed table of local functions that Fedora's files carry (`.gnu_debugdata`)."""
    data = file.part(".gnu_debugdata", 0, _LARGEST)
    if not data:
        return None
    try:
        return ElfFile.of_bytes(packed.xz(data))
    except (packed.NotUnpacked, NotElf):
        return None


def _places(path: str, name: str, root: str) -> Iterator[str]:
    folder = os.path.dirname(os.path.realpath(path))
    beside = os.path.join(folder, name)
    if beside != os.path.realpath(path):
        yield beside
    yield os.path.join(folder, ".debug", name)
    yield os.path.join(root, folder.lstrip("/"), name)


def _opened(path: str) -> ElfFile | None:
    try:
        return open_elf(path)
    except (OutliveError, OSError, ValueError):
        return None


def _same_id(file: ElfFile, build_id: str) -> bool:
    return file.build_id() == build_id


def _checksum(file: ElfFile) -> int:
    found = 0
    for at in range(0, min(file.size, _LARGEST), _PIECE):
        found = zlib.crc32(file.read(at, _PIECE), found)
    return found
