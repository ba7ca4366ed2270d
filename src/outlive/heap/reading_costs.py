"""Which way to an object is told first: the readable one, not merely the shortest.

The cost of a path is its root's, plus one for each reference, plus what stands here. All ways are truly there, and the
cheapest is shown; nothing is hidden, only told later. Each line has its reason. Roots that have no line cost nothing.
"""

from __future__ import annotations

import sys
from typing import Final, NamedTuple


class Cost(NamedTuple):
    """`enter` is paid by a reference to such an object, `leave` by one from it."""

    enter: int
    leave: int
    reason: str


# By type.
TYPES: Final = {
    "frame": Cost(8, 0, "what was local when an exception passed; running frames are roots and do not pay it"),
    "traceback": Cost(4, 0, "leads to frames only"),
    "method": Cost(0, 2, "a bound method holds its object; who else does says more"),
    "code": Cost(6, 4, "constants of code; whoever holds the function says more"),
    "weakref": Cost(4, 4, "holds a callback only, never its referent"),
    "weakref.ReferenceType": Cost(4, 4, "as weakref"),
    "weakref.ProxyType": Cost(4, 4, "as weakref"),
    "weakref.CallableProxyType": Cost(4, 4, "as weakref"),
    "mappingproxy": Cost(4, 0, "another view of a namespace that has its own way"),
    "getset_descriptor": Cost(6, 0, "parts of a C type"),
    "member_descriptor": Cost(6, 0, "parts of a C type, or a slot; the instance holds what is in it"),
    "method_descriptor": Cost(6, 0, "parts of a C type"),
    "classmethod_descriptor": Cost(6, 0, "parts of a C type"),
    "wrapper_descriptor": Cost(6, 0, "parts of a C type"),
    "_frozen_importlib.ModuleSpec": Cost(20, 0, "the import system's notes about a module"),
    "_frozen_importlib_external.SourceFileLoader": Cost(20, 0, "the import system's notes about a module"),
    "_frozen_importlib_external.ExtensionFileLoader": Cost(20, 0, "the import system's notes about a module"),
    "_frozen_importlib_external.FileFinder": Cost(20, 0, "the import system's notes about a folder"),
    "_asyncio.Task": Cost(0, 6, "refers to its loop, and so to all that waits there"),
    "_asyncio.Future": Cost(0, 6, "refers to its loop, and so to all that waits there"),
    "asyncio.events.Handle": Cost(0, 2, "refers to its loop"),
    "asyncio.events.TimerHandle": Cost(0, 2, "refers to its loop"),
    "_thread._local": Cost(10, 0, "a thread's own storage: told after what all threads can reach"),
    "_thread._localdummy": Cost(10, 0, "a thread's own storage"),
}

# Registries of the standard library as class attributes, to which each object that is in them refers as well: a path
# begins at the registry. (module, class, attribute)
REGISTRIES: Final = {
    ("logging", "Logger", "manager"): (3, "each logger has it as `.manager`, and no logger is why another one lives"),
}

# From an instance to its class: true of every object, and says nothing of why this one is alive.
TYPE_REFERENCE: Final = 20

# Globals of the standard library that hold what others made, and are rarely why it lives: (module, name).
GLOBALS: Final = {
    ("sys", "modules"): (60, "each module is a root of its own"),
    ("sys", "path_importer_cache"): (20, "the import system's notes"),
    ("sys", "meta_path"): (10, "the import system's finders"),
    ("linecache", "cache"): (10, "source lines kept for tracebacks"),
    ("re", "_cache"): (10, "compiled patterns, bounded"),
    ("typing", "_cleanups"): (20, "caches of generic aliases, bounded"),
    ("copyreg", "dispatch_table"): (4, "how to copy a class"),
    ("threading", "_active"): (6, "threads that run: what they work on says more"),
    ("threading", "_dangling"): (10, "all threads, weakly"),
    ("logging", "_handlerList"): (4, "all handlers, weakly; their loggers say more"),
}

# A reference to a module or to its globals from elsewhere: each is where a path begins, and dearer on the way.
MODULE_REFERENCE: Final = 100

# Modules as roots. A program's own modules cost nothing: their names say most.
STANDARD_LIBRARY: Final = 2
MODULES: Final = {
    "sys": (6, "refers to what every thread and every import left there"),
    "builtins": (10, "everybody's names; `builtins._` of an interactive shell stands here, too"),
    "gc": (6, "lists of the collector"),
    "importlib": (20, "the import system"),
    "_frozen_importlib": (20, "the import system"),
    "_frozen_importlib_external": (20, "the import system"),
    "_imp": (20, "the import system"),
    "_weakrefset": (6, "weak containers"),
    "typing": (10, "caches of generic aliases"),
    "abc": (10, "caches of subclass checks"),
    "_abc": (10, "caches of subclass checks"),
}

RUNNING_FRAME: Final = 6  # a local variable ends with its function; a module's global does not
START_OF_A_THREAD: Final = 8  # threading's own frames hold their Thread only; whom the thread works for says more

# What an interpreter or a thread holds, by root name.
TABLES: Final = {
    "sys.modules": (100, "each module is a root of its own"),
    "extension modules by index": (100, "each module is a root of its own"),
    "sys.__dict__": (60, "the module sys is a root"),
    "builtins.__dict__": (60, "the module builtins is a root"),
    "saved copy of builtins": (100, "what builtins was at start-up"),
    "importlib": (60, "a module, and a root as such"),
    "method cache": (120, "names last looked up"),
    "small integers": (120, "the interpreter's constants"),
    "single characters": (120, "the interpreter's constants"),
    "names used by the interpreter": (120, "the interpreter's constants"),
    "thread dict": (40, "storage of threading.local: told after what all threads can reach"),
    "context variables": (3, "a thread's current context; tasks and handles refer to the same one"),
    "exception being handled": (12, "gone when its except clause ends"),
    "exception being raised": (12, "gone when it is handled"),
    "interpreter dict": (30, "storage of extension modules"),
}
TABLE: Final = 4  # any other: atexit callbacks, signal handlers, at-fork hooks …


def module_cost(name: str) -> int:
    """What a path that begins at this module pays."""
    if name in MODULES:
        return MODULES[name][0]
    top = name.partition(".")[0]
    if top in MODULES:
        return MODULES[top][0]
    return STANDARD_LIBRARY if top in sys.stdlib_module_names else 0


def table_cost(name: str) -> int:
    """What a path pays that begins at what an interpreter or a thread holds under this name."""
    return TABLES[name][0] if name in TABLES else TABLE
