"""Who keeps things that were left, read from a snapshot of the process of the tests. Pure.

Theory of operation. All ways from a root to a thing are truly there; blame wants the one that says whose it is. So the
references are walked several times from different roots, each time without those of the harness, of loops (they know
everything that is scheduled in them, and own nothing) and of modules that only register what lives (`threading`):

 1. from modules: the place in a program that keeps it. Room for one, or a pool: shared. Anything else: held;
 2. from what fixtures of wider scope gave and still have in hand, not into classes and modules;
 3. from running threads, loops, native code: it runs, and nobody keeps it;
 4. with everything: whatever reaches it now is the harness'.

A way of the first sort that leads through an object which a living wide fixture made is that fixture's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np
import numpy.typing as npt

from outlive.blame.keeper import FIXTURE, HARNESS, HELD, NOBODY, RUNS, SHARED, Keeper
from outlive.heap.graph import NOT_REACHED
from outlive.heap.heap import Heap
from outlive.heap.modules import is_ours
from outlive.heap.paths import HolderPath
from outlive.heap.roots import RootKind
from outlive.heap.rows import DICT_KIND, EXCEPTION_KIND, LIST_KIND, TUPLE_KIND, TYPE_KIND

Nodes = npt.NDArray[np.uint32]
Pairs = npt.NDArray[np.int64]

_LOOPS = frozenset({"asyncio.events.AbstractEventLoop", "uvloop.loop.Loop", "uvloop.Loop"})
_HARNESS_MODULES = ("_pytest.", "pytest.", "pluggy.", "pytest_asyncio.", "xdist.", "execnet.", "anyio.pytest_plugin.")
# Their objects: what runs tests, shows them, and looks at them. The table of `explain` has words and advice beside it,
# and would make this a second slower to import.
_HARNESS_TYPES = (
    *("_pytest.*", "pluggy.*", "pytest_asyncio.*", "xdist.*", "execnet.*", "anyio.pytest_plugin.*", "hypothesis.*"),
    *(
        "anyio._backends._*.TestRunner",
        "unittest.case._*",
        "unittest.result.*",
        "unittest.runner.*",
        "unittest.suite.*",
    ),
    *("pdb.*", "bdb.*", "pydevd*", "_pydevd*", "debugpy.*", "coverage.*", "cProfile.Profile"),
)
# Where the interpreter keeps everything of a kind: no holder that anybody made.
_REGISTRIES = (
    *("threading.", "weakref.", "logging.", "subprocess.", "asyncio.", "sys.", "atexit.", "_weakrefset."),
    *("concurrent.futures.", "multiprocessing.process."),
)
_COLLECTIONS = frozenset({"set", "frozenset", "collections.deque"})
_CACHE = "functools._lru_cache_wrapper"
_MOST_OTHERS = 2
_TOGETHER = 8  # a tuple of so many is a record


class Holding:
    """The keepers in one heap. `fixtures`: nodes of what each living wide fixture has in hand, by its life's number.
    `own`: names of the packages that are tested, wherever they are installed."""

    def __init__(
        self,
        heap: Heap,
        test_modules: frozenset[str],
        fixtures: Mapping[int, Sequence[int]],
        own: frozenset[str] = frozenset(),
    ) -> None:
        self._heap = heap
        self._own = own
        self._test_modules = test_modules
        self._fixtures = fixtures

    def keeper(self, node: int, life: int = 0) -> Keeper:
        """Of one thing, made in the life of this number; `NOBODY` also where the node is 0: not in the snapshot."""
        if not node:
            return Keeper(NOBODY)
        path = self._along(node, self._from_modules, None)
        if path is not None:
            fixture = self._fixture_on(path)
            if fixture:
                return Keeper(FIXTURE, path.expression, fixture=fixture)
            answer = SHARED if self._is_shared(path, life) else HELD
            return Keeper(answer, path.expression, self._others(node, path))
        fixture = self._of_fixtures.get(node, 0)
        if fixture:
            return Keeper(FIXTURE, "", fixture=fixture)
        return self._running(node) or self._harness(node)

    # ---- the passes ------------------------------------------------------------------------------------------------

    @cached_property
    def _from_modules(self) -> Nodes:
        return self._walked(self._starts, self._cuts)

    @cached_property
    def _starts(self) -> dict[int, int]:
        """Modules that are nobody's registry, and what threads keep for themselves beside their frames."""
        found = {}
        for node, price in self._heap.routes.starts.items():
            root = self._heap.roots.of(node)
            name = self._heap.modules.dicts.get(node) or (root.name if root else "")
            is_module = node in self._heap.modules.dicts or (root is not None and root.kind is RootKind.MODULE)
            of_thread = root is not None and root.kind is RootKind.THREAD and not self._is_passing(node)
            if of_thread or (is_module and not _is_registry(name)):
                found[node] = price
        return found

    def _is_passing(self, node: int) -> bool:
        """An exception that a thread is handling."""
        return self._heap.rows.is_kind(node, EXCEPTION_KIND) or self._heap.type_name(node) == "traceback"

    @cached_property
    def _from_threads(self) -> Nodes:
        """From the frames of threads other than the one that looks, where a test would run."""
        frames = [frame for thread in self._heap.threads.all for frame in thread.frames if not self._looks(thread)]
        return self._walked(
            dict.fromkeys((frame for frame in frames if not self._heap.routes.ours[frame]), 0), self._cuts
        )

    @cached_property
    def _of_fixtures(self) -> dict[int, int]:
        """By node that a fixture has in hand or keeps by that: the fixture's number."""
        heap = self._heap
        found: dict[int, int] = {}
        fences = self._edges_of(np.isin(heap.snapshot.column("type"), self._types_of_types)) if self._fixtures else None
        for number, nodes in self._fixtures.items():
            if fences is None or not nodes:
                continue
            cuts = np.concatenate([self._cuts, self._no_globals, fences])
            for node in np.flatnonzero(heap.graph.reached(np.array(sorted(nodes)), cuts)).tolist():
                found.setdefault(node, number)
        return found

    def _walked(self, starts: Mapping[int, int], cuts: Pairs) -> Nodes:
        return self._heap.graph.holders(
            list(starts), root_costs=list(starts.values()), costs=self._heap.routes.costs, cuts=cuts
        )

    def _along(self, node: int, parents: Nodes, kind: RootKind | None) -> HolderPath | None:
        if parents[node] == NOT_REACHED:
            return None
        routes = self._heap.routes
        return routes.path_along(routes.nodes_to(node, parents), kind)

    # ---- what is not followed --------------------------------------------------------------------------------------

    @cached_property
    def _cuts(self) -> Pairs:
        """References out of the harness' objects, of loops and of registries, and into what is Outlive's own."""
        heap = self._heap
        types = heap.snapshot.types
        harness = [node for node, row in types.items() if any(fnmatchcase(row.name, glob) for glob in _HARNESS_TYPES)]
        mask = np.isin(heap.snapshot.column("type"), [*harness, *self._loop_types])
        registries = [node for node, name in heap.modules.dicts.items() if _is_registry(name)]
        mask[[*registries, *(node for name, node in heap.modules.entries if _is_registry(name))]] = True
        mask[0] = False
        return np.concatenate([np.asarray(heap.routes.cuts, np.int64).reshape(-1, 2), self._edges_of(mask)])

    @cached_property
    def _no_globals(self) -> Pairs:
        """References into modules and their globals."""
        targets = np.zeros(len(self._heap), bool)
        targets[[*self._heap.modules.dicts, *(node for _, node in self._heap.modules.entries)]] = True
        targets[0] = False
        column = self._heap.snapshot.column("targets")
        places = np.flatnonzero(targets[column])
        sources = np.searchsorted(self._heap.snapshot.column("edge_start"), places, side="right") - 1
        return np.stack([sources.astype(np.int64), column[places].astype(np.int64)], axis=1)

    @cached_property
    def _loop_types(self) -> list[int]:
        rows = self._heap.rows
        return [node for node in self._heap.snapshot.types if rows.is_subclass(node, _LOOPS)]

    @cached_property
    def _types_of_types(self) -> list[int]:
        return [node for node, row in self._heap.snapshot.types.items() if row.flags & TYPE_KIND]

    def _edges_of(self, mask: npt.NDArray[np.bool_]) -> Pairs:
        """All references of these nodes."""
        starts = self._heap.snapshot.column("edge_start").astype(np.int64)
        sources = np.repeat(np.arange(len(mask)), np.diff(starts))
        kept = mask[sources]
        pairs = np.stack([sources[kept], self._heap.snapshot.column("targets").astype(np.int64)[kept]], axis=1)
        led: Pairs = pairs[pairs[:, 1] != 0]
        return led

    # ---- what a way says -------------------------------------------------------------------------------------------

    def _fixture_on(self, path: HolderPath) -> int:
        """The fixture that still lives and has in hand, or made, an object on the way."""
        stamps = self._heap.snapshot.stamps
        for node in path.nodes[:-1]:
            owner = next((number for number, nodes in self._fixtures.items() if node in nodes), 0)
            owner = owner or (stamps.scope(node) if stamps is not None else 0)
            if owner in self._fixtures:
                return owner
        return 0

    def _is_shared(self, path: HolderPath, life: int) -> bool:
        """Whether it is kept for everybody: by the one variable or cache for it, of no test; or by a pool.

        What the same life made further up the way, and put in such a place, is what is shared: this is a part of it.
        """
        heap = self._heap
        if self._is_librarys(path) or any(_is_pool(heap.type_name(node)) for node in path.nodes[:-1]):
            return True
        if path.root.kind is RootKind.MODULE and self._is_tests(path.root.name):
            return False
        stamps = heap.snapshot.stamps
        for node, before in zip(path.nodes[:-1], [0, *path.nodes]):
            if heap.type_name(node) == _CACHE or (stamps is not None and 0 < life == stamps.scope(node)):
                return True
            if self._holds_many(node, before):
                return False
        return True

    def _is_librarys(self, path: HolderPath) -> bool:
        """Whether an installed library made it and keeps it in a module of its own, as it does for everybody."""
        stamps = self._heap.snapshot.stamps
        site = stamps.site(path.nodes[-1]) if stamps is not None else None
        package = path.root.name.partition(".")[0]
        if site is None or path.root.kind is not RootKind.MODULE or package in self._own:
            return False
        made_at = (site, *site.callers)[-1].file  # beyond the standard library
        return any(f"/{folder}/{package}/" in made_at for folder in ("site-packages", "dist-packages"))

    def _is_tests(self, module: str) -> bool:
        return module in self._test_modules or module.rpartition(".")[2] == "conftest"

    def _holds_many(self, node: int, before: int) -> bool:
        """A collection; not the attributes of an object, the globals of a module, a few things that belong together."""
        rows, heap = self._heap.rows, self._heap
        if rows.is_kind(node, TUPLE_KIND):
            return len(heap.elements(node)) > _TOGETHER
        if rows.is_kind(node, LIST_KIND) or heap.type_name(node) in _COLLECTIONS:
            return True
        if not rows.is_kind(node, DICT_KIND) or node in heap.modules.dicts:
            return False
        return not before or node not in (heap.values.instance_dict(before), rows.type_dict(before))

    def _others(self, node: int, path: HolderPath) -> tuple[str, ...]:
        """Other places that keep it, when the last reference of the way is gone."""
        if len(path.nodes) < 2:
            return ()
        found = self._heap.holders(node, _MOST_OTHERS, [(path.nodes[-2], path.nodes[-1])])
        named = (one for one in found if one.root.kind is RootKind.MODULE and not _is_registry(one.root.name))
        return tuple(one.expression for one in named if not self._is_no_place(one.nodes[1:]))

    def _is_no_place(self, nodes: Sequence[int]) -> bool:
        """Whether a way leads through the harness or a loop."""
        types = self._heap.snapshot.column("type")
        return self._is_harness_way(nodes) or bool(np.isin(types[list(nodes)], self._loop_types).any())

    # ---- what nobody keeps -----------------------------------------------------------------------------------------

    def _running(self, node: int) -> Keeper | None:
        path = self._along(node, self._from_threads, None)
        if path is not None and len(path.nodes) > 1 and not self._is_own(path):
            return Keeper(RUNS, path.expression)
        if self._by_loops[node]:
            return Keeper(RUNS, "its event loop")
        return None

    def _is_own(self, path: HolderPath) -> bool:
        """Whether it is the thread itself, kept by its own frames."""
        return any(thread.thread_object == path.nodes[-1] for thread in self._heap.threads.all)

    @cached_property
    def _by_loops(self) -> npt.NDArray[np.bool_]:
        heap = self._heap
        loops = np.flatnonzero(np.isin(heap.snapshot.column("type"), self._loop_types))
        leaving = set(loops.tolist())
        cuts = self._cuts[~np.isin(self._cuts[:, 0], loops)] if leaving else self._cuts
        held: npt.NDArray[np.bool_] = heap.graph.reached(loops, cuts)
        return held

    def _harness(self, node: int) -> Keeper:
        path = self._heap.routes.path(node)
        if path is None or path.root.kind is RootKind.OURS:
            return Keeper(NOBODY)
        if path.root.kind is RootKind.NATIVE:
            return Keeper(RUNS, path.root.name) if not self._is_harness_way(path.nodes) else Keeper(HARNESS, "pytest")
        return Keeper(HARNESS, self._harness_words(path)) if self._is_harness_way(path.nodes) else Keeper(NOBODY)

    def _is_harness_way(self, nodes: Iterable[int]) -> bool:
        """Whether it leads through pytest, a failure's traceback, or the frames of the thread that runs the tests."""
        kinds = [self._heap.type_name(node) for node in nodes]
        return any(
            kind in ("frame", "traceback") or f"{kind}.".startswith(_HARNESS_MODULES) or kind == "logging.LogRecord"
            or kind.startswith("unittest.")
            for kind in kinds
        )  # fmt: skip

    def _harness_words(self, path: HolderPath) -> str:
        heap = self._heap
        kinds = [heap.type_name(node) for node in path.nodes]
        passed = "traceback" in kinds
        frame = next((node for node, kind in zip(path.nodes[::-1], kinds[::-1]) if kind == "frame"), 0)
        if passed and frame:
            return f"the traceback of a failure (frame of {heap.naming.function_name(frame).rpartition('.')[2]})"
        owner = next((kind for kind in kinds[::-1] if f"{kind}.".startswith(_HARNESS_MODULES)), "")
        return owner or path.root.name

    def _looks(self, thread: object) -> bool:
        """Whether this is the thread that runs the tests and took the snapshot."""
        frames: Sequence[int] = getattr(thread, "frames", ())
        return any(is_ours(self._heap.naming.module_of(frame) or "") for frame in frames)


def _is_registry(name: str) -> bool:
    return f"{name}.".startswith((*_REGISTRIES, *_HARNESS_MODULES)) or is_ours(name)


def _is_pool(type_name: str) -> bool:
    """Whether a type is called a pool: what it has open is there for whoever asks next."""
    last = type_name.rpartition(".")[2]
    return last.endswith(("Pool", "PoolManager")) and not last.startswith("Test")
