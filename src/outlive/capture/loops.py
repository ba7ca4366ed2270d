"""What libuv's loops were left with: handles that were not closed, or closed so that nobody gives back what is theirs.

Puts together what the recorder wrote of the handles (`capture.loops_file`) and the look at native memory of the same
process, which tells whether a handle's block, and the block that its `data` points to, can still be freed.

When a handle is told of:

- Open, stopped or closing: only where uv_loop_close refused, where libuv's own list had the handle in that moment, and
  where no later uv_loop_close succeeded. A program that ends with its loop alive has done nothing wrong.
- Closed without a callback, or with another one than its like: only where the look finds the handle's block, or the one
  at `data`, lost, and the block is older than the closing (an address is used again). Its like are handles made by the
  same call; theirs must have been given back.

Refuses to name functions: frames are module and offset.
"""

from __future__ import annotations

import errno
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from outlive.capture.blocks import BlockLook, load_blocks
from outlive.capture.loops_file import Call, DoubleClose, HandleRow, LoopRow, LoopsFile, read_loops_file
from outlive.errors import OutliveError
from outlive.model.explanation import NativeFrame
from outlive.model.native_blocks import BlockClass, PythonLine
from outlive.model.native_end import BrokenUse, NativeCall, OpenHandle

ACTIVE = "open and active"
STOPPED = "stopped, never closed"
IDLE = "not active, never closed"
CLOSING = "closing, callback never ran"
AFTER_DRAIN = "closed after the drain"
NO_CALLBACK = "closed without a callback"
OTHER_CALLBACK = "closed with another callback"
REQUESTS = "requests under way"

LOOPS_TOLD = 3

LOST = (BlockClass.LOST, BlockClass.LOST_UNDER)


@dataclass(frozen=True)
class LoopsSeen:
    """`busy`: for each loop that could not close, why, in a sentence. `doubts`: what could not be read."""

    handles: tuple[OpenHandle, ...] = ()
    broken: tuple[BrokenUse, ...] = ()
    busy: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def load_loops(folder: Path) -> tuple[OpenHandle, ...]:
    """The handles that were left behind, of all processes that wrote into this folder."""
    return read_loops(folder).handles


def load_double_closes(folder: Path) -> tuple[BrokenUse, ...]:
    return read_loops(folder).broken


def read_loops(folder: Path) -> LoopsSeen:
    """All that the folder's files tell. Never raises for what stands in a file."""
    handles: list[OpenHandle] = []
    broken: list[BrokenUse] = []
    busy: list[str] = []
    doubts: list[str] = []
    for path in sorted(folder.glob("loops-*.txt")):
        try:
            file = read_loops_file(path)
        except OSError as error:
            doubts.append(f"{path.name} could not be read: {error.strerror or error}")
            continue
        process = _Process(file, _last_look(folder, file.pid))
        handles += process.left() + process.not_given_back()
        broken += process.closed_twice()
        busy += process.why_busy()
        doubts += file.doubts
    return LoopsSeen(tuple(handles), tuple(broken), tuple(busy), tuple(doubts))


def _last_look(folder: Path, pid: int) -> BlockLook | None:
    def number(path: Path) -> int:
        digits = path.stem.rpartition("-")[2]
        return int(digits) if digits.isdigit() else -1

    for path in sorted(folder.glob(f"blocks-{pid}-*.outlive"), key=number, reverse=True):
        try:
            return load_blocks(path)
        except (OutliveError, OSError, ValueError):
            continue
    return None


@dataclass
class _Group:
    """Handles that one mistake left behind, and for which loops that was said."""

    rows: list[HandleRow] = field(default_factory=list)
    state: str = ""
    why: list[str] = field(default_factory=list)

    def told_as(self, state: str, why: str) -> None:
        self.state = state
        if why not in self.why and len(self.why) < LOOPS_TOLD:
            self.why.append(why)

    @property
    def words(self) -> str:
        kind, count = self.rows[0].kind, len(self.rows)
        return f"{count} {kind} handle{'s' if count > 1 else ''}"

    @property
    def verb(self) -> str:
        return "were" if len(self.rows) > 1 else "was"


