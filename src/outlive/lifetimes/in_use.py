"""Whether somebody still uses what is just being ended: work that runs in a pool, connections that were given out.

Theory of operation. A contract says where to count, as a small sum over the attributes of the object that ends:

    "_acquired"                             elements of a collection, a number, or 1 for anything else that is there
    "_holders[]._in_use"                    elements of `_holders` whose `_in_use` is there
    "_pool.maxsize + _overflow - _pool.queue"
    "_connector._acquired if _connector_owner"

A thread counts while it is alive. No code of the program runs: only instance dicts, slots and containers of the
interpreter's own are read, no property is asked and no lock is taken. What cannot be read so is not known, and then
nothing is said.
"""

from __future__ import annotations

import sys

from outlive.lifetimes.naming import attribute, class_name, is_instance, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ABSENT: Any = object()
_EMPTY = (None, False)
_MOST = 100_000
_COLLECTIONS = (list, tuple, dict, set, frozenset)
_line_of_classes: Any = type.__dict__["__mro__"]
_namespace: Any = type.__dict__["__dict__"]


class _Slotted:
    __slots__ = ("one",)


_SLOT = type(_Slotted.__dict__["one"])


def users(rows: tuple[tuple[str, str], ...], obj: object) -> str:
    """ "connections given out: 2, requests that wait: 1"; "" where nobody is known to use it."""
    found = []
    for expression, words in rows:
        try:
            number = count(expression, obj)
        except Exception:
            number = 0  # somebody changes it while we read: not known
        if number > 0:
            found.append(f"{words}: {number}")
    return ", ".join(found)


def count(expression: str, obj: object) -> int:
    """What the expression counts; 0 where it is not known. Raises where the object changes meanwhile."""
    counted, _, condition = expression.partition(" if ")
    if condition and _value(condition.strip(), obj) is not True:
        return 0
    total, sign = 0, 1
    for word in counted.split():
        if word in ("+", "-"):
            sign = 1 if word == "+" else -1
            continue
        number = int(word) if word.isdigit() else _count_of(word, obj)
        if number is None:
            return 0
        total += sign * number
    return total


def _count_of(path: str, obj: object) -> int | None:
    """One term; None: not known."""
    each, all_of, rest = path.partition("[]")
    value = _value(each, obj)
    if not all_of:
        return _size(value)
    elements = _elements(value)
    if elements is None:
        return None
    inner = rest.lstrip(".")
    return sum(1 for one in elements if _is_there(_value(inner, one) if inner else one))


def _is_there(value: Any) -> bool:
    if value is _ABSENT or any(value is one for one in _EMPTY):
        return False
    thread = getattr(sys.modules.get("threading"), "Thread", None)
    if thread is not None and is_instance(value, thread):
        return bool(thread.is_alive(value))
    return True


def _size(value: Any) -> int | None:
    if value is _ABSENT:
        return None
    if type(value) is int:
        return value
    elements = _elements(value)
    if elements is not None:
        return len(elements)
    if type_name(value) == "_queue.SimpleQueue":
        return int(value.qsize())
    return int(_is_there(value))


def _elements(value: Any) -> list[Any] | None:
    """The elements of a collection, values of a dict, as a list of their own; None: it is none, or one too large."""
    for base in _line_of_classes.__get__(type(value)):
        if any(base is one for one in _COLLECTIONS) or class_name(base) == "collections.deque":
            if base.__len__(value) > _MOST:
                return None
            return list(dict.values(value)) if base is dict else list(base.__iter__(value))
    return None


def _value(path: str, obj: Any) -> Any:
    for name in path.split("."):
        obj = _plain(obj, name)
        if obj is _ABSENT:
            return _ABSENT
    return obj


def _plain(obj: Any, name: str) -> Any:
    """What stands in the object itself under the name, in its dict or in a slot."""
    found = attribute(obj, name)
    if found is not None:
        return found
    for base in _line_of_classes.__get__(type(obj)):
        raw = _namespace.__get__(base).get(name, _ABSENT)
        if type(raw) is _SLOT:
            try:
                return raw.__get__(obj)
            except AttributeError:
                return _ABSENT
        if raw is not _ABSENT:
            return raw if type(raw) in (int, bool, type(None)) else _ABSENT
    return None if _has(obj, name) else _ABSENT


def _has(obj: Any, name: str) -> bool:
    """Whether None stands there."""
    try:
        return name in object.__getattribute__(obj, "__dict__")
    except Exception:
        return False
