"""Names of functions as tools write them, brought to one: without signature, return type, versions and clones.

Knows the shapes that C, C++ and Rust compilers and demanglers give to names; knows no stack.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CLONES = re.compile(
    r"(?:\.(?:part|constprop|isra|cold|lto_priv|localalias|llvm|unlikely)(?:\.\d+)*)+$| \[clone [^\]]*\]"
)
_VERSION = re.compile(r"@+(?:plt|[A-Za-z]+_[\w.]+)$")
_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")
_LONGEST = 2000
_OPENING, _CLOSING = "(<[{", ")>]}"


@lru_cache(maxsize=32768)
def bare_name(function: str) -> str:
    """A function without its signature, its interceptor's prefix, its versions and the clones of optimisers.

    >>> bare_name("void app::Pool<int>::fill(int, char const*) const")
    'app::Pool<int>::fill'
    """
    name = function.removeprefix("___interceptor_").removeprefix("__interceptor_")
    name = _RUST_HASH.sub("", _VERSION.sub("", _CLONES.sub("", name[:_LONGEST])))
    if name.endswith((") const", ") &", ") &&")):
        name = name[: name.rfind(")") + 1]
    return _without_return_type(_without_parameters(name)) if name.endswith(")") else name


def last_part(name: str) -> str:
    """The function's own name, without namespaces, classes and template arguments, as debug information may say it.

    >>> last_part("app::Pool<int>::fill<char>")
    'fill'
    """
    at = name.rfind("operator")
    if (at > 0 and name[at - 1] == ":") or at == 0:
        rest = name[at:]
        return rest if rest.startswith(("operator<", "operator-", "operator>")) else rest.partition("<")[0]
    inner, depth = "", 0
    for one in reversed(name):
        if one in _CLOSING:
            depth += 1
        elif one in _OPENING:
            depth -= 1
        elif depth == 0:
            if one == ":":
                break
            inner += one
    return inner[::-1] or name


def is_qualified(name: str) -> bool:
    """Whether it says a namespace, a class or template arguments."""
    return last_part(name) != name


def _without_parameters(name: str) -> str:
    """Cuts the last bracketed list; `operator()` and `(anonymous namespace)` keep theirs."""
    depth = 0
    for at in range(len(name) - 1, -1, -1):
        depth += (name[at] == ")") - (name[at] == "(")
        if depth == 0:
            head = name[:at]
            return name if not head or head.endswith(("operator", "::")) else head
    return name


def _without_return_type(name: str) -> str:
    """Demanglers write it before instances of templates only."""
    if "operator" in name:
        return name
    depth = 0
    for at in range(len(name) - 1, -1, -1):
        depth += (name[at] in _CLOSING) - (name[at] in _OPENING)
        if depth == 0 and name[at] == " ":
            return name[at + 1 :]
    return name