class _Process:
    def __init__(self, file: LoopsFile, look: BlockLook | None) -> None:
        self.file = file
        self.look = look

    # ---- loops that could not close

    def _refused(self) -> Iterable[tuple[LoopRow, Call]]:
        for loop in self.file.loops.values():
            if loop.result == errno.EBUSY and loop.closing is not None:
                yield loop, loop.closing

    def _rows_left(self, loop: LoopRow, closing: Call) -> list[HandleRow]:
        rows = self.file.handles.values()
        return [row for row in rows if row.loop == loop.serial and row.busy == closing.tick and row.state != "closed"]

    def left(self) -> list[OpenHandle]:
        groups: dict[object, _Group] = defaultdict(_Group)
        for loop, closing in self._refused():
            rows = self._rows_left(loop, closing)
            for row in rows:
                state = _state(row, loop)
                group = groups[row.kind, state, _origin(row), _frame(row.stopped), _frame(row.closed)]
                group.rows.append(row)
                group.told_as(state, _busy_sentence(rows, loop))
        return [self._open(group) for group in groups.values()] + self._busy_with_requests()

    def _busy_with_requests(self) -> list[OpenHandle]:
        groups: dict[object, list[Call]] = defaultdict(list)
        for loop, closing in self._refused():
            if loop.left == 0:
                groups[_frame(closing)].append(closing)
        return [
            OpenHandle("loop", len(calls), REQUESTS, _NO_HANDLE_LEFT, self._call(calls[0])) for calls in groups.values()
        ]

    def why_busy(self) -> list[str]:
        return [_busy_sentence(self._rows_left(loop, closing), loop) for loop, closing in self._refused()]

    def _open(self, group: _Group) -> OpenHandle:
        row = group.rows[0]
        return OpenHandle(
            type=row.kind,
            count=len(group.rows),
            state=group.state,
            sentence=_SENTENCES[group.state].format(words=group.words, verb=group.verb),
            made=self._call(row.made),
            stopped=self._call(row.stopped),
            closed=self._call(row.closed),
            evidence=tuple(group.why),
        )

    # ---- closed, and not given back

    def not_given_back(self) -> list[OpenHandle]:
        if self.look is None:
            return []
        closed = [row for row in self.file.handles.values() if row.state == "closed" and row.closed is not None]
        of_origin: dict[object, list[HandleRow]] = defaultdict(list)
        for row in closed:
            of_origin[row.kind, _origin(row)].append(row)
        told: list[OpenHandle] = []
        for rows in of_origin.values():
            told += self._of_one_origin(rows)
        return told

    def _of_one_origin(self, rows: Sequence[HandleRow]) -> list[OpenHandle]:
        lost = {row.serial: self._lost_parts(row) for row in rows}
        given_back = Counter(row.callback for row in rows if row.callback and not lost[row.serial])
        usual = given_back.most_common(1)[0][0] if given_back else 0
        groups: dict[object, _Group] = defaultdict(_Group)
        for row in rows:
            if lost[row.serial] and (row.callback == 0 or (usual and row.callback not in given_back)):
                groups[row.callback, _frame(row.closed)].rows.append(row)
        usual_at = next((row.callback_at for row in rows if usual and row.callback == usual), None)
        return [self._unreturned(group, lost, usual_at, given_back[usual]) for group in groups.values()]

    def _unreturned(
        self, group: _Group, lost: dict[int, tuple[str, ...]], usual: NativeFrame | None, like: int
    ) -> OpenHandle:
        row = group.rows[0]
        parts = Counter(part for member in group.rows for part in lost[member.serial])
        what = " and ".join(f"{count} of {part}" for part, count in parts.items())
        state = OTHER_CALLBACK if row.callback else NO_CALLBACK
        whose, whom = ("its", "it") if len(group.rows) == 1 else ("their", "them")
        with_what = f"another callback than {whose} like" if row.callback else "no callback"
        evidence = [f"nobody can free what was left: {what}"]
        if usual is not None:
            evidence.append(f"{like} made by the same call were closed with a callback after which theirs was free")
        return OpenHandle(
            type=row.kind,
            count=len(group.rows),
            state=state,
            sentence=f"{group.words} {group.verb} closed with {with_what}, and nobody gave back what belongs to {whom}",
            made=self._call(row.made),
            closed=self._call(row.closed),
            callback=row.callback_at,
            usual=usual,
            evidence=tuple(evidence),
        )

    def _lost_parts(self, row: HandleRow) -> tuple[str, ...]:
        """Which of the handle's block and its wrapper's is lost, and was there when it was closed."""
        assert row.closed is not None
        of_handle, of_data = self._lost_block(row.address, row.closed), self._lost_block(row.data, row.closed)
        parts = ["the blocks that hold the handle"] if of_handle is not None else []
        parts += ["the blocks that handle->data points to"] if of_data is not None and of_data != of_handle else []
        return tuple(parts)

    def _lost_block(self, address: int, closed: Call) -> int | None:
        look = self.look
        if look is None or address == 0 or look.facts["tick"] < closed.tick:
            return None
        at = int(np.searchsorted(look.address, np.uint64(address), side="right")) - 1
        if at < 0 or address >= int(look.address[at]) + int(look.size[at]):
            return None
        is_it = int(look.tick[at]) < closed.tick and int(look.block_class[at]) in LOST
        return at if is_it else None

    # ---- closed twice

    def closed_twice(self) -> list[BrokenUse]:
        groups: dict[object, list[DoubleClose]] = defaultdict(list)
        for one in self.file.double_closes:
            groups[one.handle.kind, _frame(one.handle.closed), _frame(one.again), one.in_own_callback].append(one)
        return [self._twice(group) for group in groups.values()]

    def _twice(self, group: Sequence[DoubleClose]) -> BrokenUse:
        first = group[0]
        where = ", the second time from its own close callback" if first.in_own_callback else ""
        calls = ("made", first.handle.made), ("closed", first.handle.closed), ("closed again", first.again)
        told = ((role, self._call(call)) for role, call in calls)
        return BrokenUse(
            kind="double-close",
            sentence=f"a {first.handle.kind} handle was closed twice{where}: libuv allows it once",
            calls=tuple((role, call) for role, call in told if call is not None),
            address=first.handle.address,
            count=len(group),
        )

    def _call(self, call: Call | None) -> NativeCall | None:
        if call is None:
            return None
        lines: tuple[PythonLine, ...] = ()
        if self.look is not None and 0 < call.site < len(self.look.container.column("site_rows")) // 4:
            try:
                lines = self.look.lines(call.site)
            except (OutliveError, IndexError):
                lines = ()
        return NativeCall(call.frames, lines)


