"""Places: "package.module:Class.method" or "package.module:function", and the names of classes in heaps.

Knows how they are written and what a person most likely meant who wrote another thing; not whether they exist.
"""

from __future__ import annotations

import re

_NAME = r"[^\W\d]\w*"
_DOTTED = rf"{_NAME}(\.{_NAME})*"
_PLACE = re.compile(rf"(?P<module>{_DOTTED}):(?P<inside>{_DOTTED})")
_TYPE = re.compile(_DOTTED)

# How an ending call is told of afterwards; any other call is told by its name.
_PAST = {
    "aclose": "closed", "cancel": "cancelled", "close": "closed", "dispose": "disposed of", "exit": "exited",
    "disconnect": "disconnected", "join": "joined", "quit": "quit", "release": "released", "shutdown": "shut down",
    "stop": "stopped", "terminate": "terminated", "unsubscribe": "unsubscribed",
}  # fmt: skip


def place_mistake(place: str, begins: str = "") -> str:
    """What is wrong with how the place is written, and what to write instead; "" when it is right.

    >>> place_mistake("shop.api.Session.close")
    "'shop.api.Session.close' is no place; did you mean 'shop.api:Session.close'?"
    """
    if _PLACE.fullmatch(place):
        return ""
    meant = _meant(place.strip(), begins)
    instead = (
        f"did you mean {meant!r}?" if meant else 'write "package.module:Class.method" or "package.module:function"'
    )
    return f"{place!r} is no place; {instead}"


def _meant(place: str, begins: str) -> str:
    """A well-formed place near to what was written: without brackets, with its colon, in the class that begins."""
    bare = re.sub(r"\(.*\)$", "", place)
    known = _PLACE.fullmatch(begins)
    if _PLACE.fullmatch(bare):
        return bare
    if re.fullmatch(_NAME, bare) and known:
        first, dot, _ = known["inside"].rpartition(".")
        owner = first if dot else known["inside"]
        return f"{known['module']}:{owner}.{bare}"
    if not _TYPE.fullmatch(bare) or "." not in bare:
        return ""
    parts = bare.split(".")
    split = next((at for at, part in enumerate(parts) if at and part[:1].isupper()), len(parts) - 1)
    return f"{'.'.join(parts[:split])}:{'.'.join(parts[split:])}"


def type_mistake(name: str) -> str:
    """What is wrong with the name of a class; "" when it is right."""
    if _TYPE.fullmatch(name):
        return ""
    dotted = name.replace(":", ".").strip(". ()")
    instead = f"did you mean {dotted!r}?" if _TYPE.fullmatch(dotted) else 'write its full name, "package.module.Class"'
    return f"{name!r} is no name of a class; {instead}"


def default_name(begins: str, end: str) -> str:
    """What is said to have ended when the contract gives no name.

    >>> default_name("shop.api:Session.__init__", "shop.api:Session.close")
    'Session closed'
    """
    owner = _owner(begins)
    call = end.rpartition(".")[2].rpartition(":")[2]
    past = _PAST.get(call.strip("_"))
    return f"{owner} {past}" if past else f"{owner}: {call}() was called"


def _owner(begins: str) -> str:
    """The class that a place is of, or the function's own name."""
    parts = begins.partition(":")[2].split(".")
    is_class = parts[-1][:1].isupper() or len(parts) == 1
    return parts[-1] if is_class else parts[-2]
