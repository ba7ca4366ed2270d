"""One run: how it is ended, and that nothing of it goes on after us."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.command.running import Cut, RunLimits, run_recorded
from outlive.model.verdict import Outcome, Verdict
from outlive.probes.children import list_children

pytestmark = [pytest.mark.slow, pytest.mark.any_python]
LIMITS = RunLimits(timeout_s=30, memory_bytes=1 << 32)


def test_interrupted_run_leaves_no_process(built, tmp_path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    before = {child.pid for child in list_children()}
    with pytest.raises(KeyboardInterrupt):
        run_recorded([str(built("runs.c")), "0", "s"], tmp_path, LIMITS, each_tick=interrupt)
    assert {child.pid for child in list_children()} <= before


def test_process_that_the_program_left_behind_is_ended(tmp_path) -> None:
    done = run_recorded(["sh", "-c", "sleep 60 & echo $!"], tmp_path, LIMITS)
    assert (done.status, done.cut) == (0, Cut.ITSELF)
    command = Path(f"/proc/{int(done.output_tail)}/cmdline")
    assert not command.exists() or command.read_bytes() == b""  # gone, or waiting for its adopter to notice


def test_program_over_its_memory_is_ended_and_no_verdict(runs) -> None:
    result = runs("s", memory_limit_bytes=100_000)
    assert (result.verdict, result.outcome) == (Verdict.COULD_NOT_TELL, Outcome.MEMORY)


def test_program_that_goes_on_is_ended_when_its_time_is_up(built, tmp_path) -> None:
    limits = RunLimits(timeout_s=30, memory_bytes=1 << 32, most_s=0.1)
    assert run_recorded([str(built("runs.c")), "0", "s"], tmp_path, limits).cut is Cut.TIME


def test_marks_that_the_recorder_does_not_hear_are_kept(tmp_path) -> None:
    script = "for i in 1 2 3; do echo step $i > /dev/fd/$OUTLIVE_BLOCKS_FD; done"
    done = run_recorded(["sh", "-c", script], tmp_path, LIMITS)
    assert [mark.step for mark in done.marks] == [1, 2, 3]


def test_no_folder_is_left(runs, tmp_path, monkeypatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert runs("k", steps=3).verdict is Verdict.NO_LEAK
    assert list(Path(tmp_path).iterdir()) == []
