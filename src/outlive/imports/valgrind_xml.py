"""Valgrind's XML, protocols 4 to 6, one document after another in one stream.

Theory of operation. expat is fed piece by piece; what has closed is kept, so a report that was cut is partial and not
lost. The reader keeps no tree: it knows where it stands by the path of open elements, gathers the text of the element
in hand, and turns each closing `error` into a claim. A document type, and with it every entity, is refused: Valgrind
writes none. Leak records stand after the state FINISHED; `suppression` elements are proposals and are passed over,
also those that 3.19 leaves outside of their error, as are its stacks of descriptors that have no error around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.parsers import expat

from outlive.imports.draft import Draft, named, stack, with_trouble
from outlive.imports.figures import whole_number
from outlive.imports.limits import FRAMES, REPORTS, STACKS, TEXT_BYTES, TEXT_CHARS, XML_DEPTH, XML_TOKEN_BYTES
from outlive.imports.valgrind_kinds import LOSSES, kind_of, role_of
from outlive.model.imported import Frame, Hidden, Loss, Report, Stack

_DIRECT = re.compile(r"\(([\d,]+) direct, [\d,]+ indirect\) bytes")
_BEGIN = b"<?xml"
_PROTOCOLS = ("4", "5", "6")


class _Refused(Exception):
    """Something that Valgrind does not write."""


def read(file: str, pieces: Iterable[bytes]) -> list[Report]:
    """A report for each document."""
    reports: list[Report] = []
    more = 0
    document = _Document(file)
    for begins, piece in _parted(pieces):
        if begins and document.begun:
            reports, more = _kept(reports, document, more)
            document = _Document(file)
        if document.begun or piece.strip():
            document.feed(piece)
    reports, more = _kept(reports, document, more)
    beyond = f"further documents are beyond the limit of {REPORTS:,} and are not told: {more:,}"
    return [with_trouble(one, beyond) for one in reports] if more else reports


def _kept(reports: list[Report], document: _Document, more: int) -> tuple[list[Report], int]:
    if len(reports) >= REPORTS:
        return reports, more + 1
    return [*reports, document.end()], more


def _parted(pieces: Iterable[bytes]) -> Iterator[tuple[bool, bytes]]:
    """The pieces, parted where a document begins, and whether one begins there. A mark may lie across two pieces."""
    rest, read = b"", 0
    for piece in pieces:
        read += len(piece)
        if read > TEXT_BYTES:
            break
        data = rest + piece
        begun = next((size for size in range(len(_BEGIN) - 1, 0, -1) if data.endswith(_BEGIN[:size])), 0)
        data, rest = data[: len(data) - begun], data[len(data) - begun :]
        first, *others = data.split(_BEGIN)
        if first:
            yield False, first
        for other in others:
            yield True, _BEGIN + other
    if rest:
        yield False, rest


class _Document:
    """One `valgrindoutput` while it comes in."""

    def __init__(self, file: str) -> None:
        self.begun = self._over = False
        self._draft = Draft(file, "valgrind-xml", "valgrind")
        self._fed = 0
        self._path: list[str] = []
        self._text: list[str] = []
        self._text_size = 0
        self._error = _Error()
        self._pair: dict[str, str] = {}
        self._exe: list[str] = []
        self._looked_for_leaks = True  # Memcheck does where it writes XML, unless it is told not to
        self._finished = False
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        if hasattr(self._parser, "SetReparseDeferralEnabled"):
            self._parser.SetReparseDeferralEnabled(False)  # a tag's length is bounded here
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._doctype

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Parse on; after the first thing that is wrong nothing more is read."""
        self.begun = True
        if self._over:
            return
        try:
            self._parser.Parse(data, last)
            self._fed += len(data)
            if self._fed - max(self._parser.CurrentByteIndex, 0) > XML_TOKEN_BYTES:
                raise _Refused("a single tag is larger than Valgrind writes")
        except expat.ExpatError as error:
            self._over = True
            if not last:
                self._draft.trouble(f"not well-formed at line {error.lineno}: the rest was not read")
        except _Refused as refused:
            self._over = True
            self._draft.trouble(f"{refused}: the rest was not read")

    def end(self) -> Report:
        """The report; it is whole when its last element has closed and nothing was wrong."""
        if not self._over:
            self.feed(b"", last=True)  # newer expat waits for more before it tells of the last tag
        self._draft.whole = self._draft.whole and not self._over
        if self._draft.whole and not self._finished:
            self._draft.whole = False
            self._draft.trouble("the program was still running when this was written")
        leaks = any(one.kind == "leak" for one in self._draft.claims)
        self._draft.clean = self._looked_for_leaks and not leaks
        return self._draft.report()

    def _doctype(self, *_: object) -> None:
        raise _Refused("it declares a document type or entities, which Valgrind never does")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path and name != "valgrindoutput":
            raise _Refused("its first element is not <valgrindoutput>")
        if len(self._path) >= XML_DEPTH:
            raise _Refused("its elements are nested deeper than Valgrind writes")
        self._path.append(name[:TEXT_CHARS])
        self._text, self._text_size = [], 0
        if len(self._path) == 2 and name == "error":
            self._error = _Error()

    def _characters(self, text: str) -> None:
        self._text_size += len(text)
        if self._text_size <= XML_TOKEN_BYTES:
            self._text.append(text)

    def _end(self, name: str) -> None:
        text = "".join(self._text).strip()
        self._text, self._text_size = [], 0
        path = self._path[1:]
        self._path.pop()
        if not path:
            self._draft.whole = True
        elif "suppression" in path:
            return
        elif path[0] == "error":
            self._in_error(path, name, text)
        else:
            self._outside(path, text)

    def _in_error(self, path: list[str], name: str, text: str) -> None:
        if len(path) == 1:
            self._error.claim(self._draft)
        elif "frame" in path[1:]:
            self._error.in_frame(name, text)
        else:
            self._error.field(name, text)

    def _outside(self, path: list[str], text: str) -> None:
        where = "/".join(path)
        if where == "protocolversion" and text not in _PROTOCOLS:
            self._draft.trouble(f"protocol {text[:20]} is not known here; what is known of it was read")
        elif where == "pid":
            self._draft.pid = max(whole_number(text), 0)
        elif where == "tool" or where == "protocoltool":
            self._named(text)
        elif where == "preamble/line" and text.startswith("Using Valgrind-"):
            self._draft.version = text.removeprefix("Using Valgrind-").split()[0]
        elif where == "status/state":
            self._finished = text == "FINISHED"
        elif where.startswith("args/"):
            self._argument(where, text)
        elif path == ["stack"]:
            self._draft.trouble(
                "stacks of open descriptors stand in it without a word on them, as Valgrind before 3.21 writes them:"
                " its text tells"
            )
        elif path[0] == "suppcounts" or path[0] == "leak_summary":
            self._counts(path, text)

    def _named(self, tool: str) -> None:
        if tool and tool != "memcheck":
            self._looked_for_leaks = False
            self._draft.trouble(f"written by the tool {tool[:60]}, of which only leaks and memory errors are read")

    def _argument(self, where: str, text: str) -> None:
        if where == "args/vargv/arg" and text.startswith("--leak-check="):
            self._looked_for_leaks = text.removeprefix("--leak-check=") in ("full", "yes")
        elif where.startswith("args/argv/") and len(self._exe) < 200:
            self._exe.append(text)
            self._draft.command = " ".join(self._exe)

    def _counts(self, path: list[str], text: str) -> None:
        """How often each suppression hid something; and protocol 6's totals, which stand for a leak check made."""
        if path == ["leak_summary"]:
            self._looked_for_leaks = True
        elif path[:2] == ["suppcounts", "pair"]:
            if len(path) == 3:
                self._pair[path[2]] = text
            elif self._pair:
                name = named(self._pair.get("name", ""))
                self._draft.hidden.append(Hidden(name, whole_number(self._pair.get("count"))))
                self._pair = {}


