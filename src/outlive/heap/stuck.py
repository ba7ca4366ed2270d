"""Tasks and threads that can never wake, proved from the references of one snapshot.

Theory of operation. To wake a task somebody must touch the future it waits for, or cancel the task; to wake a thread,
touch the lock it waits for. So: begin at all that runs or may be run (modules, running frames, tables of the
interpreter, whatever native code holds), follow every reference and every living weak one, but not into tasks and
threads that wait, until the walk comes to what one of them waits for: then that one is awake and is walked as well.
Those still asleep at the end wait for what only the sleeping hold. The walk is native (native/graph/wakes.h).

Every doubt wakes. What native code holds is a root, as is each immortal object. A global that refers to a queue wakes
who waits in it, though nobody may ever put anything there: that is no proof. A task of which C code holds a part is
awake, and so is one that something scheduled is about to cancel (`cancelling`). What does not wake: asyncio's own sets
of all tasks, threading's tables of all threads, Outlive's registries. They hold everything, for listing.

A closed event loop calls nothing again: its tasks are stuck whoever holds their futures. The task for which a loop runs
waits for an interrupt by design, and is not told where one would end it (`main_tasks`); it wakes nobody, though.

Not known: what a finalizer of garbage does when the collector runs. Collect before the snapshot is taken.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from outlive.heap.blocked_threads import STARTED_WITH, blocked_threads, stacked
from outlive.heap.cancelling import Cancelling
from outlive.heap.graph import Graph
from outlive.heap.main_tasks import interrupted_tasks, is_ended_by_an_interrupt, main_tasks
from outlive.heap.modules import is_ours
from outlive.heap.ours import references_into
from outlive.heap.stuck_words import Words
from outlive.heap.waiting import Sleeper, sleeping_tasks
from outlive.model.leftovers import Stuck, StuckGrade

if TYPE_CHECKING:
    from outlive.heap.heap import Heap

Marks = npt.NDArray[np.uint8]
Pairs = npt.NDArray[np.uint32]

_WALKED = 2
_MOST_ROUNDS = 20
_LOOKED_AT = 10  # for each that is told
_BOOKS = ("_all_tasks", "_scheduled_tasks", "_eager_tasks")  # of asyncio.tasks


def stuck(heap: Heap, most: int = 10_000) -> tuple[Stuck, ...]:
    """What can never wake, tasks first; the outermost of those that wait for each other is not told apart.

    Beyond `most` so many are told, evenly out of all: the proof of one takes most of a millisecond. Of very many tasks
    only some are looked at, too: a task that nobody looks at counts as able to wake others.

    Grades: NEVER_WAKES, something that runs can come to the task and could cancel it (or interrupt the main thread);
    NOT_CANCELLABLE, nothing can.
    """
    sleepers = [*sleeping_tasks(heap, _LOOKED_AT * most), *blocked_threads(heap)]
    if not sleepers:
        return ()
    search = Search(heap, sleepers)
    by_design = {node for node, thread in main_tasks(heap).items() if is_ended_by_an_interrupt(heap, thread)}
    by_design |= interrupted_tasks(heap)
    asleep = [one for one in search.asleep() if one.node not in by_design]
    if not asleep:
        return ()
    held, words = search.held(), Words(heap, sleepers)
    told = asleep[:: -(-len(asleep) // most)]
    return tuple(words.stuck(one, _grade(one, held)) for one in told)


def _grade(sleeper: Sleeper, held: Marks) -> StuckGrade:
    """A thread cannot be cancelled; the main thread, which has no Thread object that started it, is interrupted."""
    if sleeper.kind == "thread":
        return StuckGrade.NOT_CANCELLABLE if sleeper.node else StuckGrade.NEVER_WAKES
    if sleeper.closed or not held[sleeper.node]:
        return StuckGrade.NOT_CANCELLABLE
    return StuckGrade.NEVER_WAKES


@dataclass(frozen=True)
class Walk:
    """The arguments of one native pass."""

    roots: npt.NDArray[np.uint32]
    members: Pairs
    keys: Pairs
    weak: Pairs
    cuts: Pairs

    def walk(self, graph: Graph) -> Marks:
        return graph.woken(self.roots, self.members, self.keys, extra=self.weak, cuts=self.cuts)


def _pairs(rows: list[tuple[int, int]]) -> Pairs:
    return np.array(rows, np.uint32).reshape(-1, 2)


class Search:
    """The walk, again until nobody more is found to be cancelled soon."""

    def __init__(self, heap: Heap, sleepers: list[Sleeper]) -> None:
        self._heap = heap
        self._sleepers = sleepers
        self._awake = {number for number, one in enumerate(sleepers) if self._is_held_natively(one)}

    def asleep(self) -> list[Sleeper]:
        """Those that nothing wakes."""
        for _ in range(_MOST_ROUNDS):
            marks = self._walk(self._sleepers)
            sleeping = [number for number, one in enumerate(self._sleepers) if marks[one.members[0]] != _WALKED]
            about = Cancelling(self._heap, marks, self._sleepers)
            cancelled = {number for number in sleeping if self._is_cancelled(self._sleepers[number], about)}
            if not cancelled:
                return [self._sleepers[number] for number in sleeping]
            self._awake |= cancelled
        return []  # no proof within the bound

    def held(self) -> Marks:
        """What could be touched if each task were cancelled that can be: the task itself is the key then."""
        return self._walk(
            [replace(one, members=one.members[1:], keys=() if one.closed else (one.node,)) for one in self._sleepers]
        )

    def _is_cancelled(self, sleeper: Sleeper, about: Cancelling) -> bool:
        return sleeper.kind == "task" and not sleeper.closed and about.comes(sleeper.node)

    def _is_held_natively(self, sleeper: Sleeper) -> bool:
        """C code that holds a task or a coroutine may do with it what it likes."""
        if sleeper.kind != "task" or sleeper.closed:
            return False
        missing = self._heap.routes.unexplained
        return any(missing[one] > self._stacked[one] for one in sleeper.members)

    @cached_property
    def _stacked(self) -> Counter[int]:
        return stacked(self._heap)

    def _walk(self, sleepers: list[Sleeper]) -> Marks:
        return self.arguments(sleepers).walk(self._heap.graph)

    def arguments(self, sleepers: list[Sleeper]) -> Walk:
        """What the native pass is given when these sleep, but for those that are known to be awake."""
        asleep = [(number, one) for number, one in enumerate(sleepers, 1) if number - 1 not in self._awake]
        awake = [node for number in self._awake for node in self._sleepers[number].members]
        return Walk(
            roots=np.concatenate([self._roots, np.array(awake, np.uint32)]),
            members=_pairs([(node, number) for number, one in asleep for node in one.members]),
            keys=_pairs([(node, number) for number, one in asleep for node in one.keys]),
            weak=self._weak,
            cuts=self._cuts,
        )

    # ---- where the walk begins -------------------------------------------------------------------------------------

    @cached_property
    def _roots(self) -> npt.NDArray[np.uint32]:
        """All that is alive of itself, but for the frames of those who sleep, what only their C stacks hold, and
        Outlive's own modules and frames."""
        heap = self._heap
        alive = np.zeros(len(heap), bool)
        alive[heap.routes.all_roots] = True
        hidden: Counter[int] = Counter()
        for one in self._sleepers:
            if one.kind == "thread":
                alive[list(one.members)] = False
                hidden.update(dict(one.hidden))
        missing = heap.routes.unexplained
        named = heap.roots.nodes()
        for node, references in hidden.items():
            if missing[node] <= references and node not in named:
                alive[node] = False
        alive[self._our_modules] = False
        frames = (frame for thread in heap.threads.all for frame in thread.frames)
        alive[[frame for frame in frames if is_ours(heap.naming.module_of(frame) or "")]] = False
        return np.flatnonzero(alive).astype(np.uint32)

    @cached_property
    def _our_modules(self) -> list[int]:
        """Outlive's modules and their globals: its registries hang there."""
        entries = [node for name, node in self._heap.modules.entries if is_ours(name)]
        return [*entries, *filter(None, map(self._heap.values.instance_dict, entries))]

    # ---- references that count, and that do not --------------------------------------------------------------------

    @cached_property
    def _weak(self) -> Pairs:
        """Living weak references, but for those in the books of asyncio and threading."""
        books = self._books
        threads = {one.node for one in self._sleepers if one.kind == "thread"}
        pairs = self._heap.snapshot.weakly_referred.items()
        return _pairs([(ref, what) for ref, what in pairs if ref not in books and what not in threads])

    @cached_property
    def _books(self) -> set[int]:
        """What asyncio's own sets of all tasks contain: weak references."""
        heap = self._heap
        tasks = heap.modules.node_of("asyncio.tasks")
        found: set[int] = set()
        for name in _BOOKS if tasks else ():
            book = heap.attribute(tasks, name)
            found.update(heap.elements(heap.attribute(book, "data")) if book else ())
        return found

    @cached_property
    def _cuts(self) -> Pairs:
        """References that wake nobody: asyncio's and threading's strong books, what Threads keep for their start, and
        all into Outlive's modules."""
        heap = self._heap
        ours = np.zeros(len(heap), bool)
        ours[self._our_modules] = True
        into = np.stack(references_into(heap.rows, ours), axis=1).astype(np.uint32)
        return np.concatenate([into, _pairs([*self._strong_books(), *self._starts()])])

    def _strong_books(self) -> list[tuple[int, int]]:
        heap = self._heap
        books = [("asyncio.tasks", "_eager_tasks"), ("threading", "_active")]
        nodes = [heap.attribute(heap.modules.node_of(module), name) for module, name in books]
        sleeping = {one.node for one in self._sleepers}
        return [(book, one) for book in filter(None, nodes) for one in set(heap.rows.targets(book)) & sleeping if one]

    def _starts(self) -> list[tuple[int, int]]:
        heap = self._heap
        found = []
        for one in self._sleepers:
            if one.kind != "thread" or not one.node:
                continue
            kept = heap.attributes(one.node)
            holders = filter(None, (one.node, heap.values.instance_dict(one.node)))
            found += [(holder, kept[name]) for holder in holders for name in STARTED_WITH if name in kept]
        return found
