"""Who keeps what a test left, read from a snapshot of a real process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.blame.holding import Holding
from outlive.blame.keeper import FIXTURE, HARNESS, HELD, NOBODY, RUNS, SHARED, Keeper
from outlive.capture.snapshot import load
from outlive.heap.heap import Heap

Asked = Callable[..., Keeper]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("kept")
    program = Path(__file__).with_name("kept_things.py")
    subprocess.run([sys.executable, str(program), str(folder)], check=True, timeout=60)
    rows = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    heap = Heap(load(folder / "heap"))
    fixtures = {int(number): [heap.node_at(one) for one in held] for number, held in rows["in_hand"].items()}

    def keeper(name: str, test_modules: frozenset[str] = frozenset(), *, fixture_lives: bool = True) -> Keeper:
        address, life = rows["asked"][name]
        living = fixtures if fixture_lives else {}
        return Holding(heap, test_modules, living).keeper(heap.node_at(address), life)

    return keeper


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("in a list", HELD, "__main__.LISTENERS[0].__self__"),
        ("in a task in a list", HELD, "__main__.LISTENERS[1]"),
        ("in a list of an old owner", HELD, "__main__.SINGLE.listed[0]"),
        ("in an attribute", SHARED, "__main__.SINGLE.inside"),
        ("in a pair", SHARED, "__main__.PAIR[0]"),
        ("in a cache", SHARED, "__main__.cached"),
        ("in a pool", SHARED, "__main__.POOL.idle[0]"),
        ("in a list of a new owner", SHARED, "__main__.OWNER.listed[0]"),
        ("in a fixture's client", FIXTURE, ""),
        ("in a fixture's registered client", FIXTURE, "__main__.MADE_BY_FIXTURE[0].listed[0]"),
        ("in a thread", RUNS, "in_a_thread"),
        ("in a timer", RUNS, "its event loop"),
        ("a timer", RUNS, "its event loop"),
        ("in pytest", HARNESS, "_pytest.fixtures.FixtureDef"),
    ],
)
def test_each_keeper_is_told_apart(asked: Asked, name: str, answer: str, words: str) -> None:
    keeper = asked(name)
    assert (keeper.answer, words in keeper.words) == (answer, True), keeper


def test_what_a_fixture_kept_is_held_once_the_fixture_is_over(asked: Asked) -> None:
    keeper = asked("in a fixture's registered client", fixture_lives=False)
    assert (keeper.answer, keeper.words) == (HELD, "__main__.MADE_BY_FIXTURE[0].listed[0]")


def test_an_attribute_of_a_test_module_is_no_place_for_all(asked: Asked) -> None:
    assert asked("in an attribute", frozenset({"__main__"})).answer == HELD


def test_what_is_not_in_the_snapshot_is_kept_by_nobody() -> None:
    assert Holding.keeper(Holding.__new__(Holding), 0) == Keeper(NOBODY)
