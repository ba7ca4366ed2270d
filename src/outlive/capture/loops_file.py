"""Reads `loops-<pid>.txt`: the handles of libuv's loops as the recorder wrote them down; not what it means.

Knows the lines that native/preload/loops_write.c appends: words `name=value`, numbers in hexadecimal. A later line of
a handle or loop replaces an earlier one. The file may be cut off (the program was killed) or come from anywhere: what
cannot be read is left out, counted, and said in `doubts`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

from outlive.model.explanation import NativeFrame

FORMAT = "1"
BYTES_MAX = 64 << 20
LINE_MAX = 1 << 14
OURS = "/outlive/_blocks.so"

_WORD = re.compile(r"([a-z]+)=(\S*)")
_HEX = re.compile(r"[0-9a-f]{1,16}\Z")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True)
class Call:
    """Who called. `tick` is the recorder's clock; `site` the Python line's number in a look of this process."""

    tick: int
    frames: tuple[NativeFrame, ...]
    site: int


@dataclass(frozen=True)
class HandleRow:
    """A handle as last written down. `state`: "open", "closing" (its callback has not run), "closed"."""

    serial: int
    kind: str
    state: str
    address: int
    loop: int
    """Its serial; 0: not known."""
    data: int
    active: bool
    callback: int
    ran: int
    busy: int
    """When it was last found in the list of a loop that could not close; 0: never."""
    made: Call | None
    stopped: Call | None
    closed: Call | None
    callback_at: NativeFrame | None


@dataclass(frozen=True)
class LoopRow:
    serial: int
    turned: int
    """When uv_run last returned; 0: it was never called."""
    refusals: int
    left: int
    """Handles in its list when it last refused."""
    result: int
    """Of the last uv_loop_close, as an errno; 0: it closed, or was never asked to."""
    closing: Call | None


@dataclass(frozen=True)
class DoubleClose:
    handle: HandleRow
    again: Call
    in_own_callback: bool


@dataclass
class LoopsFile:
    """One process. Handles by serial, loops by serial."""

    pid: int
    handles: dict[int, HandleRow] = field(default_factory=dict)
    loops: dict[int, LoopRow] = field(default_factory=dict)
    double_closes: list[DoubleClose] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class _Unreadable(ValueError):
    pass


def read_loops_file(path: Path) -> LoopsFile:
    """What can be read of it; what cannot is among the doubts. Raises OSError where the file cannot be opened."""
    with path.open("rb") as file:
        content = file.read(BYTES_MAX + 1)
    return _Reading(path.name).read(content)


class _Reading:
    def __init__(self, name: str) -> None:
        self.name = name
        self.found = LoopsFile(_pid_of(name))
        self.modules: list[tuple[int, int, int, str]] = []
        self.stacks: dict[int, tuple[NativeFrame, ...]] = {}
        self.unreadable = 0
        self.whole = True

    def read(self, content: bytes) -> LoopsFile:
        doubts = self.found.doubts
        if len(content) > BYTES_MAX:
            doubts.append(f"of {self.name} only the first {BYTES_MAX >> 20} MiB were read")
        for line in content[:BYTES_MAX].decode("utf-8", "replace").split("\n"):
            try:
                self._line(line)
            except ValueError:
                self.unreadable += 1
        if self.unreadable:
            doubts.append(f"{self.unreadable} lines of {self.name} could not be read")
        elif not self.whole:
            doubts.append(f"{self.name} was cut off: the program ended while it was written")
        return self.found

    def _line(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if not line:
            return
        if word == "done":
            self.whole = True
            return
        if len(line) > LINE_MAX:
            raise _Unreadable
        values = dict(_WORD.findall(rest)) if word != "module" else _module_words(rest)
        if word == "outlive-loops":
            self._begin(values)
        elif word == "module":
            module = _number(values, "start"), _number(values, "end"), _number(values, "bias"), values["path"]
            self.modules.append(module)
            self.modules.sort()
        elif word == "stack":
            self.stacks[_number(values, "number")] = self._frames(values.get("frames", ""))
        elif word == "loop":
            self._loop(values)
        elif word == "handle":
            self._handle(values)
        elif word == "double-close":
            self._double_close(values)
        else:
            raise _Unreadable

    def _begin(self, values: dict[str, str]) -> None:
        if values.get("format") != FORMAT:
            raise _Unreadable
        self.whole = False
        self.modules = []
        said = (
            ("forgotten", "{} closed handles were forgotten, to make room"),
            ("refused", "{} handles were not written down, for want of room"),
        )
        told = [sentence.format(_number(values, name)) for name, sentence in said if values.get(name, "0") != "0"]
        self.found.doubts[:] = told

    def _loop(self, values: dict[str, str]) -> None:
        serial = _number(values, "serial")
        self.found.loops[serial] = LoopRow(
            serial,
            _number(values, "turned"),
            _number(values, "refusals"),
            _number(values, "left"),
            _number(values, "result"),
            self._call(values, "closing"),
        )

    def _handle(self, values: dict[str, str]) -> None:
        if values.get("state") not in ("open", "closing", "closed"):
            raise _Unreadable
        callback = _number(values, "callback")
        row = HandleRow(
            serial=_number(values, "serial"),
            kind=values["kind"][:32] if "kind" in values else "handle",
            state=values["state"],
            address=_number(values, "address"),
            loop=_number(values, "loop"),
            data=_number(values, "data"),
            active=_number(values, "active") != 0,
            callback=callback,
            ran=_number(values, "ran"),
            busy=_number(values, "busy"),
            made=self._call(values, "made"),
            stopped=self._call(values, "stopped"),
            closed=self._call(values, "closed"),
            callback_at=self._frame(callback) if callback else None,
        )
        self.found.handles[row.serial] = row

    def _double_close(self, values: dict[str, str]) -> None:
        handle, again = self.found.handles.get(_number(values, "serial")), self._call(values, "again")
        if handle is None or again is None:
            raise _Unreadable
        self.found.double_closes.append(DoubleClose(handle, again, _number(values, "own") != 0))

    def _call(self, values: dict[str, str], name: str) -> Call | None:
        if name not in values:
            return None
        tick, stack, site = (_hexadecimal(part) for part in (values[name] + ",,").split(",")[:3])
        return Call(tick, self.stacks.get(stack, ()), site)

    def _frames(self, text: str) -> tuple[NativeFrame, ...]:
        frames = (self._frame(_hexadecimal(part)) for part in text.split(",") if part)
        return tuple(frame for frame in frames if not frame.module.endswith(OURS))

    def _frame(self, address: int) -> NativeFrame:
        """`address` of the frame is as the module's file counts."""
        at = bisect_right(self.modules, address, key=lambda module: module[0]) - 1
        if at < 0 or address >= self.modules[at][1]:
            return NativeFrame("", address)
        return NativeFrame(self.modules[at][3], address - self.modules[at][2])


def _pid_of(name: str) -> int:
    digits = name.removeprefix("loops-").removesuffix(".txt")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 12 else 0


def _module_words(rest: str) -> dict[str, str]:
    """A path may have spaces."""
    head, mark, path = rest.partition(" path=")
    if not mark:
        raise _Unreadable
    return {**dict(_WORD.findall(head)), "path": _ESCAPE.sub(lambda found: chr(int(found[1], 16)), path)}


def _number(values: dict[str, str], name: str) -> int:
    return _hexadecimal(values.get(name, ""))


def _hexadecimal(text: str) -> int:
    if not _HEX.match(text):
        raise _Unreadable
    return int(text, 16)
