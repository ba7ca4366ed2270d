"""A small language for holder paths: one line for each hop, `reference -> type # what`, `!` before a faulty one.

held("app.SESSIONS -> dict", "! [*] -> app.Session")
"""

from __future__ import annotations

from typing import Any

from outlive.catalogue import Facts
from outlive.model.explanation import Hop


def held(*lines: str, root: str = "", **more: Any) -> Facts:
    """The facts of an outliver at the end of the path. The root is the first line's module unless one is named."""
    hops = tuple(_hop(line) for line in lines)
    values = {"kind": "python-object", "type": hops[-1].type, "python": "3.12.1", **more}
    return Facts(hops=hops, root=root or _module(lines[0]), **values)


def without_faulty(facts: Facts) -> Facts:
    """The same path, when nobody could say which of its references should not be there."""
    hops = [Hop(hop.label, hop.pattern, hop.type, hop.what) for hop in facts.hops]
    return Facts(**{**vars(facts), "hops": tuple(hops)})


def _hop(line: str) -> Hop:
    faulty = line.startswith("!")
    ref, _, rest = line.removeprefix("!").strip().partition(" -> ")
    type_name, _, what = rest.partition(" # ")
    return Hop(label=ref, pattern=ref, type=type_name, what=what, faulty=faulty)


def _module(line: str) -> str:
    """ "app" of "app.SESSIONS -> dict"; a table of the interpreter is its own root."""
    ref = line.removeprefix("!").strip().partition(" -> ")[0]
    return ref.rpartition(".")[0] if "." in ref and not set(" (") & set(ref) else ref
