"""What a command line means by WHAT, and what is known beside the heap when it is explained.

WHAT is a type, an address, a node, an expression, or `sql:` and a query whose first column holds nodes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

from outlive.cli.tables_of_heap import tables_of
from outlive.errors import OutliveError, UsageError
from outlive.heap.heap import Heap
from outlive.heap.queries import BadQuery

if TYPE_CHECKING:
    from outlive.explain.context import Context
    from outlive.model.packages import Packages

_SQL = "sql:"
_NODES_MAX = 1_000_000
_LIBRARY_PARTS = ("/site-packages/", "/dist-packages/")


def nodes_of(heap: Heap, what: str) -> list[int]:
    """The nodes that are meant, at least one. Raises UsageError, with near misses where there are some."""
    if what.startswith(_SQL):
        return _selected(heap, what.removeprefix(_SQL))
    try:
        return heap.find(what)
    except BadQuery as error:
        near = _close_types(heap, what)
        hint = f"did you mean {' or '.join(near)}?" if near else error.hint
        raise UsageError(error.what, why=error.why, hint=hint) from None


def _selected(heap: Heap, sql: str) -> list[int]:
    try:
        tables = tables_of(heap.snapshot, heap)
    except OutliveError as error:
        raise UsageError(error.what, why=error.why, hint=error.hint) from None
    with closing(tables):
        first = [row[0] for row in islice(tables.ask(sql).rows, _NODES_MAX)]
    if not all(isinstance(node, int) and 0 < node < len(heap) for node in first):
        raise UsageError("the query's first column holds no nodes", hint="sql:SELECT node FROM objects WHERE …")
    if not first:
        raise UsageError("the query finds nothing", hint="outlive query says what there is")
    return list(dict.fromkeys(first))


def _close_types(heap: Heap, what: str) -> list[str]:
    """Names of types that look like it, by the whole name or its last part."""
    import difflib

    names = {row.name for row in heap.snapshot.types.values()}
    lower = {name.lower(): name for name in names}
    last = {name.rpartition(".")[2].lower(): name for name in sorted(names)}
    found = [lower[one] for one in difflib.get_close_matches(what.lower(), lower, n=3)]
    found += [last[one] for one in difflib.get_close_matches(what.rpartition(".")[2].lower(), last, n=3)]
    return list(dict.fromkeys(found))[:3]


def context_of(heap: Heap) -> Context:
    """What is known beside the heap: stamps where there are some, and whose code is whose."""
    from outlive.explain.context import Context

    stamps: Any = getattr(heap.snapshot, "stamps", None)
    packages = _packages(heap)
    site_of = _with_sources(stamps.site) if stamps is not None else None
    known = {} if stamps is None else {"site_of": site_of, "step_of": stamps.made_in_step}
    return Context(packages=packages, own_modules=packages.own_modules, outlived=False, **known)


def _with_sources(site_of: Callable[[int], Any]) -> Callable[[int], Any]:
    from outlive.capture.sources import Sources

    sources = Sources()
    return lambda node: sources.filled(site_of(node))


def _packages(heap: Heap) -> Packages:
    """Distributions and standard library are those of the environment that we run in; yours is what lies in neither.

    A module whose file the snapshot does not name is nobody's: better no owner than a wrong one.
    """
    from outlive.capture.packages import read_packages

    files = {name: heap.text(heap.attribute(node, "__file__")) or "" for name, node in heap.modules.entries}
    stdlib = tuple({_folder(file) for name, file in files.items() if name in ("os", "codecs") and file})
    own = frozenset(
        name.partition(".")[0]
        for name, file in files.items()
        if file
        and not any(part in file for part in _LIBRARY_PARTS)
        and not any(file.startswith(folder + "/") for folder in stdlib)
        and name.partition(".")[0] not in sys.stdlib_module_names | {"outlive"}
    )
    folders = [folder for folder in sys.path if folder]
    return read_packages(folders, own_modules=own, python=heap.snapshot.python_version)


def _folder(file: str) -> str:
    return file.rpartition("/")[0]
