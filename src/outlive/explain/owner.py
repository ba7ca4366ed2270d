"""Whose the mistake is: decided by where the faulty reference lives, never by the type of what leaked.

From the holder of the faulty reference back to the root, the first object with a name of its own decides: an instance
by its class's module, a class, function or module by itself, a frame by its file. Containers that anybody may use
(lists, queues, caches of functools) have no say: they are as much somebody's as the thing that holds them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from outlive.explain.context import Context
from outlive.explain.kinds import plain
from outlive.explain.links import Chain, Link
from outlive.explain.packages import UNKNOWN, owner_of_file, owner_of_module
from outlive.model.explanation import Owner, OwnerKind, Site

# General-purpose containers and wrappers of the standard library, by module: their users own what is in them.
_GENERAL = frozenset(
    (
        "builtins", "collections", "queue", "_queue", "asyncio.queues", "weakref", "_weakref", "functools", "types",
        "array", "contextvars", "_contextvars", "_thread", "itertools", "operator", "enum", "dataclasses", "abc",
        "_io", "io", "contextlib",
    )
)  # fmt: skip
# "function app.web.handle (app/web.py:12)", "class app.Session", "frame app.run (app.py:30)".
_NAMED = re.compile(
    r"^(?:function|class|frame|code|module|method|coroutine|generator|async_generator)?"
    r"\s*'?([\w.<>]+)'?(?: \((.+?)(?::\d+)?\))?$"
)
_RUNS = ("frame", "function", "code", "coroutine", "generator", "async_generator")


def owner_of_holder(chain: Chain, holder: int, context: Context) -> Owner:
    """The owner of the reference held by link `holder`; -1 stands for the root itself."""
    for link in reversed(chain.links[: holder + 1]):
        owner = _owner_of(link, context)
        if owner.kind is not OwnerKind.UNKNOWN:
            return owner
    return _owner_of_root(chain, context)


def anchor(chain: Chain, holder: int) -> int:
    """The index of the nearest object with a name of its own at or before `holder`; -1: the root."""
    return next((at for at in range(holder, -1, -1) if module_of(chain.links[at])), -1)


def module_of(link: Link) -> str:
    """The module that an object's name or class tells; "" for containers that anybody may use."""
    kind = plain(link.type)
    if kind in ("module", "type", "function", "method", "frame", "classmethod", "staticmethod") or kind.endswith(
        "Meta"
    ):
        return _module_in(link.what) or (link.what if kind == "module" else "")
    module = kind.rpartition(".")[0]
    while module and not module.rpartition(".")[2].islower() and "." in module:
        module = module.rpartition(".")[0]  # a nested class is named below its class
    return "" if module in _GENERAL else module


def _module_in(what: str) -> str:
    named = _NAMED.match(what)
    if not named:
        return ""
    name = named[1]
    return name if what.startswith("module") else name.partition(".<locals>")[0].rpartition(".")[0] or name


def _owner_of(link: Link, context: Context) -> Owner:
    named = _NAMED.match(link.what)
    if plain(link.type) in _RUNS and named and named[2]:
        owner = owner_of_file(named[2], context.packages)
        if owner.kind is not OwnerKind.UNKNOWN:
            return owner
        return _by_module(_module_in(link.what), context)
    return _by_module(module_of(link), context)


def _by_module(module: str, context: Context) -> Owner:
    """A name may be longer than the module ("app.Session.handle"); the first part decides alike."""
    if not module:
        return UNKNOWN
    top = module.partition(".")[0]
    if top in context.own_modules or module in context.own_modules:
        return Owner(OwnerKind.YOURS, top)
    return owner_of_module(module, context.packages)


def _owner_of_root(chain: Chain, context: Context) -> Owner:
    if chain.thread and chain.thread.entry:
        return _by_module(_module_in(f"function {chain.thread.entry}"), context)
    if chain.root_kind in ("interpreter", "thread", "static type"):
        return Owner(OwnerKind.INTERPRETER, "python", context.packages.python)
    return _by_module(chain.root, context) if chain.root_kind == "module" else UNKNOWN


def owner_of_type(type_name: str, context: Context) -> Owner:
    """Whose class or extension module defines a type; unknown for types that anybody uses."""
    module = plain(type_name).rpartition(".")[0]
    return UNKNOWN if module in _GENERAL else _by_module(module, context)


def owner_of_site(site: Site | None, context: Context) -> Owner:
    """Whose code made it: the nearest caller that is yours, else the innermost that is anybody's."""
    if site is None:
        return UNKNOWN
    owners = [owner_of_file(one.file, context.packages) for one in frames_of(site)]
    yours = [owner for owner in owners if owner.kind is OwnerKind.YOURS]
    known = [owner for owner in owners if owner.kind is not OwnerKind.UNKNOWN]
    return next(iter([*yours, *known]), UNKNOWN)


def frames_of(site: Site) -> Sequence[Site]:
    """A site and its callers, innermost first."""
    return (site, *site.callers)


def site_to_tell(site: Site | None, context: Context) -> Site | None:
    """The site up to the outermost caller that is yours: what runs your step is nobody's mistake.

    An approximate site that leads through no code of yours is not told: it is as likely an earlier object's.
    """
    if site is None:
        return None
    frames = frames_of(site)
    yours = [at for at, one in enumerate(frames) if owner_of_file(one.file, context.packages).kind is OwnerKind.YOURS]
    if not yours:
        return None if site.approximate else site
    return replace(site, callers=site.callers[: yours[-1]])


def beyond_stdlib(site: Site | None, context: Context) -> Site | None:
    """The site from the innermost line beyond the standard library: it asked for what was made."""
    if site is None:
        return None
    frames = frames_of(site)
    kinds = [owner_of_file(one.file, context.packages).kind for one in frames]
    first = next((at for at, kind in enumerate(kinds) if kind is not OwnerKind.INTERPRETER), 0)
    return replace(frames[first], callers=site.callers[first:], approximate=site.approximate)


def place_of(site: Site | None) -> tuple[str, int]:
    """The line alone, to count by; ("", 0) where it is not known."""
    return (site.file, site.line) if site is not None else ("", 0)
