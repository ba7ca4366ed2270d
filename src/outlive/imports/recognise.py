"""Which tool wrote this, told by content and never by the file's name.

Binary forms by their first bytes; XML and JSON by their first sign; text by the first line that only one tool writes,
which may stand far inside of a program's own output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from outlive.imports import heapcheck, jemalloc, libuv, lz4_frame, sanitizer, suppressions, talloc, valgrind_text
from outlive.imports.limits import SNIFF_LINES

SNAPSHOT = b"OUTLIVE\x1a"
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
_MEMRAY = b"memray\x00"
_HEAPTRACK = re.compile(r"^v [0-9a-f]{1,8}(?: [0-9a-f]{1,4})?$")
HEAD_BYTES = 4096


def is_memray(head: bytes) -> bool:
    """Whether it is a capture of memray, compressed or not."""
    return head.startswith(_MEMRAY) or (head.startswith(lz4_frame.MAGIC) and _MEMRAY in head[:64])


def leading_form(head: bytes) -> str:
    """ "xml", "json", "binary" or "text", by the first bytes."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"<?xml", b"<valgrindoutput")):
        return "xml"
    if re.match(rb'\{\s*["}]|\[\s*[\[{\]]', text):
        return "json"
    return "binary" if b"\x00" in head else "text"


def text_format(lines: Iterable[str]) -> str:
    """The format of a text by the first line that tells; "" for none that is known."""
    for number, line in enumerate(lines):
        if number >= SNIFF_LINES:
            break
        if number == 0 and _HEAPTRACK.match(line):
            return "heaptrack"
        if name := _told_by(line):
            return name
    return ""


def _told_by(line: str) -> str:
    if sanitizer.is_mark(line):
        return "sanitizer"
    if valgrind_text.is_mark(line):
        return "valgrind-text"
    if jemalloc.HEAD.match(line):
        return "jemalloc"
    if talloc.HEAD.match(line):
        return "talloc"
    if heapcheck.CHECK.search(line) or heapcheck.CLEAN.search(line):
        return "heapcheck"
    if libuv.HANDLE.match(line.strip()):
        return "libuv"
    if suppressions.LSAN_LINE.match(line.strip()) or line.strip() == "{":
        return "suppressions"
    return ""
