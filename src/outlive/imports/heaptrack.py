"""heaptrack's recording after its interpreter: one letter and hexadecimal numbers a line.

Theory of operation. Strings (`s`), instruction pointers (`i`) and calls (`t`) are numbered from 1 as they come, with
0 for none; allocation infos (`a`) from 0. What is live at the end is the pluses minus the minuses of each info. A
recording says nothing of who points to what: what is left is *unfreed*, and no more. The interpreter ends its output
with the numbers of strings and ips, which must be ours: that proves that nothing is cut.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from outlive.imports.draft import Draft, below, named, stack
from outlive.imports.figures import whole_number
from outlive.imports.limits import FRAMES, TABLE_ROWS
from outlive.imports.lines import Lines
from outlive.imports.refusal import UnreadableReport
from outlive.model.imported import Frame, Hidden, Loss, Report

_NEWEST = 3
_Row = TypeVar("_Row")


def read(file: str, lines: Lines) -> list[Report]:
    """The report. Raises UnreadableReport for a recording that was not interpreted yet."""
    recording = _Recording(file)
    for line in lines:
        recording.line(line)
    return [recording.end(lines)]


class _Recording:
    def __init__(self, file: str) -> None:
        self._file = file
        self._draft = Draft(file, "heaptrack", "heaptrack")
        self._strings: list[str] = [""]
        self._ips: list[tuple[Frame, ...]] = [()]
        self._calls: list[tuple[int, int]] = [(0, 0)]
        self._infos: list[tuple[int, int]] = []
        self._live: dict[int, int] = {}
        self._wrong = 0
        self._full = False
        self._counted: dict[str, int] = {}
        self._kinds: dict[str, Callable[[str], None]] = {
            "+": self._allocated,
            "-": self._freed,
            "a": self._info,
            "t": self._call,
            "i": self._ip,
            "s": self._string,
            "v": self._version,
            "X": self._command,
            "A": self._attached,
            "S": self._suppression,
            "#": self._comment,
            "x": self._raw,
            "m": self._raw,
        }

    def line(self, text: str) -> None:
        """Take one line. Times and resident sizes are passed over, an unknown letter too."""
        take = self._kinds.get(text[:1])
        if take is not None:
            take(text[2:])

    def _allocated(self, rest: str) -> None:
        self._change(rest, 1)

    def _freed(self, rest: str) -> None:
        self._change(rest, -1)

    def _change(self, rest: str, by: int) -> None:
        at = whole_number(rest, 16)
        if 0 <= at < len(self._infos):
            self._live[at] = self._live.get(at, 0) + by
        else:
            self._wrong += 1

    def _info(self, rest: str) -> None:
        size, _, call = rest.partition(" ")
        pair = whole_number(size, 16), whole_number(call, 16)
        sound = pair[0] >= 0 and 0 <= pair[1] < len(self._calls)
        self._put(self._infos, pair if sound else (-1, 0), sound)

    def _call(self, rest: str) -> None:
        ip, _, parent = rest.partition(" ")
        pair = whole_number(ip, 16), whole_number(parent, 16)
        sound = 0 <= pair[0] < len(self._ips) and 0 <= pair[1] < len(self._calls)
        self._put(self._calls, pair if sound else (0, 0), sound)

    def _ip(self, rest: str) -> None:
        words = [whole_number(one, 16) for one in rest.split(" ")[: 2 + 3 * FRAMES]]
        sound = len(words) >= 2 and all(one >= 0 for one in words[1:])
        self._put(self._ips, self._frames(words) if sound else (), sound)

    def _frames(self, words: list[int]) -> tuple[Frame, ...]:
        """The inlined calls first, as they nest; the last is the function that really stands there."""
        module, triples = self._name(words[1]), words[2:]
        if len(triples) < 2:
            name = self._name(triples[0]) if triples else ""
            return (Frame(name, module),)
        rows = [[*triples[at : at + 3], 0, 0][:3] for at in range(0, len(triples), 3)]
        return tuple(
            Frame(self._name(row[0]), module, self._name(row[1]), row[2], inlined=at < len(rows) - 1)
            for at, row in enumerate(rows)
        )

    def _name(self, at: int) -> str:
        if at < len(self._strings):
            return self._strings[at]
        self._wrong += 1
        return ""

    def _string(self, rest: str) -> None:
        """Its size stands first; it proves nothing that the number of strings does not."""
        _, space, text = rest.partition(" ")
        self._put(self._strings, named(text), bool(space))

    def _put(self, table: list[_Row], row: _Row, sound: bool) -> None:
        if len(table) >= TABLE_ROWS:
            self._full = True
            return
        table.append(row)
        self._wrong += not sound

    def _version(self, rest: str) -> None:
        tool, _, form = rest.partition(" ")
        number, file_version = whole_number(tool, 16), whole_number(form, 16)
        self._draft.version = f"{number >> 16}.{number >> 8 & 255}.{number & 255}" if number >= 0 else ""
        if file_version != _NEWEST:
            raise UnreadableReport(
                f"{self._file}: a heaptrack recording of format {form[:10] or 1}, Outlive reads format {_NEWEST}",
                hint="record again with heaptrack 1.4 or later",
            )

    def _command(self, rest: str) -> None:
        self._draft.command = rest

    def _attached(self, _: str) -> None:
        self._draft.trouble("heaptrack was attached to a running program: what was allocated before is not in it")

    def _suppression(self, rest: str) -> None:
        self._draft.hidden.append(Hidden(named(rest)))

    def _comment(self, rest: str) -> None:
        name, _, count = rest.partition(": ")
        if name in ("strings", "ips"):
            self._counted[name] = whole_number(count)

    def _raw(self, _: str) -> None:
        raise UnreadableReport(
            f"{self._file}: a raw heaptrack recording, without names",
            why="heaptrack writes addresses first; its interpreter gives them names",
            hint=f"zstd -dc {self._file} | /usr/lib/heaptrack/libexec/heaptrack_interpret > interpreted.txt",
        )

    def end(self, lines: Lines) -> Report:
        """What is live, by the call that made it."""
        counted = {"strings": len(self._strings) - 1, "ips": len(self._ips) - 1}
        self._draft.whole = self._counted == counted and not self._wrong and not self._full
        if self._counted == counted and self._wrong:
            self._draft.trouble(f"{self._wrong:,} lines refer to what is not in it")
        if self._full:
            self._draft.trouble(f"more than {TABLE_ROWS:,} names or calls: the further ones were not read")
        self._claims()
        self._draft.clean = not self._draft.claims
        return below(self._draft.report(), lines)

    def _claims(self) -> None:
        """By call: allocations of different sizes at one place are one record, as heaptrack shows them."""
        by_call: dict[int, tuple[int, int]] = {}
        for at, count in self._live.items():
            size, call = self._infos[at]
            if count > 0:
                before = by_call.get(call, (0, 0))
                by_call[call] = before[0] + count, before[1] + count * max(size, 0)
        largest = sorted(by_call.items(), key=lambda one: (-one[1][1], one[0]))
        for call, (count, size) in largest:
            frames, cut = self._walk(call)
            stacks = [stack("allocated", frames, cut=cut)]
            self._draft.claim("leak", stacks, loss=Loss.UNFREED, count=count, bytes=size)

    def _walk(self, call: int) -> tuple[list[Frame], bool]:
        """A call's parents stand before it, so this ends."""
        frames: list[Frame] = []
        while call and len(frames) <= FRAMES:
            ip, call = self._calls[call]
            frames.extend(self._ips[ip])
        return frames[: FRAMES + 1], len(frames) > FRAMES
