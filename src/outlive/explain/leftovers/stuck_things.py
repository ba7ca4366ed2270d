"""Tasks and threads that were proved never to wake, as leftovers. The proof is `heap.stuck`'s.

A worker of an executor or another of the interpreter's own threads waits by design: nobody is accused of those.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.explain.leftovers.activities import THREADS
from outlive.explain.leftovers.going_on import entry_of
from outlive.explain.leftovers.remain import Remain
from outlive.explain.leftovers.scene import Scene
from outlive.explain.leftovers.whose import is_interpreters
from outlive.model.leftovers import Stuck, StuckGrade


def stuck_remains(scene: Scene) -> Iterator[Remain]:
    for row in scene.stuck:
        if row.grade is StuckGrade.NOT or _is_interpreters(scene, row):
            continue
        waits = f"waits for {row.waits_for}" + (f" at {row.where}" if row.where else "")
        yield Remain(
            problem="idle-thread" if row.kind == "thread" else "stuck",
            kind=row.kind,
            type=scene.type_name(row.node),
            node=row.node,
            name=row.name,
            made_at=scene.site(row.node),
            stuck=row.grade,
            evidence=(waits, *row.proof),
            scope=scene.scope(row.node),
        )


def _is_interpreters(scene: Scene, row: Stuck) -> bool:
    if row.kind != "thread" or not scene.is_one(row.node, THREADS):
        return False
    threads = (one for one in scene.heap.threads.all if one.thread_object == row.node)
    return any(is_interpreters(scene, entry_of(scene, one)) for one in threads)
