"""Containers that grow towards a known bound: `deque(maxlen)`, `lru_cache(maxsize)`, pools, caches with a size limit.

Runs inside the watched process, once, when a check is about to call a growth a leak. Reads attributes only where that
runs no code of the user's: instance dicts, slots and module globals, never properties or `__getattr__`.

A bound is believed when it is the container's own (deque, lru_cache) or when an integer that is called a maximum
stands beside the container: in the same object, or in the same module under a name that shares a word with it.
`MAX_RETRIES = 5000` beside a registry is nobody's bound.
"""

from __future__ import annotations

import sys
from types import MemberDescriptorType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from outlive._core import Census

# Names that say "no more than so many" by themselves, with underscores taken out.
_MAXIMUM = ("maxsize", "maxlen", "maxitems", "maxentries", "maxcount", "maxnum", "maxkeys", "maxworkers", "maxthreads",
            "maxconn", "maxcache", "maxobject", "maxelement", "maxpool", "maxidle", "maxkeep", "maxactive")  # fmt: skip
# Names that might also be a count of what is there now: believed only above the present length.
_LIMIT = ("capacity", "sizelimit", "itemlimit", "cachelimit", "poolsize", "cachesize", "maxlimit", "upperbound")
_PLAIN = (dict, list, set, frozenset, tuple)


def analyse(census: Census, growing_types: frozenset[str]) -> dict[str, Any]:
    """What grew since `census.mark()` inside containers with a bound that is not reached.

    `containers`: the bounded ones, each with its type, how it is bounded, bound and length. `retained`: by type, how
    many objects only these containers keep alive; growth within that is filling, not leaking.
    """
    grown = census.grown(64)
    bounds = _bounds_of(tuple(container for container, _, _ in grown), census)
    rows = []
    for (container, before, after), found in zip(grown, bounds):
        if found is not None:
            bound, how, length = found
            rows.append({"type": _type_name(container), "how": how, "bound": bound, "length": length,
                         "grown": after - before, "threads": _thread_count(container)})  # fmt: skip
    bounded = tuple(row[0] for row, found in zip(grown, bounds) if found is not None)
    return {"containers": rows, "retained": census.retained(bounded, growing_types) if bounded else {}}


def _bounds_of(containers: tuple[object, ...], census: Census) -> list[tuple[int, str, int] | None]:
    """For each container (bound, how it is known, present length), or None. Two walks, however many there are."""
    holders = census.holders(containers)
    dicts = tuple(holder for each in holders for holder in each if type(holder) is dict)
    owners = {id(d): owning for d, owning in zip(dicts, census.holders(dicts))}
    return [_bound_of(container, held_by, owners) for container, held_by in zip(containers, holders)]


def _bound_of(container: object, holders: list[object], owners: dict[int, list[object]]) -> tuple[int, str, int] | None:
    own = _own_bound(container)
    if own is not None:
        return own if own[2] <= own[0] else None
    length = _length(container)
    if length is None:
        return None
    candidates = list(_beside(container))
    for holder in holders:
        candidates += _around(holder, container, owners)
    fitting = [(bound, how) for bound, how, strict in candidates if bound > length or (bound == length and not strict)]
    return (*min(fitting), length) if fitting else None


def _own_bound(container: object) -> tuple[int, str, int] | None:
    """Of containers that know their bound themselves."""
    collections = sys.modules.get("collections")
    if collections is not None and isinstance(container, collections.deque) and container.maxlen is not None:
        return container.maxlen, f"deque(maxlen={container.maxlen})", len(container)
    functools = sys.modules.get("functools")
    wrapper: Any = getattr(functools, "_lru_cache_wrapper", None)
    if wrapper is not None and isinstance(container, wrapper):
        info: Any = wrapper.cache_info(container)
        if info.maxsize is not None:
            name = getattr(container, "__qualname__", "?")
            return info.maxsize, f"lru_cache(maxsize={info.maxsize}) on {name}", info.currsize
    return None


def _around(holder: object, container: object, owners: dict[int, list[object]]) -> list[tuple[int, str, bool]]:
    """Bounds that a holder of the container states."""
    own = _own_bound(holder)
    if own is not None:
        return [(own[0], own[1], False)]
    if type(holder) is dict:
        if _is_module_dict(holder):
            return list(_in_module(holder, container))
        instances = [o for o in owners.get(id(holder), ()) if type(o) not in _PLAIN and not isinstance(o, ModuleType)]
        return [(n, f"{_type_name(instances[0])}.{name}={n}", s) for name, n, s in _maxima(holder)] if instances else []
    return [] if isinstance(holder, ModuleType) else list(_beside(holder))


def _beside(owner: object) -> Iterator[tuple[int, str, bool]]:
    """Maxima among the attributes of the object that holds the container (or is it)."""
    if type(owner) in _PLAIN or isinstance(owner, type):
        return
    for name, bound, strict in _maxima(_attributes(owner)):
        yield bound, f"{_type_name(owner)}.{name}={bound}", strict


def _in_module(namespace: dict[str, object], container: object) -> Iterator[tuple[int, str, bool]]:
    """`_MAXCACHE` beside `_cache`: the names must share a word."""
    names = [key for key, value in namespace.items() if value is container]
    for key, value in namespace.items():
        if type(key) is not str or type(value) is not int or "max" not in key.lower():
            continue
        if any(_share_a_word(key, name) for name in names):
            yield value, f"{namespace.get('__name__')}.{key}={value}", False


def _share_a_word(maximum: str, name: str) -> bool:
    words = [word for word in name.lower().split("_") if len(word) > 2]
    return any(word in maximum.lower() for word in words)


def _maxima(attributes: dict[str, object]) -> Iterator[tuple[str, int, bool]]:
    for name, value in list(attributes.items()):
        if type(value) is not int or type(name) is not str or value <= 0:
            continue
        plain = name.lower().replace("_", "")
        if any(word in plain for word in _MAXIMUM):
            yield name, value, False
        elif any(plain.endswith(word) for word in _LIMIT):
            yield name, value, True


def _attributes(owner: object) -> dict[str, object]:
    """Instance dict and slots, read past any code of the owner's class."""
    try:
        found = dict(object.__getattribute__(owner, "__dict__"))
    except (AttributeError, TypeError):
        found = {}
    for base in type.__dict__["__mro__"].__get__(type(owner)):
        for name, member in type.__dict__["__dict__"].__get__(base).items():
            if type(member) is MemberDescriptorType:
                try:
                    found[name] = member.__get__(owner)
                except AttributeError:
                    continue
    return found


def _is_module_dict(namespace: dict[Any, object]) -> bool:
    return "__name__" in namespace and ("__spec__" in namespace or "__builtins__" in namespace)


def _length(container: object) -> int | None:
    """The builtin's own length, past any `__len__` of a subclass."""
    if isinstance(container, dict):
        return dict.__len__(container)
    if isinstance(container, list):
        return list.__len__(container)
    if isinstance(container, set):
        return set.__len__(container)
    collections = sys.modules.get("collections")
    if collections is not None and isinstance(container, collections.deque):
        return len(container)
    return None


def _thread_count(container: object) -> int:
    """How many threads a container holds: a pool that starts its workers on demand explains them."""
    threading = sys.modules.get("threading")
    if threading is None or type(container) not in (set, list, dict):
        return 0
    members = list(container.values()) if type(container) is dict else list(container)  # type: ignore[call-overload]
    return sum(isinstance(member, threading.Thread) for member in members)


def _type_name(value: object) -> str:
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
