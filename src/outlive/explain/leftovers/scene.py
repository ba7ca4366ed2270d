"""One look with its heap, as every evidence asks it: which node an address is, when and where it was made, which look.

Reads the columns of the snapshot; accuses nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from outlive.capture.stamps import BETWEEN, UNKNOWN
from outlive.explain.context import Context
from outlive.explain.face import Face
from outlive.explain.kinds import native_word, plain, says
from outlive.explain.owner import frames_of
from outlive.explain.packages import owner_of_file
from outlive.heap.heap import Heap
from outlive.heap.threads import Thread
from outlive.model.contracts import Contracts
from outlive.model.explanation import OwnerKind, Site
from outlive.model.leftovers import Category, Stuck
from outlive.model.look import Look

LOOPS = frozenset({"asyncio.base_events.BaseEventLoop", "asyncio.events.AbstractEventLoop"})
# Tasks or timers that are told, of a whole program and of steps: how many there are of these is counted elsewhere.
_MOST, _MOST_OF_STEPS = 10_000, 500
TASKS = frozenset({"_asyncio.Task", "asyncio.tasks.Task"})
HANDLES = frozenset({"asyncio.events.Handle"})
_LAST_REASONS = ("exit", "os._exit", "signal")


@dataclass(frozen=True)
class Scene:
    """All that is known at one moment of a watched program."""

    heap: Heap
    look: Look
    contracts: Contracts
    context: Context
    category: Category = Category.SHUTDOWN
    stuck: Sequence[Stuck] = ()

    # ---- the moment ------------------------------------------------------------------------------------------------

    @property
    def at_end(self) -> bool:
        """Whether the process ends with this look."""
        return self.look.reason.startswith(_LAST_REASONS)

    @property
    def goes_on(self) -> bool:
        """Whether the program was in the middle of its work, and nobody let it settle before looking."""
        return self.look.reason in ("asked", "interval")

    @property
    def loop_ends(self) -> bool:
        """Whether asyncio is about to cancel what is left in its loop."""
        return self.look.reason == "loop-ends"

    @property
    def counts_steps(self) -> bool:
        """Whether the ticks are those of a trial's steps; then what has the tick of an end may be older or younger."""
        return self.look.reason == "steps"

    # ---- one object ------------------------------------------------------------------------------------------------

    @cached_property
    def face(self) -> Face:
        return Face(self.heap)

    def type_name(self, node: int) -> str:
        return plain(self.heap.type_name(node))

    def word(self, node: int) -> str:
        """The state that a task, generator, lock … is in: natively, or as Python's own classes keep it."""
        return native_word(self.face, node) or (says(self.face, node, "_state") or "").lower()

    def node_at(self, address: int) -> int:
        """The object at this address; 0 when there is none. Quick, for there may be thousands of questions."""
        addresses, order = self._by_address
        place = int(np.searchsorted(addresses, np.uint64(address)))
        return int(order[place]) if address and place < len(addresses) and int(addresses[place]) == address else 0

    @cached_property
    def _by_address(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        column = self.heap.snapshot.column("address").astype(np.uint64)
        order = np.argsort(column, kind="stable")
        return column[order], order

    def nodes_at(self, addresses: Collection[int]) -> set[int]:
        return {node for node in map(self.node_at, addresses) if node}

    # ---- when, where, in which scope -------------------------------------------------------------------------------

    def tick(self, node: int) -> int:
        """When it was made, by the clock of ends; 0: not known."""
        stamps = self.heap.snapshot.stamps
        if stamps is None or not node:
            return 0
        tick = int(stamps.tick[node])
        return 0 if tick in (UNKNOWN, BETWEEN) or stamps.is_approximate(node) else tick

    def site(self, node: int) -> Site | None:
        """The line that made it: the nearest of yours, else the nearest beyond the standard library."""
        return self.line_to_tell(self.context.site_of(node)) if node else None

    def line_to_tell(self, site: Site | None) -> Site | None:
        """That line with its callers; `asyncio.create_task` makes no task for itself, so its line tells nothing."""
        if site is None:
            return None
        frames = frames_of(site)
        owners = [owner_of_file(one.file, self.context.packages).kind for one in frames]
        for wanted in ((OwnerKind.YOURS,), (OwnerKind.LIBRARY, OwnerKind.UNKNOWN)):
            at = next((at for at, kind in enumerate(owners) if kind in wanted), -1)
            if at >= 0:
                callers = tuple(replace(one, callers=()) for one in frames[at + 1 :])
                return replace(frames[at], callers=callers, approximate=site.approximate)
        return None

    @cached_property
    def scopes(self) -> npt.NDArray[np.integer] | None:
        """The scope of each node; None where stamps carry none."""
        stamps = self.heap.snapshot.stamps
        found = getattr(stamps, "scopes", None)
        return None if found is None or len(found) != len(self.heap) else np.asarray(found)

    def scope(self, node: int) -> int:
        return int(self.scopes[node]) if self.scopes is not None and node else 0

    # ---- finding ---------------------------------------------------------------------------------------------------

    def instances(self, names: frozenset[str]) -> list[int]:
        """Objects of the types of these names and of types derived from them, by node."""
        types = [node for node, kinds in self._kinds_of_types.items() if kinds & names]
        found: list[int] = np.flatnonzero(np.isin(self.heap.snapshot.column("type"), types)).tolist() if types else []
        return [node for node in found if not self.heap.routes.ours[node]]

    def is_one(self, node: int, names: frozenset[str]) -> bool:
        return bool(self._kinds_of_types.get(self.heap.rows.type_node(node), frozenset()) & names)

    @cached_property
    def _kinds_of_types(self) -> dict[int, frozenset[str]]:
        rows = self.heap.rows
        return {
            node: frozenset({row.name, *(rows.class_name(base) for base in rows.mro(node)[1:])})
            for node, row in self.heap.snapshot.types.items()
        }

    @cached_property
    def tasks(self) -> list[int]:
        return self.instances(TASKS)

    @cached_property
    def tasks_to_tell(self) -> list[int]:
        return self.some_of(self.tasks)

    def some_of(self, nodes: list[int]) -> list[int]:
        """All of them, or so many evenly out of very many: each takes most of a millisecond."""
        most = _MOST_OF_STEPS if self.counts_steps else _MOST
        return nodes[:: -(-len(nodes) // most)] if nodes else []

    @cached_property
    def loops(self) -> list[int]:
        return self.instances(LOOPS)

    @cached_property
    def looking_thread(self) -> Thread | None:
        """The thread that took the look: where Outlive's own code runs, else the main thread."""
        heap, threads = self.heap, self.heap.threads.all
        mine = (one for one in threads if any(heap.routes.ours[frame] for frame in one.frames))
        return next(mine, threads[-1] if threads else None)