class _Error:
    """One `error` element while its parts close."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}
        self._says: list[str] = []
        self._stacks: list[Stack] = []
        self._frames: list[Frame] = []
        self._frame: dict[str, str] = {}
        self._waiting = ""  # the sentence on the next stack

    def in_frame(self, name: str, text: str) -> None:
        """A part of a frame, or its end."""
        if name != "frame":
            self._frame[name] = text[:TEXT_CHARS]
            return
        if len(self._frames) <= FRAMES:
            self._frames.append(_frame(self._frame))
        self._frame = {}

    def field(self, name: str, text: str) -> None:
        """Any other part."""
        if name == "stack":
            role = role_of(self._waiting) if self._waiting else ""
            if len(self._stacks) < STACKS:
                self._stacks.append(stack(role, self._frames))
            self._frames, self._waiting = [], ""
        elif name == "auxwhat" or (name == "text" and self._stacks):
            self._waiting = text[:TEXT_CHARS]
            if len(self._says) < STACKS:
                self._says.append(self._waiting)
        else:
            self._fields.setdefault(name, text[:TEXT_CHARS])

    def claim(self, draft: Draft) -> None:
        """Put the claim into `draft`."""
        name, words = self._fields.get("kind", ""), self._fields.get("what") or self._fields.get("text", "")
        if name in LOSSES:
            self._leak(draft, name, words)
            return
        kind = kind_of(name, " ".join(self._says))
        role = {"fd-not-closed": "opened"}.get(kind, "used")
        stacks = [one if one.role else Stack(role, one.frames, one.cut) for one in self._stacks]
        resource = "fd" if kind.startswith("fd-") else "native"
        sentence = " · ".join([words or name, *self._says])
        if kind == "fd-not-closed":
            draft.claim(kind, stacks, resource=resource, loss=Loss.UNFREED, count=1, text=sentence)
        else:
            draft.claim(kind, stacks, resource=resource, text=sentence)

    def _leak(self, draft: Draft, name: str, words: str) -> None:
        """Its `leakedbytes` count what is lost indirectly too; that has records of its own, so only the direct part."""
        direct = _DIRECT.search(words)
        size = whole_number(direct[1] if direct else self._fields.get("leakedbytes"))
        stacks = [Stack("allocated", one.frames, one.cut) for one in self._stacks]
        count = whole_number(self._fields.get("leakedblocks"))
        draft.claim("leak", stacks, loss=LOSSES[name], count=count, bytes=size, text=words)


def _frame(parts: dict[str, str]) -> Frame:
    folder, file = parts.get("dir", ""), parts.get("file", "")
    path = f"{folder.rstrip('/')}/{file}" if folder and file else file
    line = max(whole_number(parts.get("line")), 0)
    return Frame(named(parts.get("fn", "")), named(parts.get("obj", "")), named(path), line)
