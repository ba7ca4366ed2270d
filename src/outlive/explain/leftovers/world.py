"""What is open and no Python object needs to own: descriptors, child processes, temporary files, as a look lists them.

Where it has an object that another rule tells, this only adds what it is called and where it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import Scene
from outlive.model.look import Open

_STANDARD_MOST = 2
_INHERITED = "inherited"  # open when the watching began
# Helpers of multiprocessing, and of libraries that have taken them over, that live as long as the process. By the code
# that their command line gives to Python, where a script's name might hold such a word, too.
_HELPERS = ("resource_tracker import", "semaphore_tracker import", "forkserver import")


def with_names(scene: Scene, found: Iterable[Remain]) -> Iterator[Remain]:
    """The same, with the names and sites that the look knows for their objects."""
    rows = {scene.node_at(row.address): row for row in scene.look.open if row.address}
    rows.pop(0, None)
    for one in found:
        row = rows.get(one.node)
        if row is None:
            yield one
        else:
            yield replace(
                one,
                name=one.name or row.name,
                made_at=scene.line_to_tell(row.site) or one.made_at,
                scope=row.scope or one.scope,
            )


def open_things(scene: Scene, told: Mapping[int, Remain]) -> Iterator[Remain]:
    """What the look lists and nobody has told yet."""
    for row in scene.look.open:
        node = scene.node_at(row.address) if row.address else 0
        if node and (node in told or row.kind == "thread"):
            continue
        found = _BY_KIND[row.kind](row) if row.kind in _BY_KIND else None
        if found is not None:
            yield replace(found, node=node, name=row.name, made_at=scene.line_to_tell(row.site), scope=row.scope)


def _descriptor(row: Open) -> Remain | None:
    """One whose opening nobody saw may be inherited or a C library's: told, and nobody is accused."""
    if row.number <= _STANDARD_MOST or row.address or row.state == _INHERITED:
        return None
    return Remain("fd-without-owner", row.kind, row.kind, end_with="os.close", harmless=row.site is None)


def _process(row: Open) -> Remain | None:
    if any(name in row.name for name in _HELPERS):
        return None
    problem = "zombie" if row.state == "zombie" else "child-running"
    return Remain(problem, "process", "child process", end_with="wait()")


def _temp_file(row: Open) -> Remain | None:
    return Remain("temp-file-left", "temp-file", "temporary file", end_with="cleanup()")


_BY_KIND = {"fd": _descriptor, "socket": _descriptor, "process": _process, "temp-file": _temp_file}
