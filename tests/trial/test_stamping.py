"""Stamps in a trial: which step made what, as a snapshot of the scenario's own tells; and no trial is the worse."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from outlive.capture.snapshot import Snapshot, load
from outlive.capture.stamps import BETWEEN, SETUP
from outlive.model.series import CounterKey
from outlive.trial.options import Reading, TrialOptions
from outlive.trial.supervisor import Trial

Write = Callable[[str], str]
USUAL = "tracer" if sys.version_info >= (3, 13) else "allocator"
MEASURED = (CounterKey("blocks"), CounterKey("mapped", "", "bytes"), CounterKey("native", "", "bytes"))


class Watched:
    """A trial that is stepped, and what it told."""

    def __init__(self, trial: Trial, readings: list[Reading]) -> None:
        self.stamps = trial.stamps
        self.readings = readings


def go(scenario: str, batches: tuple[int, ...] = (3, 5), depth: int = 1, **options: Any) -> Watched:
    readings = []
    with Trial(scenario, TrialOptions(timeout_s=30, **options)) as trial:
        assert trial.start() is None
        if depth > 1:
            told = trial.ask("deepen", {"depth": depth})
            assert isinstance(told, dict)
            assert told["depth"] == depth
        for count in batches:
            reading = trial.advance(count)
            assert isinstance(reading, Reading), reading
            readings.append(reading)
        return Watched(trial, readings)


def made(file: Path, type_name: str) -> tuple[Snapshot, list[int]]:
    """The snapshot and the nodes of this type in it, in the order of their making."""
    snapshot = load(file)
    types = [node for node, row in snapshot.types.items() if row.name == type_name]
    assert snapshot.stamps is not None
    nodes = np.flatnonzero(np.isin(snapshot.column("type"), types)).tolist()
    return snapshot, sorted(nodes, key=lambda node: int(snapshot.stamps.tick[node]))  # type: ignore[union-attr]


SCENARIO = """
    import outlive
    class Foo: pass
    KEPT = [Foo()]
    def setup():
        KEPT.append(Foo())
    ASYNC def step(i):
        KEPT.append(Foo())
        if i == 7:
            outlive.snapshot("{tmp}/seen")
"""


@pytest.mark.parametrize("async_", ["", "async "], ids=["plain", "async"])
def test_each_step_knows_what_it_made(write: Write, tmp_path: Path, async_: str) -> None:
    watched = go(write(SCENARIO.replace("ASYNC ", async_)))
    assert watched.stamps["mode"] == USUAL
    snapshot, nodes = made(tmp_path / "kept" / "seen", "scenario.Foo")
    stamps = snapshot.stamps
    assert stamps is not None
    assert [int(stamps.tick[node]) for node in nodes[:2]] == [SETUP, SETUP]
    assert [stamps.made_in_step(node) for node in nodes[2:]] == list(range(8))
    sites = {(site.function, site.line) for node in nodes[2:] if (site := stamps.site(node)) is not None}
    assert sites == {("step", 8)}


def test_what_settling_makes_is_of_no_step(write: Write, tmp_path: Path) -> None:
    go(
        write("""
            import gc, outlive
            gc.disable()  # so that none is collected within a step
            class Foo: pass
            KEPT = []
            class Late:
                def __del__(self): KEPT.append(Foo())
            def step(i):
                late = Late(); late.itself = late  # collected when the trial settles
                if i == 3: outlive.snapshot("{tmp}/seen")
        """),
        batches=(3, 1),
    )
    snapshot, nodes = made(tmp_path / "kept" / "seen", "scenario.Foo")
    assert snapshot.stamps is not None
    assert len(nodes) == 3
    assert {int(snapshot.stamps.tick[node]) for node in nodes} == {BETWEEN}
    assert {snapshot.stamps.made_in_step(node) for node in nodes} == {None}


def test_deeper_sites_end_where_the_trial_begins(write: Write, tmp_path: Path) -> None:
    go(
        write("""
            import outlive
            class Foo: pass
            KEPT = []
            def make(): return Foo()
            def step(i):
                KEPT.append(make())
                if i == 7: outlive.snapshot("{tmp}/seen")
        """),
        depth=6,
    )
    snapshot, nodes = made(tmp_path / "kept" / "seen", "scenario.Foo")
    assert snapshot.stamps is not None
    site = snapshot.stamps.site(nodes[-1])
    assert site is not None
    assert (site.function, [caller.function for caller in site.callers]) == ("make", ["step"])


GROWING = """
    KEPT = []
    class Foo: pass
    def step(i):
        KEPT.append((Foo(), [i], {"key": i}, str(i)))
"""


def test_counts_are_the_same_with_and_without_stamps(write: Write) -> None:
    scenario = write(GROWING)
    grown = []
    for sites in (True, False):
        readings = go(scenario, (300, 300, 30_000), sites=sites).readings
        grown.append([readings[2].values[key] - readings[1].values.get(key, 0) for key in MEASURED])
    (blocks, mapped, native), (blocks_without, mapped_without, native_without) = grown
    assert abs(blocks - blocks_without) <= 4
    assert abs(native - native_without) <= 8 * 1024
    assert mapped_without > 15 * 1024 * 1024  # the stamps of so much take 8 MB
    assert abs(mapped - mapped_without) <= 2 * 1024 * 1024  # arenas come by the megabyte


def test_stamps_can_be_left_off(write: Write) -> None:
    assert go(write("def step(i): pass"), sites=False).stamps["mode"] == "off"


def test_the_scenario_does_not_see_that_sites_were_asked_for(write: Write) -> None:
    go(write('import os\ndef step(i): assert "OUTLIVE_TRIAL_SITES" not in os.environ'))


def test_a_scenario_under_tracemalloc_is_measured_all_the_same(write: Write) -> None:
    watched = go(write(GROWING), env={"PYTHONTRACEMALLOC": "1"})
    assert watched.stamps["mode"] == "allocator"
    assert len(watched.readings) == 2


def test_stamps_that_cannot_begin_do_not_fail_the_trial(write: Write, tmp_path: Path) -> None:
    """The site hook of a Python may have begun them already, as any library may."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("from outlive import _core\n_core.Stamps().start(3)\n")
    watched = go(write("def step(i): pass"), env={"PYTHONPATH": str(site)})
    assert watched.stamps["mode"] == USUAL
    assert watched.stamps["depth"] == 3
