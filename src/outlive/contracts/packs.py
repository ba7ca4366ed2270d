"""The built-in packs, and what is in force when the user's own contracts are laid over them.

A pack is a data file of this package. Whether a library is installed is the caller's to find out, and reading the
user's file too: nothing here looks at the world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files

from outlive.contracts.language import ContractError, Document, parse
from outlive.model.contracts import Contracts, Pack

USER_FILE = "outlive.toml"


def _everything(module: str) -> bool:
    """The answer where nobody has looked: rows of a library that is never imported find nothing to attach to."""
    return True


@lru_cache(maxsize=1)
def built_in() -> tuple[Pack, ...]:
    """All packs, by name."""
    found = []
    for file in sorted(files(__package__).joinpath("packs").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            name = file.name.removesuffix(".toml")
            pack = parse(file.read_text(encoding="utf-8"), file.name).pack
            if pack.name != name:
                raise ContractError([f"packs/{file.name}: the file is called {name}, its name is {pack.name}"])
            found.append(pack)
    return tuple(found)


def applying(packs: Iterable[Pack], has_module: Callable[[str], bool]) -> tuple[Pack, ...]:
    """Those of the standard library, and those whose module can be imported."""
    return tuple(pack for pack in packs if not pack.requires or has_module(pack.requires))


def load_contracts(
    user_text: str | None = None, file: str = USER_FILE, *, has_module: Callable[[str], bool] = _everything
) -> Contracts:
    """What is in force: the user's contracts first, then the packs that apply and are not switched off.

    A row of the user's replaces a pack's row of the same `begins` or `type`. Raises ContractError.

    >>> "asyncio" in [pack.name for pack in load_contracts().packs]
    True
    """
    document = parse(user_text, file) if user_text is not None else Document(Pack(file))
    _must_be_packs(document.off, file)
    packs = [pack for pack in applying(built_in(), has_module) if pack.name not in document.off]
    mine = document.pack
    own = (mine,) if mine.lifetimes or mine.resources or mine.uses else ()
    return Contracts((*own, *(_without(pack, mine) for pack in packs)))


def _without(pack: Pack, mine: Pack) -> Pack:
    """The pack without the rows that the user has written anew."""
    places, types = {row.begins for row in mine.lifetimes}, {row.type for row in mine.resources}
    uses = {(row.by, row.of) for row in mine.uses}
    return replace(
        pack,
        lifetimes=tuple(row for row in pack.lifetimes if row.begins not in places),
        resources=tuple(row for row in pack.resources if row.type not in types),
        uses=tuple(row for row in pack.uses if (row.by, row.of) not in uses),
    )


def _must_be_packs(names: Iterable[str], file: str) -> None:
    known = [pack.name for pack in built_in()]
    mistakes = []
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            instead = f"did you mean {near[0]!r}?" if near else f"the packs are {', '.join(known)}"
            mistakes.append(f"{file}, [packs]: there is no pack {name!r}; {instead}")
    if mistakes:
        raise ContractError(mistakes)
