"""A look of a real program: one that has left a thing of each kind behind, read back by the parent."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from outlive.capture.look import load_look
from outlive.capture.snapshot import Snapshot, load
from outlive.lifetimes.look import take_look
from outlive.lifetimes.naming import class_name
from outlive.model.look import Ended, Look, Open

PROGRAM = r"""
import os, sys
inherited = os.open(os.devnull, os.O_RDONLY)
from outlive.lifetimes import beginning
beginning.begin([])
before = set(sys.modules)
from outlive.lifetimes.look import harness, take_look
import outlive
assert take_look("first", sys.argv[1], snapshot=False) is not None
brought = sorted(set(sys.modules) - before)

import asyncio, gc, socket, subprocess, tempfile, threading
gc.disable()

class Session: pass
class Slotted: __slots__ = ()
class Handler: pass

held = outlive.ends(Session(), "session closed")
cycle = outlive.ends(Session(), "cycle closed")
cycle.me = cycle
del cycle
flying = Session()
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.call_soon(lambda one: None, outlive.ends(flying, "flight over"))
del flying
slotted = outlive.ends(Slotted())
handler = Handler()
harness(handler)
pair = socket.socketpair()
child = subprocess.Popen(["true"])
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
gate = threading.Event()
thread = threading.Thread(target=gate.wait, name="waits for the gate", daemon=True)
thread.start()
number, name = tempfile.mkstemp()
gone_number, gone = tempfile.mkstemp()
os.unlink(gone)
folder = tempfile.mkdtemp()
with outlive.scope("over"): pass
running = outlive.scope("running").__enter__()

async def in_a_callback():
    found.append(take_look("inside", sys.argv[1]))

found = [os.path.basename(take_look("exit", sys.argv[1], settle=True))]
asyncio.run(in_a_callback())
assert take_look("nowhere", "/no/such/folder") is None
print(brought)
print(id(held), id(handler), inherited, pair[0].fileno(), child.pid, thread.native_id, name, folder, gone)
child.wait()
os.unlink(name); os.rmdir(folder)
"""


class Told:
    """The program's own words, and its looks."""

    def __init__(self, folder: Path, output: str) -> None:
        self.folder = folder
        brought, facts = output.splitlines()
        self.brought = brought
        numbers = facts.split()
        self.held, self.handler, self.inherited, self.socket, self.child, self.thread = map(int, numbers[:6])
        self.file, self.temporary, self.gone = numbers[6:]
        self.first, self.exit, self.inside = (load_look(folder / f"look-00{number}.json") for number in (1, 2, 3))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("looks")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(folder)], capture_output=True, text=True, check=False,
        pass_fds=(),
    )  # fmt: skip
    assert done.stderr == ""
    return Told(folder, done.stdout)


@pytest.fixture(scope="module")
def snapshot(told: Told) -> Snapshot:
    return load(told.folder / told.exit.snapshot)


def ended(look: Look, lifetime: str) -> Ended:
    return next(row for row in look.ended if row.lifetime == lifetime)


def opened(look: Look, kind: str) -> dict[int, Open]:
    return {row.number: row for row in look.open if row.kind == kind}


def test_an_ended_object_is_found_in_the_snapshot_at_its_address(told: Told, snapshot: Snapshot) -> None:
    row = ended(told.exit, "session closed")
    assert row.address == told.held
    node = snapshot.column("address").tolist().index(row.address)
    assert snapshot.types[int(snapshot.column("type")[node])].name == row.type == "__main__.Session"


def test_each_fate_is_told_by_how_it_came(told: Told) -> None:
    fates = {row.lifetime: row.fate for row in told.exit.ended}
    assert fates == {"session closed": "", "cycle closed": "collect", "flight over": "turn"}


def test_what_cannot_be_told_is_said_and_not_claimed(told: Told) -> None:
    assert not [row for row in told.exit.ended if row.type == "__main__.Slotted"]
    assert [note for note in told.exit.notes if "could not tell whether 1 ended __main__.Slotted is alive" in note]


