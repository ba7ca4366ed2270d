"""Services by name: which methods the other side may call, and what their authors noted about them.

A service is any object; its public methods are offered. `@exposed` on one of them says how long it may take and what
it is for.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
NOTE = "_rpc_exposed"


@dataclass(frozen=True)
class Exposed:
    """A method's annotation. `seconds` limits one call on the side that runs it; 0 is no limit."""

    seconds: float = 0.0
    about: str = ""


def exposed(seconds: float = 0.0, about: str = "") -> Callable[[Function], Function]:
    """Annotate a method of a service: `@exposed(seconds=2, about="adds")`."""

    def annotate(function: Function) -> Function:
        setattr(function, NOTE, Exposed(seconds, about))
        return function

    return annotate


class Services:
    """What one side offers. `parent` is asked for names that are not here (a server's, for its sessions)."""

    def __init__(self, parent: Services | None = None) -> None:
        self._methods: dict[str, dict[str, Callable[..., Any]]] = {}
        self._parent = parent

    def add(self, name: str, service: Any) -> None:
        """Offer the public methods of an object, or the functions of a dict, under a name."""
        if isinstance(service, dict):
            self._methods[name] = dict(service)
            return
        public = [attribute for attribute in dir(service) if not attribute.startswith("_")]
        self._methods[name] = {key: getattr(service, key) for key in public if callable(getattr(service, key))}

    def remove(self, name: str) -> None:
        self._methods.pop(name, None)

    def find(self, name: str, method: str) -> Callable[..., Any]:
        """The function to call. Raises `LookupError` with the names that there are."""
        methods = self._methods.get(name)
        if methods is None:
            if self._parent is not None:
                return self._parent.find(name, method)
            raise LookupError(f"no service {name!r}; there are {', '.join(self.names()) or 'none'}")
        if method not in methods:
            raise LookupError(f"{name} has no method {method!r}; it has {', '.join(sorted(methods))}")
        return methods[method]

    def names(self) -> list[str]:
        return sorted({*self._methods, *(self._parent.names() if self._parent else ())})

    def describe(self, name: str) -> dict[str, dict[str, Any]]:
        """Each method's signature and note."""
        methods = self._methods.get(name)
        if methods is None:
            return self._parent.describe(name) if self._parent else {}
        return {key: _describe(function) for key, function in sorted(methods.items())}

    def clear(self) -> None:
        """Offer nothing any more; the parent's are not ours to clear."""
        self._methods.clear()


def note_of(function: Callable[..., Any]) -> Exposed:
    return getattr(function, NOTE, Exposed())


def _describe(function: Callable[..., Any]) -> dict[str, Any]:
    note = note_of(function)
    return {"signature": str(inspect.signature(function)), "seconds": note.seconds, "about": note.about}
