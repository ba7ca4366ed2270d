"""The recorder's looks at step marks: when they come, and that our own frames hold nothing of the program's."""

from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path

import pytest

from outlive.capture.blocks_preload import block_environment
from outlive.command.looked import LookFile, look_file, lost_rows
from outlive.command.running import STEP_LOOKS

pytestmark = [pytest.mark.slow, pytest.mark.any_python]
WORDS = 99


def _looked(folder: Path, command: list[str], **more: str) -> list[int]:
    """The steps of the looks, the one at the end included."""
    environment = block_environment(os.environ, folder=folder, words_fd=WORDS) | more
    subprocess.run(command, env=environment, check=True, timeout=60)
    return [look.step for look in _looks(folder)]


def _looks(folder: Path) -> list[LookFile]:
    paths = sorted(folder.iterdir(), key=lambda path: int(path.stem.rpartition("-")[2]))
    return [look_file(path) for path in paths]


def test_looks_come_at_each_step_first_and_at_a_share_of_the_steps_later(built, tmp_path) -> None:
    steps = _looked(tmp_path, [str(built("steps.c")), "200", "c"], **{STEP_LOOKS: "10"})
    assert steps[:12] == [*range(11), 12]
    assert all(after - before == 1 + before // 10 for before, after in itertools.pairwise(steps[11:-1]))
    assert steps[-1] == 199


def test_no_looks_at_steps_unless_they_are_asked_for(built, tmp_path) -> None:
    assert _looked(tmp_path, [str(built("steps.c")), "200", "c"]) == [199]


def test_block_lost_right_before_the_end_is_seen_as_lost(built, tmp_path) -> None:
    """The recorder's own frames lie where the function that lost it had its own."""
    _looked(tmp_path, [str(built("runs.c")), "1", "l"])
    look = _looks(tmp_path)[-1].open()
    assert look.size[lost_rows(look)].tolist() == [100]
