"""Objects that Python's cycle collector knows, all together or by type.

Collects nothing: garbage that waits for its collection is counted. Blind to what the collector does not track (numbers,
strings, bytes, tuples and dicts of these): the census of `outlive check` counts those too.

No code of the objects is run: types are told by identity, names read through `type`'s own descriptors, since a
metaclass may have its own idea of `__hash__`, `__module__` or `__qualname__`.
"""

from __future__ import annotations

import gc

from outlive.probes.declaration import MILLISECONDS, Probe
from outlive.probes.refusals import OwnProcessOnly

PROBE = Probe(
    "gc_objects",
    counts="objects tracked by the cycle collector, by type",
    cost=MILLISECONDS,
    observer_effect="makes a list of all of them (8 bytes each) and keeps them alive while it counts",
    other_processes=False,
    on_demand=True,
)

_module_of = type.__dict__["__module__"].__get__
_qualified_name_of = type.__dict__["__qualname__"].__get__


def read(pid: int | None = None) -> dict[str, int]:
    """`gc_objects` of this process."""
    if pid is not None:
        raise OwnProcessOnly("gc_objects")
    return {"gc_objects": count()}


def count() -> int:
    """How many objects the collector tracks, those frozen by `gc.freeze()` included."""
    return len(gc.get_objects()) + gc.get_freeze_count()


def count_by_type() -> dict[str, int]:
    """Tracked objects by "module.QualifiedName", most first; types of one name are added up. Without frozen ones."""
    types: dict[int, type] = {}
    counts: dict[int, int] = {}
    for thing in gc.get_objects():
        cls = type(thing)
        types[id(cls)] = cls
        counts[id(cls)] = counts.get(id(cls), 0) + 1
    named: dict[str, int] = {}
    for number, cls in types.items():
        name = type_name(cls)
        named[name] = named.get(name, 0) + counts[number]
    return dict(sorted(named.items(), key=lambda item: (-item[1], item[0])))


def type_name(cls: type) -> str:
    """ "module.QualifiedName", or only the name for built-in types and for a `__module__` that is no string."""
    name = str(_qualified_name_of(cls))
    module = _module_of(cls)
    return name if type(module) is not str or module == "builtins" else f"{module}.{name}"
