"""Taking a look: everything this side knows, as JSON, and the heap beside it.

A look without a snapshot is a light one: few closings and scopes, no Python objects behind descriptors.

Order matters. First the data, as numbers and texts, so that nothing of ours holds an object of the program; then the
snapshot; then, where asked, the program is settled twice (its loop turned, its garbage collected) and what went is
told by how it went; at last the file is written, complete or not at all. Settling runs callbacks and finalizers of the
program: it is for its end and for tests.

A look never fails into the program: what could not be had is missing, and `notes` say so. None comes back where not
even the file could be written.
"""

from __future__ import annotations

import gc
import os
import sys
from _weakref import ref
from itertools import count

from outlive import _core
from outlive.lifetimes import clock, flight, hooks, opened, scopes, watchers
from outlive.lifetimes.ended import REGISTRY
from outlive.lifetimes.notebook import NOTEBOOK
from outlive.lifetimes.settle import Settler
from outlive.lifetimes.writing import as_json, write_private
from outlive.probes import procfs, tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from outlive.lifetimes.ended import Row

_numbers = count(1)
_harness: dict[int, ref[object] | None] = {}
_ROUNDS = 2
_DESCRIPTORS_FOR_LISTING = 500
_MOST_ROWS, _FEW_ROWS = 10_000, 200  # a look without a snapshot is taken every few seconds and must cost little
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_OTHERS, _SCRIPTS = ("site-packages", "dist-packages"), ("bin", "sbin")


def harness(obj: object) -> None:
    """Say that `obj` belongs to who looks, not to the program: what only it holds is no leak of the program's.

    Weak where the object allows it; else its address is kept, and the caller has to outlive the looks.
    """
    try:
        _harness[id(obj)] = ref(obj)
    except TypeError:
        _harness[id(obj)] = None


def take_look(reason: str, folder: str, *, snapshot: bool = True, settle: bool = False) -> str | None:
    """Write `look-NNN.json` into the folder, and with it `look-NNN.outlive`; the JSON's path, or None."""
    with uncollected():
        return _take(reason, folder, snapshot=snapshot, settle=settle)


class uncollected:
    """A block in which the collector does not come by itself, and that does not count towards its next coming: what we
    make must not end garbage of the program earlier than it would end without us."""

    __slots__ = ("_collects", "_count")

    def __enter__(self) -> None:
        self._collects = gc.isenabled()
        gc.disable()
        self._count = _core.young_count()

    def __exit__(self, *error: object) -> None:
        _core.young_count(self._count)
        if self._collects:
            gc.enable()


def _take(reason: str, folder: str, *, snapshot: bool, settle: bool) -> str | None:
    try:
        path = _free_path(folder)
        rows = REGISTRY.alive()
        data = _gathered(reason, rows, thorough=snapshot)
        if snapshot:
            data["snapshot"] = _snapshot(path, data["notes"])
        if settle:
            _settle(rows, data)
        write_private(path, as_json(data))
        return path
    except Exception:
        return None


def _free_path(folder: str) -> str:
    while True:
        path = os.path.join(folder, f"look-{next(_numbers):03d}.json")
        if not os.path.lexists(path):
            return path


def _gathered(reason: str, rows: list[Row], *, thorough: bool) -> dict[str, Any]:
    hooks.catch_up()
    watchers.look_again()
    counters = _counters()
    listed = thorough or counters.get("fds", 0) <= _DESCRIPTORS_FOR_LISTING
    most = _MOST_ROWS if thorough else _FEW_ROWS
    notes: list[str] = []
    return {
        "reason": reason,
        "at": clock.seconds(),
        "tick": clock.tick(),
        "pid": os.getpid(),
        "snapshot": "",
        "python": ".".join(map(str, sys.version_info[:3])),
        "ended": [row.as_dict() for row in rows if _is_sure(row)],
        "scopes": scopes.scope_rows(most),
        "closings": NOTEBOOK.closing_rows(most),
        "open": opened.rows(thorough=thorough) if listed else [],
        "events": [row for row in NOTEBOOK.events.rows() if row["kind"]],
        "running": flight.running() if thorough else [],
        "harness": [address for address, known in list(_harness.items()) if known is None or known() is not None],
        "counters": counters,
        "import_path": [one for one in sys.path if type(one) is str],
        "own_modules": _own_modules() if thorough else [],
        "notes": notes + _notes(rows),
    }


