"""The gauntlet's marks: what counts as found, what as a false accusation; and that its data fit the code."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from outlive.contracts import load_contracts
from specimens.rpc import gauntlet
from specimens.rpc.commands import main
from specimens.rpc.faults import BY_ID, FAULTS, Expected, Fault
from specimens.rpc.gauntlet import count_node
from specimens.rpc.marking import mark, mark_node

RPC = Path(gauntlet.__file__).parent


def report(*answers: str, verdict: str = "leak", **more: Any) -> dict[str, Any]:
    leftovers = [
        {"answer": answer, "sentence": "held by app.EXPORTED", "harmless": False, **more} for answer in answers
    ]
    return {"verdict": verdict, "leftovers": leftovers}


def test_leak_is_found_when_it_is_held_and_its_cause_is_named() -> None:
    assert mark(report("held from a root"), Expected.LEAK, ("EXPORTED",))[1:] == ("yes", "yes", False)


def test_leak_with_another_cause_is_wrong() -> None:
    assert mark(report("held from a root"), Expected.LEAK, ("EXPORTED", "timer"))[1:] == ("yes", "no", True)


def test_cause_is_found_anywhere_in_the_words_of_one_leftover() -> None:
    path = {"path": [{"label": "loop._scheduled"}]}
    found = mark(report("held from a root", explanation=path), Expected.LEAK, ("EXPORTED|x", "timer|_scheduled"))
    assert found[1:] == ("yes", "yes", False)


@pytest.mark.parametrize("answer", ["collectable cycle", "in flight", "held by the harness"])
def test_leak_that_is_called_another_thing_is_missed(answer: str) -> None:
    assert mark(report(answer), Expected.LEAK, ("EXPORTED",))[1:] == ("no", "-", True)


def test_harmless_leftover_is_no_finding_and_no_accusation() -> None:
    harmless = report("held from a root", harmless=True)
    assert mark(harmless, Expected.LEAK, ())[1] == "no"
    assert mark(harmless, Expected.NOTHING, ())[1:] == ("silent", "-", False)


@pytest.mark.parametrize("expected", [Expected.CYCLE, Expected.IN_FLIGHT, Expected.HARNESS, Expected.NOTHING])
def test_accusation_where_nothing_leaks_is_wrong(expected: Expected) -> None:
    assert mark(report("held from a root"), expected, ())[1:] == ("no", "-", True)


def test_cycle_is_found_or_was_silently_gone() -> None:
    assert mark(report("collectable cycle"), Expected.CYCLE, ())[1:] == ("yes", "-", False)
    assert mark(report(verdict="no leak"), Expected.CYCLE, ()) == ("no leak", "silent", "-", False)


def test_report_that_could_not_tell_is_never_right() -> None:
    assert mark(report(verdict="could not tell"), Expected.NOTHING, ())[3] is True


def node(alive: int, listeners: int = 0, **resources: int) -> dict[str, Any]:
    return {"alive": alive, "cycles": 91, "resources": resources, "listeners": listeners}


def test_counts_of_node_are_marked_like_a_report() -> None:
    assert mark_node(node(91, Timeout=91), Expected.LEAK, ("Timeout",))[1:] == ("yes", "yes", False)
    assert mark_node(node(91), Expected.LEAK, ("Timeout",))[1:] == ("yes", "no", True)
    assert mark_node(node(0), Expected.LEAK, ("Timeout",))[1:] == ("no", "no", True)
    assert mark_node(node(1), Expected.NOTHING, ())[1:] == ("silent", "-", False)
    assert mark_node(node(91), Expected.NOTHING, ())[1:] == ("no", "-", True)


def test_every_seed_has_a_switch() -> None:
    seeds = {*(f"H{number}" for number in range(1, 13)), "N1", "N7", "N8", "aenter"}
    assert {fault.seed for fault in FAULTS} == seeds
    assert len(BY_ID) == len(FAULTS)


def test_contracts_name_places_that_are_there() -> None:
    file = RPC / "outlive.toml"
    ours = [
        row
        for row in load_contracts(file.read_text(encoding="utf-8"), str(file)).lifetimes
        if row.begins.startswith("specimens.rpc")
    ]
    assert [row.name for row in ours] == ["rpc client closed", "rpc session closed"]
    for row in ours:
        for place in (row.begins, *row.ends):
            module, _, path = place.partition(":")
            found: Any = importlib.import_module(module)
            for name in path.split("."):
                found = getattr(found, name)
            assert callable(found)


def test_commands_explain_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults"]) == 0
    listed = capsys.readouterr().out
    assert all(fault.id in listed for fault in FAULTS)
    with pytest.raises(SystemExit):
        main(["soak", "--faults", "nonsense"])
    assert "`faults` lists them" in capsys.readouterr().err
    assert main(["soak", "--in-memory", "--cycles", "2"]) == 0
    assert "2 connects and disconnects" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.any_python
def test_javascript_client_leaves_only_what_its_switches_leave() -> None:
    pytest.importorskip("websockets")
    node = shutil.which("node")
    if node is None or not (RPC / "js" / "node_modules" / "ws").is_dir():
        pytest.skip("Node or its package ws is not installed")
    every = [Fault("js-right", "", "", Expected.NOTHING), *(fault for fault in FAULTS if fault.in_javascript)]
    with gauntlet._server() as url:
        marks = [mark_node(count_node(node, url, fault, 11), fault.expected, fault.cause) for fault in every]
    assert [said for said, _, _, wrong in marks if wrong] == []
