"""Whose code something runs, to leave out what is the interpreter's own and to part yours from libraries'."""

from __future__ import annotations

from outlive.explain.leftovers.scene import Scene
from outlive.explain.owner import frames_of, owner_of_type
from outlive.explain.packages import UNKNOWN, owner_of_file, owner_of_module
from outlive.model.explanation import Owner, OwnerKind

# The interpreter's own threads and tasks, whatever runs them: bookkeeping that ends with the process.
_MAIN = "__main__"
_OWN = ("asyncio.", "threading.", "concurrent.futures.", "multiprocessing.", "logging.", "socketserver.", "outlive.")


def owner_of_code(scene: Scene, node: int) -> Owner:
    """The owner of the function that a coroutine, frame, function … runs."""
    file, _ = scene.heap.location(node) if node else ("", 0)
    return owner_of_file(file, scene.context.packages) if file else UNKNOWN


def made_by_hand(scene: Scene, node: int) -> bool:
    """Whether a line of yours made it, with no library between."""
    site = scene.context.site_of(node) if node else None
    owners = (owner_of_file(one.file, scene.context.packages).kind for one in (frames_of(site) if site else ()))
    return next((kind for kind in owners if kind is not OwnerKind.INTERPRETER), None) is OwnerKind.YOURS


def owner_of_name(scene: Scene, name: str) -> Owner:
    """The owner of "app.web.Session.run", by its module."""
    module = _MAIN if name.startswith(f"{_MAIN}.") else name
    return owner_of_module(module, scene.context.packages) if name else UNKNOWN


def is_anothers(owner: Owner) -> bool:
    """Whether it is a library's or the interpreter's; what nobody knows may be yours."""
    return owner.kind in (OwnerKind.LIBRARY, OwnerKind.INTERPRETER)


def is_interpreters(scene: Scene, name: str) -> bool:
    """Whether a function of this full name is the interpreter's bookkeeping, or Outlive's."""
    return name.startswith(_OWN) or owner_of_name(scene, name).kind is OwnerKind.INTERPRETER


def class_owner(scene: Scene, node: int) -> Owner:
    return owner_of_type(scene.heap.type_name(node), scene.context)


def makers_of(scene: Scene, node: int) -> frozenset[str]:
    """The libraries whose code made it: those between the object and the nearest line of yours. None: you made it, or
    it is not known who did."""
    site = scene.context.site_of(node) if node else None
    found = set()
    for frame in frames_of(site) if site is not None else ():
        owner = owner_of_file(frame.file, scene.context.packages)
        if owner.kind in (OwnerKind.YOURS, OwnerKind.UNKNOWN):
            break
        if owner.kind is OwnerKind.LIBRARY:
            found.add(owner.name)
    return frozenset(found)
