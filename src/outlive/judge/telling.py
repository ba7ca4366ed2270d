"""Which of the counters that grow together tells a person most. Knows names only; no numbers.

A leaked connection is a thread, three descriptors, an `app.Connection`, forty cells and tuples, and 21 KB. The thread
or the class is what one looks for in the source, the tuples are what one finds everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Collection

from outlive.model.series import CounterKey

# Resource kinds, the most telling first; a kind that brings another with it stands before it (a thread has
# descriptors, a child process has pipes). `references` without objects are lost by native code.
OVER_RELEASED = "over-released"
_KIND_OF = {
    "threads": "thread",
    "children": "process",
    "tasks": "task",
    "timers": "timer",
    "fds": "fd",
    "temp-files": "temp-file",
    "objects": "python-object",
    "items": "python-object",
    "bytes": "python-object",
    "references": "native",
    OVER_RELEASED: "native",
    "blocks": "native",
    "native": "native",
    "mapped": "mapping",
}
BUILTIN = 3
_ORDER = {counter: place for place, counter in enumerate(_KIND_OF)}

# Builtin types that say what a program was doing, in order of how much; the rest (list, dict, str, int …) say
# least, because everything is made of them.
_SPEAKING = ("coroutine", "async_generator", "generator", "function", "method", "module", "type", "frame", "traceback")
_PLAIN_LAST = ("cell", "set", "dict", "list", "tuple", "bytes", "bytearray", "str", "int", "float")


def kind_of(counter: str) -> str:
    """The resource kind that a counter counts; a counter not known here is its own kind."""
    return _KIND_OF.get(counter, counter)


def rank(key: CounterKey, own_modules: Collection[str] = ()) -> tuple[int, int, int, str, str]:
    """Sort key: the smallest is the most telling.

    Among object counters the type's origin comes before what is counted of it: growing *items* of a class of ours say
    more than growing tuples.
    """
    counter = _ORDER.get(key.counter, len(_ORDER))
    group = _ORDER["objects"] if kind_of(key.counter) == "python-object" else counter
    return (group, origin(key.type, own_modules), counter, _speech(key.type), key.type)


def origin(type_name: str, own_modules: Collection[str] = ()) -> int:
    """0 the scenario's own module, 1 another package's, 2 the standard library's, 3 builtin."""
    module, _, _ = type_name.rpartition(".")
    top = module.partition(".")[0]
    if module and (module in own_modules or top in own_modules or top == "__main__"):
        return 0
    if not module or top == "builtins":
        return BUILTIN
    return 2 if top in sys.stdlib_module_names else 1


def _speech(type_name: str) -> str:
    """How much a builtin says, as one sortable word: a class with a public home says more than a private module's."""
    module, _, name = type_name.rpartition(".")
    if name in _SPEAKING:
        return chr(ord("a") + _SPEAKING.index(name))
    if name in _PLAIN_LAST:
        return chr(ord("n") + _PLAIN_LAST.index(name))
    return "m private" if module.startswith("_") else "m"
