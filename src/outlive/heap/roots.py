"""Where everything hangs: modules, running frames, tables of the interpreter and of threads, each named and priced.

These are the true roots. An object with more references than the snapshot shows is a root, too, but one of last
resort: native code, the C stack or a calculation under way holds it. What costs what stands in `reading_costs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from outlive.heap import reading_costs
from outlive.heap.loop_roots import loop_roots
from outlive.heap.modules import Modules, is_ours
from outlive.heap.naming import Naming
from outlive.heap.rows import FRAME, INTERPRETER, THREAD, Rows
from outlive.heap.threads import Thread, Threads, thread_words
from outlive.heap.values import Values


class RootKind(str, Enum):
    MODULE = "module"
    FRAME = "frame"
    THREAD = "thread"  # what a thread holds beside its frames
    INTERPRETER = "interpreter"
    NATIVE = "native"
    OURS = "outlive"


@dataclass(frozen=True)
class Root:
    """`name` is how a path begins; `pattern` leaves out what differs from run to run."""

    node: int
    kind: RootKind
    name: str
    pattern: str
    cost: int = 0


class Roots:
    """The true roots, cheapest first among those of one node."""

    def __init__(self, rows: Rows, values: Values, modules: Modules, naming: Naming, threads: Threads) -> None:
        self._rows = rows
        self._values = values
        self._modules = modules
        self._naming = naming
        self._threads = threads

    def of(self, node: int) -> Root | None:
        """The root that this node is, if it is one."""
        return self._by_node.get(node)

    @property
    def threads(self) -> list[Thread]:
        return self._threads.all

    def ordered(self) -> list[Root]:
        return list(self._by_node.values())

    @cached_property
    def _by_node(self) -> dict[int, Root]:
        found: dict[int, Root] = {}
        for root in (*self._of_modules(), *self._of_loops(), *self._of_frames(), *self._of_tables()):
            known = found.get(root.node)
            if known is None or root.cost < known.cost:
                found[root.node] = root
        found.pop(0, None)
        return found

    def nodes(self) -> npt.NDArray[np.uint32]:
        return np.fromiter(self._by_node, dtype=np.uint32, count=len(self._by_node))

    def costs(self) -> npt.NDArray[np.uint8]:
        return np.fromiter((min(root.cost, 255) for root in self.ordered()), dtype=np.uint8, count=len(self._by_node))

    def _of_modules(self) -> list[Root]:
        """Last imported first. Where two modules have the same object as a global, the one that imports the other
        stands earlier in sys.modules, and the one that made the object later."""
        found = []
        for name, node in reversed(self._modules.entries):
            if is_ours(name):
                continue
            words = name if self._modules.is_module(node) else f"sys.modules[{name!r}]"
            found.append(Root(node, RootKind.MODULE, words, words, reading_costs.module_cost(name)))
        # Of the standard library a top module first: `logging`, not who uses it.
        return sorted(found, key=lambda root: root.name.count(".") if root.cost else 0)

    def _of_frames(self) -> list[Root]:
        found = []
        for thread in self._threads.all:
            for frame in thread.frames:
                if is_ours(self._naming.module_of(frame) or ""):
                    continue
                function = self._naming.function_name(frame) or "a frame"
                where = self._naming.place(frame)
                name = f"{thread_words(thread)} in {function}" + (f" ({where})" if where else "")
                starts = function.startswith("threading.") and bool(thread.thread_object)
                cost = reading_costs.START_OF_A_THREAD if starts else reading_costs.RUNNING_FRAME
                found.append(Root(frame, RootKind.FRAME, name, f"thread in {function}", cost))
        return found

    def _of_loops(self) -> list[Root]:
        found = loop_roots(self._rows, self._values, self._naming, self._threads.all)
        cost = reading_costs.RUNNING_FRAME
        return [Root(node, RootKind.THREAD, name, pattern, cost) for node, name, pattern in found]

    def _of_tables(self) -> list[Root]:
        rows, names = self._rows, self._rows.root_names()
        found = []
        node = 1
        while node < len(rows) and rows.layout(node) in (INTERPRETER, THREAD):
            thread = self._threads.by_node.get(node)
            for code, target in zip(rows.codes(node), rows.targets(node)):
                table = names[code] if code < len(names) else "interpreter"
                if target == 0 or rows.layout(target) == FRAME or table == "running frame":
                    continue
                words = f"{table} of thread {thread.name!r}" if thread is not None else table
                kind = RootKind.INTERPRETER if thread is None else RootKind.THREAD
                found.append(Root(target, kind, words, table, reading_costs.table_cost(table)))
            node += 1
        return found
