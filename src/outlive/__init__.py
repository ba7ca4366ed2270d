"""Outlive finds, explains, proves and prevents what outlives its owner.

Importing this package is cheap and starts nothing: every public name loads its room on first use, so that a watched
program pays only for what it asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outlive.tracker import Tracker as Tracker

__version__ = "0.1.0"
__all__ = ["Tracker", "__version__"]

_HOMES = {"Tracker": "outlive.tracker"}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'outlive' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
