"""What whoever looks holds: captured log records, a debugger, the last exception, a test's own frame.

A holder is the harness's when the look says so, when its type is a known one, or when it is one of the few globals
that interactive use fills. What only such holders keep is not the program's leak; the words say how to let it go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise

import numpy as np

from outlive.explain.kinds import plain
from outlive.explain.leftovers.in_flight import Edge
from outlive.explain.leftovers.scene import Scene


@dataclass(frozen=True)
class Known:
    """`types` are globs over types of holders; `globals` are (module, name). `advice` is what lets it go."""

    words: str
    advice: str
    types: tuple[str, ...] = ()
    globals: tuple[tuple[str, str], ...] = ()


KNOWN = (
    Known(
        "pytest's captured log records",
        "run with -p no:logging, or call caplog.clear() before looking",
        ("_pytest.logging.*",),
    ),
    Known(
        "pytest, which keeps the test's frame, its report or its fixtures",
        "it goes when pytest has done with the test; keep no `excinfo` beyond its block",
        ("_pytest.*", "pluggy.*", "pytest_asyncio.*", "xdist.*"),
    ),
    Known(
        "unittest, which keeps the outcome of the running test",
        "it goes when the test has ended",
        ("unittest.case._*", "unittest.result.TestResult", "unittest.runner.*", "unittest.suite.*"),
    ),
    Known("a debugger", "let the debugger go on", ("pdb.*", "bdb.*", "pydevd*", "_pydevd*", "debugpy.*")),
    Known("a tracer", "look without it", ("coverage.*", "trace.Trace", "cProfile.Profile", "_lsprof.Profiler")),
    Known(
        "the last uncaught exception, kept for a debugger",
        "clear sys.last_exc, sys.last_value and sys.last_traceback",
        globals=(("sys", "last_exc"), ("sys", "last_value"), ("sys", "last_traceback"), ("sys", "last_type")),
    ),
    Known("the interactive shell's last result", "evaluate something else", globals=(("builtins", "_"),)),
    Known(
        "IPython's history of results",
        "%reset out",
        ("IPython.core.*", "ipykernel.*"),
        tuple(("__main__", name) for name in ("Out", "_oh", "__", "___")),
    ),
)
OUTLIVE = Known("Outlive itself, while it looks", "nothing")
TOLD = Known("what looks at the program (it said so itself)", "it goes when that has done with it")
TEST_FRAME = Known("the running test's own variables", "they go when the test returns, or `del` them before looking")
_TEST_RUNNERS = ("_pytest.", "unittest.")


def harness_edges(scene: Scene) -> frozenset[Edge]:
    """The references out of the harness's objects and globals."""
    nodes = harness_nodes(scene)
    edges = {(node, target) for node in nodes for target in scene.heap.rows.targets(node) if target}
    return frozenset(edges | set(_from_globals(scene)))


def harness_nodes(scene: Scene) -> set[int]:
    """Its objects. The globs over types are matched once a type, for objects are many."""
    globs = [glob for known in KNOWN for glob in known.types]
    types = [node for node, row in scene.heap.snapshot.types.items() if _fits(plain(row.name), globs)]
    of_types = np.flatnonzero(np.isin(scene.heap.snapshot.column("type"), types)).tolist() if types else []
    return {*of_types, *scene.nodes_at(scene.look.harness)}


def in_test(scene: Scene) -> bool:
    """Whether the looking thread runs a test: then its frames are the harness's."""
    thread = scene.looking_thread
    names = (scene.heap.naming.function_name(frame) for frame in (thread.frames if thread else ()))
    return any(name.startswith(_TEST_RUNNERS) for name in names)


def _from_globals(scene: Scene) -> Iterator[Edge]:
    for known in KNOWN:
        yield from _edges_of(scene, known)


def _edges_of(scene: Scene, known: Known) -> Iterator[Edge]:
    for module, name in known.globals:
        node = scene.heap.modules.node_of(module)
        namespace = scene.heap.values.instance_dict(node) if node else 0
        value = scene.heap.values.value(namespace, name) if namespace else 0
        if value and scene.heap.text(value) != "None":
            yield namespace, value


def who(scene: Scene, path: Sequence[int], told: frozenset[int]) -> Known:
    """Which of the harness's holders the path leads through; `told` are those that the look names."""
    for holder in path:
        kind = scene.type_name(holder)
        for known in KNOWN:
            if _fits(kind, known.types):
                return known
    edges = set(pairwise(path))
    for known in KNOWN:
        if known.globals and edges & set(_edges_of(scene, known)):
            return known
    return TOLD if told & set(path) else TEST_FRAME


def _fits(kind: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(kind, glob) for glob in globs)
