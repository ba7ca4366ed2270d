"""Which contracts are in force for a scenario or a program: the packs, and the user's own file.

Reads the one file of the user's; what may stand in it, `contracts` knows. A file that was named and is not there, or
that says what cannot be, is an error: contracts that watch nothing would look like a program that leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path

from outlive.contracts import USER_FILE, load_contracts
from outlive.errors import UsageError
from outlive.model.contracts import Contracts
from outlive.trial.scenario import file_and_function


def contracts_for(target: str, file: Path | None = None) -> Contracts:
    """Those of `file`; without one, of the nearest `outlive.toml` from the scenario's folder upwards, if any.

    `target` is a scenario; one that is no file is looked up from here. Raises UsageError, ContractError.
    """
    path, _ = file_and_function(target)
    folder = Path(path).resolve().parent if path else Path.cwd()
    return _read(file or _nearest(folder), _is_installed)


def contracts_here(file: Path | None = None) -> Contracts:
    """Those of `file`, or of the nearest `outlive.toml` from here upwards; every pack applies, for all we know."""
    return _read(file or _nearest(Path.cwd()), lambda module: True)


def _read(found: Path | None, has_module: Callable[[str], bool]) -> Contracts:
    if found is None:
        return load_contracts(has_module=has_module)
    try:
        text = found.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {found}: {error}", hint="--contracts a TOML file") from None
    return load_contracts(text, str(found), has_module=has_module)


def _is_installed(module: str) -> bool:
    """Whether the outermost package can be found. Imports nothing."""
    return PathFinder.find_spec(module.partition(".")[0]) is not None


def _nearest(folder: Path) -> Path | None:
    return next((one / USER_FILE for one in (folder, *folder.parents) if (one / USER_FILE).is_file()), None)