def _origin(row: HandleRow) -> object:
    """The call that made it, whoever called that."""
    return _frame(row.made)


def _frame(call: Call | None) -> object:
    return call.frames[0] if call is not None and call.frames else None


def _state(row: HandleRow, loop: LoopRow) -> str:
    if row.state == "closing":
        is_late = row.closed is not None and row.closed.tick > loop.turned
        return AFTER_DRAIN if is_late else CLOSING
    if row.active:
        return ACTIVE
    return STOPPED if row.stopped is not None else IDLE


_SENTENCES = {
    ACTIVE: "{words} {verb} still open and active when the loop was to be closed; uv_close was never called",
    STOPPED: "{words} {verb} stopped and never closed: to stop a handle does not take it from the loop",
    IDLE: "{words} {verb} not active any more and never closed: the loop keeps a handle until uv_close",
    CLOSING: "{words} {verb} being closed, but the loop was left before the close callback ran: run it until it drains",
    AFTER_DRAIN: "{words} {verb} closed after the loop had turned for the last time: the close callback never ran",
}


_NO_HANDLE_LEFT = (
    "uv_loop_close said UV_EBUSY with no handle left: a request is under way (a lookup, a file, queued work)"
)


def _busy_sentence(rows: Sequence[HandleRow], loop: LoopRow) -> str:
    if loop.left == 0:
        return _NO_HANDLE_LEFT
    counts = Counter((row.kind, _state(row, loop)) for row in rows)
    parts = [f"{count} {kind} ({state})" for (kind, state), count in sorted(counts.items())]
    parts += [f"{loop.left - len(rows)} that were not written down"] if loop.left > len(rows) else []
    return f"uv_loop_close said UV_EBUSY because of {', '.join(parts)}"
