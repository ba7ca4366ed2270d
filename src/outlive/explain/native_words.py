"""Native blocks that a program loses, or keeps more of with each step, in the words of an explanation. Words only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from outlive.catalogue.facts import Facts
from outlive.catalogue.matching import match
from outlive.explain.context import Context
from outlive.explain.fingerprint import digest
from outlive.explain.kept_blocks import KeptPile
from outlive.explain.lost_blocks import LostPile
from outlive.explain.native_origin import Origin, owner_of_caller, owner_of_origin, told_site
from outlive.model.explanation import Explanation, OwnerKind
from outlive.model.native_blocks import HolderKind
from outlive.model.verdict import Evidence

KIND = "native"
LOST = "blocks lost"
"""The counter of blocks that nobody can come by any more, as `--allow` and the evidence name it."""


def loss_evidence(pile: LostPile) -> Evidence:
    one = pile.judgement
    return Evidence(LOST, "", pile.count, one.steps, one.before, one.after, one.ups, one.downs, one.e_value)


def loss_explained(pile: LostPile, context: Context) -> Explanation:
    origin, site = pile.origin, told_site(pile.origin, context)
    owner = owner_of_origin(origin, context)
    totals = ", ".join(f"{count:,}" for count in pile.totals[:-1])
    lost = f"No pointer to it is left anywhere, so nobody can free it: {totals} and {pile.totals[-1]:,} in three looks."
    facts = Facts(kind=KIND, type="", site=site, owner=owner, counters=frozenset({LOST}),
                  versions=context.packages.versions, python=context.packages.python)  # fmt: skip
    return Explanation(
        sentence=f"{taker(origin, context)} takes {_blocks(pile)} and loses it. {lost}",
        owner=owner,
        site=site,
        made_by=owner_of_caller(origin, context),
        native=origin.frames if origin.function is not None else (),
        retained_bytes=round(pile.bytes.per_step / pile.count.per_step),
        explained=pile.seen,
        sampled=pile.seen,
        advice=match(facts),
        fingerprint=digest(KIND, LOST, *_identity(origin)),
    )


_LOST_PATTERN = "native-memory-lost"
_CARRIERS = ("_ctypes.", "_cffi_backend.")
_HELD_BY = {
    HolderKind.GLOBAL: "each is held from {}",
    HolderKind.STACK: "each is held from a thread's stack",
    HolderKind.THREAD: "each is held from a thread-local variable",
    HolderKind.MAPPING: "each is held from memory that is mapped and belongs to no allocator known here",
    HolderKind.UNRECORDED: "each is held from memory that was taken before the recorder began",
}


def kept_explained(pile: KeptPile, type_name: str, holding: Explanation | None, context: Context) -> Explanation:
    """`type_name`: of the Python objects that hold the blocks; `holding`: why those are alive."""
    origin, site = pile.origin, told_site(pile.origin, context)
    facts = Facts(kind=KIND, type="", site=site, owner=owner_of_origin(origin, context),
                  versions=context.packages.versions, python=context.packages.python)  # fmt: skip
    own = Explanation(
        sentence=f"{taker(origin, context)} takes {_kept(pile)}; {_held(pile, type_name)}.",
        owner=owner_of_origin(origin, context),
        site=site,
        made_by=owner_of_caller(origin, context),
        native=origin.frames if origin.function is not None else (),
        retained_bytes=round(pile.size),
        explained=pile.seen,
        sampled=pile.seen,
        advice=tuple(one for one in match(facts) if one.id != _LOST_PATTERN),
        fingerprint=digest(KIND, "kept-blocks", *_identity(origin)),
    )
    if holding is None:
        return own
    return replace(
        own,
        sentence=f"{own.sentence} {holding.sentence}",
        path=holding.path,
        held_by=holding.held_by,
        owner=holding.owner if holding.path else own.owner,
        also_held_by=holding.also_held_by,
    )


def _kept(pile: KeptPile) -> str:
    if pile.mapped:
        return f"{round(pile.size):,} bytes of the system's memory each time"
    if pile.count_per_step > 0:
        return f"a block of {round(pile.size):,} bytes each time, and they stay"
    return f"a block that grows by {round(pile.bytes_per_step):,} bytes with each step"


def _held(pile: KeptPile, type_name: str) -> str:
    if pile.mapped:
        return "they are mapped, and not unmapped"
    if pile.holder.kind is HolderKind.PYTHON:
        plain = type_name.removeprefix("builtins.")
        return f"each is owned by a {plain}" if plain else "each is owned by a Python object"
    words = _HELD_BY.get(pile.holder.kind, "who holds them is not known")
    return words.format(pile.holder.name or "a global variable")


def taker(origin: Origin, context: Context) -> str:
    """ "make() of libfoo.so.1, called from app.py:7 in step," or "Native code that app.py:7 in step calls"."""
    site = origin.site
    at = f"{PurePath(site.file).name}:{site.line} in {site.function}" if site is not None else ""
    frame = origin.function
    if frame is None and at and any(PurePath(one.module).name.startswith(_CARRIERS) for one in origin.frames):
        return f"The C library, called through {_carrier(origin)} from {at},"
    if frame is None:
        return f"Native code that {at} calls" if at else "Native code, called from no line of Python,"
    owner = owner_of_origin(origin, context)
    whose = owner.name if owner.kind in (OwnerKind.LIBRARY, OwnerKind.YOURS) and owner.name else origin.file_name
    if not frame.function:
        name = f"A function without a name of {whose}"
    elif not frame.certain:
        name = f"A function without a name (behind {frame.function}) of {whose}"
    else:
        name = f"{frame.function}() of {whose}" if "(" not in frame.function else f"{frame.function} of {whose}"
    return f"{name}, called from {at}," if at else name


def _carrier(origin: Origin) -> str:
    return "cffi" if any("_cffi_backend" in one.module for one in origin.frames) else "ctypes"


def _blocks(pile: LostPile) -> str:
    own = f"a block of {round(pile.size):,} bytes each time"
    whole = pile.bytes.per_step / pile.count.per_step
    return own if whole < pile.size + 0.5 else f"{own}, with {round(whole - pile.size):,} more that hang on it,"


def _identity(origin: Origin) -> Sequence[str]:
    """Without paths and addresses: the same on another machine."""
    made = (origin.file_name, origin.function.function) if origin.function is not None else ("", "")
    lines = (origin.site, *origin.site.callers[:1]) if origin.site is not None else ()
    return (*made, *(part for one in lines for part in (PurePath(one.file).name, one.function)))
