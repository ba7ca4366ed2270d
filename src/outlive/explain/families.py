"""Holders that are nobody's mistake, recognised and named: a debugger, a tracer, pytest's reports, our own objects.

A family is told by the holder's names alone, as data: globs over the path's expression without indices, and over the
types on it. What fits one is still alive and still shown; the words say why the program is not to blame.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from outlive.explain.kinds import plain
from outlive.explain.links import Chain

# The kind of root that Outlive itself is.
OURS = "outlive"


@dataclass(frozen=True)
class Family:
    """`expressions` are globs over the path as a person writes it, `types` over the types on it; one is enough."""

    name: str
    words: str
    expressions: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


FAMILIES = (
    Family("outlive", "Outlive itself holds it while it looks", ("outlive[.'_]*", "*held by Outlive*"), ("outlive.*",)),
    Family(
        "last exception",
        "the interpreter keeps the last uncaught exception for a debugger",
        ("sys.last_exc*", "sys.last_traceback*", "sys.last_value*"),
    ),
    Family("interactive shell", "the interactive shell keeps its last result", ("builtins._", "builtins._.*")),
    Family(
        "IPython",
        "IPython keeps every output and the history of inputs",
        ("*.user_ns[[]*'Out'*", "*.user_ns[[]*'_*", "__main__.Out*", "__main__._oh*"),
        ("IPython.core.*", "ipykernel.*"),
    ),
    Family("debugger", "a debugger is at work", types=("pdb.*", "bdb.*", "pydevd*", "_pydevd*", "debugpy.*")),
    Family(
        "tracer",
        "a tracer or coverage measurement is at work",
        ("*c_traceobj*", "*c_profileobj*", "*trace function*", "*profile function*"),
        ("coverage.*", "trace.Trace", "cProfile.Profile", "_lsprof.Profiler"),
    ),
    Family("tracemalloc", "tracemalloc keeps it", ("tracemalloc.*",), ("tracemalloc.*",)),
    Family(
        "pytest",
        "pytest keeps reports, captured log records and tracebacks of the tests",
        types=(
            "_pytest.logging.*",
            "_pytest.reports.*",
            "_pytest._code.*",
            "_pytest.recwarn.*",
            "_pytest.runner.*",
            "_pytest.terminal.*",
            "_pytest.junitxml.*",
            "_pytest.capture.*",
        ),
    ),
    Family("warnings", "the warnings module remembers what it has already warned of", ("*__warningregistry__*",)),
    Family("linecache", "linecache keeps source lines, those of generated code too", ("linecache.cache*",)),
    Family(
        "import system",
        "the import system keeps what it has found",
        ("sys.path_importer_cache*", "sys.meta_path*", "importlib._bootstrap*", "_frozen_importlib*"),
        ("_frozen_importlib_external.*", "_frozen_importlib.*"),
    ),
)


def family_of(chain: Chain) -> Family | None:
    """The family whose holder the path runs through. The outliver's own type decides nothing, only its holders'."""
    if chain.root_kind == OURS:
        return FAMILIES[0]
    expression = "".join(link.pattern for link in chain.links) or chain.root
    holders = [plain(link.type) for link in chain.links[:-1]]
    return next((one for one in FAMILIES if _fits(one, (expression, chain.expression), holders)), None)


def _fits(family: Family, expressions: tuple[str, ...], holders: list[str]) -> bool:
    if any(fnmatchcase(text, glob) for text in expressions for glob in family.expressions):
        return True
    return any(fnmatchcase(kind, glob) for kind in holders for glob in family.types)
