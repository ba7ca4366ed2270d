"""What the parent asks of the watched side, as a file in the run's private folder.

Marshal, because reading it loads no module that the program might not have; the two sides are interpreters of one
build, which the boot has made sure of.
"""

from __future__ import annotations

import marshal
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FILE = "asked"
OFF, SPARSE, FULL = "off", "sparse", "full"
"""How many objects get a stamp of where they were made."""


class Orders:
    """`every_s`: between looks of figures. `signal`: asks for a look, 0 for none. `rows`: contracts as plain dicts."""

    __slots__ = ("every_s", "exit_look", "rows", "signal", "sites")

    def __init__(self, every_s: float, exit_look: bool, signal: int, sites: str, rows: list[dict[str, Any]]) -> None:
        self.every_s, self.exit_look, self.signal, self.sites, self.rows = every_s, exit_look, signal, sites, rows


def write(orders: Orders, folder: str) -> None:
    whole = {name: getattr(orders, name) for name in Orders.__slots__}
    with open(os.path.join(folder, _FILE), "wb") as file:
        file.write(marshal.dumps(whole))


def read(folder: str) -> Orders:
    with open(os.path.join(folder, _FILE), "rb") as file:
        return Orders(**marshal.loads(file.read()))
