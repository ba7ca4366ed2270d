"""How an object's type is called: as a snapshot calls it, so that both can be laid side by side.

Reads a class by the descriptors of `type` itself: no metaclass of the program's is asked.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_of_type: Any = type.__dict__
_namespace, _qualified, _line_of_classes = _of_type["__dict__"], _of_type["__qualname__"], _of_type["__mro__"]
_static_module = _of_type["__module__"]


def class_name(cls: type) -> str:
    """ "module.Qualified.Name"; without the module for builtins."""
    try:
        module = _namespace.__get__(cls).get("__module__")
        if type(module) is not str:
            module = _static_module.__get__(cls)
        name: str = _qualified.__get__(cls)
    except Exception:
        return "?"
    return name if module == "builtins" or type(module) is not str else f"{module}.{name}"


def type_name(obj: object) -> str:
    return class_name(type(obj))


def is_instance(obj: object, cls: type) -> bool:
    """Whether `cls` is among the classes of `obj`; unlike isinstance() it asks nobody."""
    return any(base is cls for base in _line_of_classes.__get__(type(obj)))


def attribute(obj: object, name: str) -> object:
    """What stands in the object's own dict under `name`; None if it has none. Runs no code of its class."""
    try:
        return object.__getattribute__(obj, "__dict__").get(name)
    except Exception:
        return None
