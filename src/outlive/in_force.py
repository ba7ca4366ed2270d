"""Which contracts are in force for a scenario: the packs, and the user's own file.

Reads the one file of the user's; what may stand in it, `contracts` knows. A file that was named and is not there, or
that says what cannot be, is an error: contracts that watch nothing would look like a program that leaves nothing.
"""

from __future__ import annotations

from importlib.machinery import PathFinder
from pathlib import Path

from outlive.contracts import USER_FILE, load_contracts
from outlive.errors import UsageError
from outlive.model.contracts import Contracts


def contracts_for(target: str, file: Path | None = None) -> Contracts:
    """Those of `file`; without one, of the nearest `outlive.toml` from the scenario's folder upwards, if any.

    `target` is a file, or "module:function", which is looked up from here. Raises UsageError, ContractError.
    """
    found = file or _nearest(Path(target).resolve().parent if Path(target).is_file() else Path.cwd())
    if found is None:
        return load_contracts(has_module=_is_installed)
    try:
        text = found.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {found}: {error}", hint="--contracts a TOML file") from None
    return load_contracts(text, str(found), has_module=_is_installed)


def _is_installed(module: str) -> bool:
    """Whether the outermost package can be found. Imports nothing."""
    return PathFinder.find_spec(module.partition(".")[0]) is not None


def _nearest(folder: Path) -> Path | None:
    return next((one / USER_FILE for one in (folder, *folder.parents) if (one / USER_FILE).is_file()), None)
