"""Which of a program's functions only hand malloc's blocks on: xmalloc and its like. What they make is their caller's.

Two signs, either is enough. Its name is one that such functions have. Or it behaves so: it asks for memory in one place
only, three callers or more come through it with three sizes or more, and each of them always gets the same size: the
size is the caller's choice, so the caller knows what it is. What makes strings of many lengths, or a list node for
everybody, does not look like that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from outlive.model.explanation import NativeFrame

_NAME = re.compile(
    r"^_*(?:\w*_)?(?:x|s|e|n|z|safe_?|must_?|my_?|checked_?|do_?)?(?:(?:m|c|re|z)alloc(?:array|_array|0|z|n|_n|f)?"
    r"|strn?dup|memdup)(?:_or_\w+)?$|^_*(?:x|must_|safe_|checked_)alloc$"
)
_LEAST_CALLERS = 3
_LEAST_SIZES = 3

Function = tuple[str, str]


@dataclass(frozen=True)
class Request:
    """`by` asked an allocator, in the place that returns to `by.address`, for `size` bytes; `caller` had called it."""

    by: NativeFrame
    caller: NativeFrame | None
    size: int


def wrappers(requests: Iterable[Request]) -> frozenset[Function]:
    """Module and name of each."""
    places: dict[Function, set[int]] = defaultdict(set)
    sizes: dict[Function, dict[tuple[str, str, int], set[int]]] = defaultdict(lambda: defaultdict(set))
    named = set()
    for one in requests:
        function = one.by.module, one.by.function
        if not one.by.function or not one.by.certain:
            continue
        if has_wrappers_name(one.by.function):
            named.add(function)
        places[function].add(one.by.address)
        if one.caller is not None:
            sizes[function][one.caller.module, one.caller.function, one.caller.address].add(one.size)
    behaving = {function for function in places if len(places[function]) == 1 and _passes(sizes[function])}
    return frozenset(named | behaving)


def has_wrappers_name(function: str) -> bool:
    """
    >>> [has_wrappers_name(one) for one in ("xmalloc", "app_strdup", "must_alloc", "conn_alloc", "list_create")]
    [True, True, True, False, False]
    """
    return bool(_NAME.match(function))


def _passes(by_caller: dict[tuple[str, str, int], set[int]]) -> bool:
    different = {size for sizes in by_caller.values() for size in sizes}
    constant = all(len(sizes) == 1 for sizes in by_caller.values())
    return constant and len({caller[:2] for caller in by_caller}) >= _LEAST_CALLERS and len(different) >= _LEAST_SIZES
