"""Whose code something runs, to leave out what is the interpreter's own and to part yours from libraries'."""

from __future__ import annotations

from outlive.explain.leftovers.scene import Scene
from outlive.explain.owner import owner_of_type
from outlive.explain.packages import UNKNOWN, owner_of_file, owner_of_module
from outlive.model.explanation import Owner, OwnerKind

# The interpreter's own threads and tasks, whatever runs them: bookkeeping that ends with the process.
_OWN = ("asyncio.", "threading.", "concurrent.futures.", "multiprocessing.", "logging.", "socketserver.", "outlive.")


def owner_of_code(scene: Scene, node: int) -> Owner:
    """The owner of the function that a coroutine, frame, function … runs."""
    file, _ = scene.heap.location(node) if node else ("", 0)
    return owner_of_file(file, scene.context.packages) if file else UNKNOWN


def owner_of_name(scene: Scene, name: str) -> Owner:
    """The owner of "app.web.Session.run", by its module."""
    return owner_of_module(name, scene.context.packages) if name else UNKNOWN


def is_anothers(owner: Owner) -> bool:
    """Whether it is a library's or the interpreter's; what nobody knows may be yours."""
    return owner.kind in (OwnerKind.LIBRARY, OwnerKind.INTERPRETER)


def is_interpreters(scene: Scene, name: str) -> bool:
    """Whether a function of this full name is the interpreter's bookkeeping, or Outlive's."""
    return name.startswith(_OWN) or owner_of_name(scene, name).kind is OwnerKind.INTERPRETER


def class_owner(scene: Scene, node: int) -> Owner:
    return owner_of_type(scene.heap.type_name(node), scene.context)