def test_the_harness_is_named_by_address(told: Told) -> None:
    assert told.exit.harness == (told.handler,)


def test_a_socket_has_its_object_and_an_inherited_descriptor_is_told_apart(told: Told) -> None:
    assert opened(told.exit, "socket")[told.socket].address > 0
    assert opened(told.exit, "fd")[told.inherited].state == "inherited"
    assert {0, 1, 2} <= {row.number for row in told.exit.open if row.state == "inherited"}


def test_a_child_that_nobody_waited_for_is_a_zombie_with_its_object(told: Told) -> None:
    row = opened(told.exit, "process")[told.child]
    assert (row.state, row.address > 0) == ("zombie", True)


def test_a_thread_is_named_and_the_main_one_left_out(told: Told) -> None:
    rows = opened(told.exit, "thread")
    assert (rows[told.thread].name, rows[told.thread].state) == ("waits for the gate", "daemon")
    assert told.exit.pid not in rows


def test_temporary_files_left_behind_are_told_with_the_line_and_removed_ones_not(told: Told) -> None:
    rows = {row.name: row for row in told.exit.open if row.kind == "temp-file"}
    assert set(rows) == {told.file, told.temporary}
    site = rows[told.file].site
    assert site is not None
    assert PROGRAM.splitlines()[site.line - 1].startswith("number, name = ")


def test_scopes_that_are_over_and_that_run_are_both_told(told: Told) -> None:
    assert {row.name: row.ended_at is None for row in told.exit.scopes} == {"over": False, "running": True}


def test_the_running_task_and_its_handle_are_in_flight(told: Told) -> None:
    assert told.exit.running == ()
    found = load(told.folder / told.inside.snapshot)
    addresses = dict(zip(found.column("address").tolist(), found.column("type").tolist()))
    types = {found.types[addresses[address]].name for address in told.inside.running if address in addresses}
    assert types == {"_asyncio.Task", "asyncio.events.Handle"}


def test_a_look_without_a_snapshot_names_none_and_counts(told: Told) -> None:
    assert (told.first.reason, told.first.snapshot) == ("first", "")
    assert {"blocks", "rss", "fds", "threads", "tasks"} <= told.first.counters.keys()
    assert told.first.python == ".".join(map(str, sys.version_info[:3]))


def test_files_are_private_and_nothing_half_written_stays(told: Told) -> None:
    names = sorted(os.listdir(told.folder))
    assert names == ["look-001.json", "look-002.json", "look-002.outlive", "look-003.json", "look-003.outlive"]
    assert {(told.folder / name).stat().st_mode & 0o777 for name in names} == {0o600}


def test_looking_brings_no_module_of_weight_into_the_program(told: Told) -> None:
    for heavy in ("json", "re", "typing", "dataclasses", "numpy", "enum", "inspect", "threading", "asyncio"):
        assert f"'{heavy}'" not in told.brought


def test_types_are_called_as_snapshots_call_them(snapshot: Snapshot) -> None:
    """Of each type of a real heap that can be had here by its name."""
    checked = 0
    for row in snapshot.types.values():
        module, _, name = row.name.rpartition(".")
        found = getattr(sys.modules.get(module or "builtins"), name, None)
        if isinstance(found, type) and found.__name__ == name and found.__module__ == (module or "builtins"):
            assert class_name(found) == row.name
            checked += 1
    assert checked > 50


def test_a_look_does_not_bring_the_collector_on_sooner(tmp_path: Path) -> None:
    take_look("asked", str(tmp_path))  # what is loaded for the first one stays
    grown = []
    for _ in range(2):  # the better of two: another thread of the tests' own machinery may make things meanwhile
        gc.collect()
        before = gc.get_count()[0]
        take_look("asked", str(tmp_path))
        grown.append(gc.get_count()[0] - before)
    assert min(grown) < 20
    assert gc.isenabled()
