"""Begins the watching in the program's process, before its first line, and ends it for a forked copy.

Wires. What fails here fails the watching, not the program: the boot writes down why, and the program runs.
"""

from __future__ import annotations

import os
import sys

from outlive import _core
from outlive.lifetimes import beginning, clock
from outlive.lifetimes.look import take_look
from outlive.resident import forks, loops
from outlive.resident import orders as asked
from outlive.resident.exits import watch_exits
from outlive.resident.looking import Looker
from outlive.resident.sampler import Sampler
from outlive.resident.signals import Signals

_MOST_FOLDERS = 8

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def begin(folder: str) -> None:
    """Watch this process by the orders in `folder`."""
    orders = asked.read(folder)
    looker = Looker(folder, take_look)
    stamps = _core.Stamps()
    _begin_stamps(stamps, orders.sites)
    beginning.begin(orders.rows)
    signals = Signals(looker, asking=orders.signal, snapshot=orders.exit_look)
    sampler = Sampler(looker, orders.every_s, signals.arrived, signals.release)
    if orders.exit_look:
        loops.watch_loops(looker)

    def leave() -> None:
        signals.release()
        sampler.close()

    watch_exits(looker, snapshot=orders.exit_look, leave=leave)
    forks.watch_forks(sampler.stop, sampler.start, signals.release, stamps.stop)
    sampler.start()
    signals.catch(sampler.write_end)


def _begin_stamps(stamps: _core.Stamps, sites: str) -> None:
    """A program whose stamps could not begin is watched all the same, without the lines that made things."""
    if sites == asked.OFF:
        return
    ours = os.fsencode(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), ""))
    try:
        fewer: dict[str, Any] = {} if sites == asked.FULL else {"sparse": True}
        stamps.start(1, ours=ours, through=_folders_of_libraries(), **fewer)
    except (MemoryError, RuntimeError, ValueError, TypeError):
        return
    clock.follow_stamps()


def _folders_of_libraries() -> tuple[bytes, ...]:
    """Where the code of others lies: what they make is made by the line of the program that called them."""
    library = os.path.dirname(os.__file__)
    beside = [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
    return tuple(os.fsencode(os.path.join(path, "")) for path in (library, *beside)[:_MOST_FOLDERS])
