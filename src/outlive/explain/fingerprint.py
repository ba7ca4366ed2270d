"""The identity of one mistake over runs, machines, edits and versions of Python.

Made of what must not change: the kind, the nearest named holder and the way from it to the faulty reference, and the
patterns and types of the suspect references. What hangs on the first stuck object is the same mistake, whatever it is.
Never of addresses, indices, numbers of nodes or lines. What leads to the named holder is left out, so that one class
attribute is one mistake by whichever module it is reached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from outlive.explain.kinds import plain
from outlive.explain.links import NATIVE, Chain, Link, shape, steady
from outlive.explain.owner import anchor

_COLLECTIONS = (
    "dict", "list", "set", "collections.deque", "collections.OrderedDict", "collections.defaultdict",
    "functools._lru_cache_wrapper",
)  # fmt: skip
_ELEMENT = "an element"


def fingerprint(kind: str, chain: Chain, faulty: Sequence[int]) -> str:
    """Twelve hexadecimal digits; `faulty` are the indices of the suspect references, none: the whole path counts."""
    if chain.thread and 0 in faulty:
        return digest(kind, "thread", chain.thread.entry)
    if chain.root_kind == NATIVE and 0 in faulty:
        return digest(kind, NATIVE, plain(chain.links[0].type))
    first, last = min(faulty, default=0), max(faulty, default=len(chain.links) - 1)
    named = anchor(chain, first - 1)
    name = _steady_name(chain.links[named]) if named >= 0 else steady(chain.root)
    suspects = chain.links[first : last + 1]
    into = [_ELEMENT] if first == last and _is_collection(chain, first - 1) else _flat(suspects)
    parts = (kind, name, *_flat(chain.links[named + 1 : first]), "→", *into)
    return digest(*parts)


def _is_collection(chain: Chain, at: int) -> bool:
    """A collection that is not emptied is one mistake for its keys and its values, whatever their types."""
    return at >= 0 and plain(chain.links[at].type) in _COLLECTIONS


def digest(*parts: str) -> str:
    """The fingerprint of some texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _steady_name(link: Link) -> str:
    """ "frame app.run (app.py:30)" without its place: a line more above it is the same mistake."""
    return steady(f"{plain(link.type)} {link.what.partition(' (')[0]}")


def _flat(links: Sequence[Link]) -> list[str]:
    return [text for pattern, kind in shape(links) for text in (pattern, plain(kind))]