def _own_modules() -> list[str]:
    """Loaded modules whose files lie beside the main script's; of one that runs as `-m package.module`, its package.

    What pip installed below that folder is not the program's own, nor is the library of an interpreter that lies there.
    """
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)  # taken back when a script has run; its loader stays
    file = file or getattr(getattr(main, "__loader__", None), "path", None)
    if type(file) is not str:
        return []
    folder = os.path.dirname(os.path.abspath(file))
    if any(part in folder for part in _OTHERS) or os.path.basename(folder) in _SCRIPTS:
        return []  # a console script, or a library's module: its neighbours are others'
    spec = getattr(main, "__spec__", None)
    for _ in range(getattr(spec, "name", "").count(".")):
        folder = os.path.dirname(folder)
    found = {"__main__"}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__dict__", {}).get("__file__")
        if type(path) is not str or not path.startswith(folder + os.sep) or path.startswith(_LIBRARY):
            continue
        if name.partition(".")[0] != "outlive" and not any(part in path[len(folder) :] for part in _OTHERS):
            found.add(name)
    return sorted(found)


def _is_sure(row: Row) -> bool:
    """Whether a snapshot can tell that the object at the address is the one that ended."""
    return row.reference is not None or row.made_tick != 0


def _notes(rows: list[Row]) -> list[str]:
    notes = [*list(NOTEBOOK.words), *hooks.problems()]
    unsure: dict[str, int] = {}
    for row in rows:
        if not _is_sure(row):
            unsure[row.type] = unsure.get(row.type, 0) + 1
    for name, amount in unsure.items():
        notes.append(
            f"could not tell whether {amount} ended {name} {'is' if amount == 1 else 'are'} alive: "
            "without weak references and stamps another object may stand at the same address"
        )
    for kept, what in ((NOTEBOOK.closings, "closings"), (NOTEBOOK.events, "events")):
        if kept.forgotten:
            notes.append(f"{kept.forgotten} {what} were not kept")
    if scopes.forgotten():
        notes.append(f"{scopes.forgotten()} scopes were not kept")
    return notes


def _snapshot(path: str, notes: list[str]) -> str:
    target = path[: -len(".json")] + ".outlive"
    partial = target + ".partial"
    try:
        _core.snapshot(os.fsencode(partial))
        os.replace(partial, target)
        return os.path.basename(target)
    except Exception as error:
        notes.append(f"no snapshot could be taken: {type(error).__name__}: {error}")
        try:
            os.unlink(partial)
        except OSError:
            pass
        return ""


def _settle(rows: list[Row], data: dict[str, Any]) -> None:
    """Turn the loop and collect, twice; note of each object how it went."""
    loop = idle_loop()
    settler = Settler()
    for _ in range(_ROUNDS):
        if loop is not None:
            settler.turn(loop)
            _mark_gone(rows, "turn")
        settler.collect()
        _mark_gone(rows, "collect")
    fates = {row.key: row.fate for row in rows}
    for row in data["ended"]:
        row["fate"] = fates.get(row["key"], "")


def _mark_gone(rows: list[Row], fate: str) -> None:
    for row in rows:
        if not row.fate and row.is_alive is False:
            row.fate = fate


def idle_loop() -> Any:
    """This thread's event loop, if it has one that is neither running nor closed; makes none."""
    events: Any = sys.modules.get("asyncio.events")
    policy = getattr(events, "_event_loop_policy", None)
    local = getattr(policy, "_local", None)
    loop = getattr(local, "_loop", None)
    if loop is None or events._get_running_loop() is not None or loop.is_closed() or loop.is_running():
        return None
    return loop


def _counters() -> dict[str, float]:
    found: dict[str, float] = {"blocks": sys.getallocatedblocks()}
    try:
        found["rss"] = int(procfs.read(None, "statm").split()[1]) * _PAGE
        found["threads"] = int(procfs.stat_fields(None)[procfs.THREADS])
        found["fds"] = len(procfs.names(None, "fd", "the open files")) - 1
        found["tasks"] = tasks.count_tasks()
    except Exception:
        pass  # /proc is not there, or asyncio is just being imported
    return found
