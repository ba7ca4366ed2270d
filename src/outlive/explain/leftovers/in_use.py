"""Is an open thing in use just now: a variable of a function that another thread is running?

A daemon thread that reads a file, a main thread that was stopped by a signal within a `with` block: the block's end
would have closed it, and nothing was forgotten. Only the variable itself counts, and what a file object is made of;
what hangs further off belongs to somebody. The object whose own method runs (`self`) is not in use by that: it is what
runs.
"""

from __future__ import annotations

from outlive.explain.leftovers.activities import THREADS, thread_name
from outlive.explain.leftovers.holding import Holding
from outlive.explain.leftovers.scene import Scene
from outlive.heap.labels import LabelKind
from outlive.heap.roots import RootKind

_LAYERS = "_io."


def user_of(scene: Scene, holding: Holding, node: int) -> str:
    """Words about the thread whose running function has it as a variable; "" when something else holds it."""
    path = holding.path(node)
    if path is None or path.root.kind is not RootKind.FRAME or scene.is_one(node, THREADS):
        return ""
    inside = path.nodes[1:]
    if len(inside) > 1 and not all(scene.type_name(one).startswith(_LAYERS) for one in inside):
        return ""
    for thread in scene.heap.threads.all:
        frame = next((one for one in thread.frames if _has_as_variable(scene, one, inside[0])), 0)
        if frame and thread != scene.looking_thread:
            name = thread_name(scene, thread.thread_object) if thread.thread_object else "unnamed"
            return f"in use: thread {name!r} was running {scene.heap.naming.function_name(frame)} with it"
    return ""


def _has_as_variable(scene: Scene, frame: int, node: int) -> bool:
    for position, target in enumerate(scene.heap.rows.targets(frame)):
        if target == node:
            label = scene.heap.label(frame, position)
            if label.kind is LabelKind.LOCAL and not label.text.endswith(" self>"):
                return True
    return False
