"""How many Python interpreters live in this process, the main one included.

CPython's own private module tells: `_interpreters` on 3.13, `_xxsubinterpreters` before. It lists those that any code
made, embedding C code included. It cannot say who made them, nor what they hold; a build without the module cannot
be asked.
"""

from __future__ import annotations

from outlive.probes.declaration import MICROSECONDS, Probe
from outlive.probes.refusals import NothingToMeasure, OwnProcessOnly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROBE = Probe(
    "interpreters",
    counts="Python interpreters in this process, the main one included",
    cost=MICROSECONDS,
    observer_effect="the first reading loads a small extension module of CPython; later ones allocate transients",
    other_processes=False,
)


def read(pid: int | None = None) -> dict[str, int]:
    """`interpreters` of this process."""
    if pid is not None:
        raise OwnProcessOnly("interpreters")
    return {"interpreters": count()}


def count() -> int:
    """How many interpreters live. Raises NothingToMeasure where this build of Python cannot be asked."""
    return len(_module().list_all())


def _module() -> Any:
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            return __import__(name)
        except ImportError:
            pass
    raise NothingToMeasure("this build of Python does not say how many interpreters live in it")
