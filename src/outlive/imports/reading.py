"""One file's bytes into reports or suppressions: recognises, chooses the reader, fails in words only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from outlive.imports import (
    gcc_json,
    heapcheck,
    heaptrack,
    jemalloc,
    libuv,
    sanitizer,
    sarif,
    suppressions,
    talloc,
    valgrind_text,
    valgrind_xml,
)
from outlive.imports.json_text import a_dict, gathered, values
from outlive.imports.limits import BLANK_BYTES
from outlive.imports.lines import Lines
from outlive.imports.recognise import HEAD_BYTES, leading_form, text_format
from outlive.imports.refusal import UnreadableReport
from outlive.imports.suppressions import Suppressions
from outlive.model.imported import Report

KNOWN = (
    "LeakSanitizer, AddressSanitizer, Valgrind (XML and text), heaptrack, memray, SARIF, gcc's JSON, gperftools, "
    "jemalloc, talloc, libuv's handles, and suppressions"
)
_READERS: dict[str, Callable[[str, Lines], list[Report]]] = {
    "sanitizer": sanitizer.read,
    "valgrind-text": valgrind_text.read,
    "heaptrack": heaptrack.read,
    "heapcheck": heapcheck.read,
    "jemalloc": jemalloc.read,
    "talloc": talloc.read,
    "libuv": libuv.read,
}


def read(file: str, pieces: Callable[[], Iterable[bytes]]) -> list[Report] | Suppressions:
    """What the file holds. `pieces` gives its expanded bytes from the beginning, each time it is called.

    Raises UnreadableReport for what is none of these, is empty, or holds nothing that can be understood.
    """
    head = _head(pieces())
    if not head.strip():
        raise UnreadableReport(
            f"{file}: empty",
            why="a tool that finds nothing may write nothing; so does one that never ran",
            hint="run it so that it writes a summary in any case",
        )
    form = leading_form(head)
    if form == "xml":
        return _some(file, valgrind_xml.read(file, pieces()))
    if form == "json":
        return _some(file, _json(file, gathered(file, pieces())))
    if form == "text":
        return _text(file, pieces)
    raise _unknown(file)


def _text(file: str, pieces: Callable[[], Iterable[bytes]]) -> list[Report] | Suppressions:
    name = text_format(Lines(pieces()))
    if name == "suppressions":
        return suppressions.read(file, Lines(pieces()))
    if name not in _READERS:
        raise _unknown(file)
    return _some(file, _READERS[name](file, Lines(pieces())))


def _json(file: str, text: str) -> list[Report]:
    found, complete = values(text)
    first: Any = found[0] if found else None
    schema = a_dict(first).get("schema")
    if isinstance(schema, str) and schema.startswith("outlive."):
        raise UnreadableReport(f"{file}: a result of our own ({schema[:40]})", hint=f"outlive report {file}")
    if isinstance(a_dict(first).get("runs"), list):
        return sarif.read(file, first)
    if isinstance(first, list):
        return gcc_json.read(file, found, complete)
    if not complete and not found:
        raise UnreadableReport(f"{file}: JSON that is cut, or none", why="nothing of it could be parsed")
    raise _unknown(file)


def _some(file: str, reports: list[Report]) -> list[Report]:
    if not reports:
        raise UnreadableReport(f"{file}: nothing in it could be understood", hint="outlive open --help")
    return reports


def _head(pieces: Iterable[bytes]) -> bytes:
    """The first bytes that are no white space; nothing where there is too much of that."""
    head, blank = b"", 0
    for piece in pieces:
        head += piece[:HEAD_BYTES]
        if head.strip():
            if len(head) >= HEAD_BYTES:
                break
            continue
        head, blank = b"", blank + len(piece)
        if blank > BLANK_BYTES:
            break
    return head[:HEAD_BYTES]


def _unknown(file: str) -> UnreadableReport:
    return UnreadableReport(
        f"{file}: not a snapshot, nor a report that Outlive reads",
        why=f"it reads {KNOWN}",
        hint="outlive snapshot -o heap.outlive script.py   makes a snapshot",
    )
