"""Outlive finds, explains, proves and prevents what outlives its owner.

Importing this package is cheap and starts nothing: every public name loads its room on first use, so that a watched
program pays only for what it asks for.
"""

from __future__ import annotations

TYPE_CHECKING = False  # not typing's: importing it would bring re and collections into every watched process
if TYPE_CHECKING:
    from outlive.capture.snapshot import load as load_snapshot
    from outlive.capture.snapshot import take as snapshot
    from outlive.lifetimes.decorated import lifetime
    from outlive.lifetimes.ended import ends
    from outlive.lifetimes.scopes import scope
    from outlive.lifetimes.settled import settled
    from outlive.session import CheckSettings, check
    from outlive.tracker import Tracker

__version__ = "0.1.0"
__all__ = [
    "CheckSettings",
    "Tracker",
    "__version__",
    "check",
    "ends",
    "lifetime",
    "load_snapshot",
    "scope",
    "settled",
    "snapshot",
]

_HOMES = {
    "CheckSettings": ("outlive.session", "CheckSettings"),
    "Tracker": ("outlive.tracker", "Tracker"),
    "check": ("outlive.session", "check"),
    "ends": ("outlive.lifetimes.ended", "ends"),
    "lifetime": ("outlive.lifetimes.decorated", "lifetime"),
    "load_snapshot": ("outlive.capture.snapshot", "load"),
    "scope": ("outlive.lifetimes.scopes", "scope"),
    "settled": ("outlive.lifetimes.settled", "settled"),
    "snapshot": ("outlive.capture.snapshot", "take"),
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'outlive' has no attribute {name!r}")
    import importlib

    module, attribute = home
    value: object = getattr(importlib.import_module(module), attribute)
    globals()[name] = value  # found at once the next time: `ends` and `scope` stand where programs are busy
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
