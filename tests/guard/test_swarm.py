"""A real client on libuv under the guard: its one broken free is told where it is; the right client is not accused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from outlive.capture.blocks_preload import block_environment
from outlive.capture.broken import load_broken
from outlive.model.explanation import NativeFrame
from specimens.swarm import building
from specimens.swarm.faults import FAULTS
from specimens.swarm.world import FETCH_OPTIONS, World

pytestmark = [
    pytest.mark.slow,
    pytest.mark.any_python,
    pytest.mark.skipif(building.missing() != "", reason=building.missing()),
]


def fetch(folder: Path, *options: str) -> bool:
    """Did the client fetch the file under the guard?"""
    swarm = building.build("plain") / "swarm"
    with World() as world:
        fetched = folder / "fetched"
        words = [str(swarm), "fetch", str(world.metafile), "-o", str(fetched), *FETCH_OPTIONS, *options]
        environment = block_environment(os.environ, folder=folder, guard="full")
        done = subprocess.run(words, env=environment, capture_output=True, timeout=60)
        return done.returncode == 0 and fetched.read_bytes() == world.content.data


def place(frame: NativeFrame) -> str:
    """file:function, by the debug information."""
    words = ["addr2line", "-f", "-e", frame.module, hex(frame.address - 1)]
    function, where = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    return f"{Path(where.partition(':')[0]).name}:{function}"


def test_the_right_client_is_not_accused(tmp_path):
    assert fetch(tmp_path)
    assert load_broken(tmp_path) == ()


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.kind == "double free"], ids=lambda fault: fault.seed
)
def test_a_double_free_is_told_with_the_place_of_the_mistake_and_the_client_goes_on(tmp_path, fault):
    assert fetch(tmp_path, "--fault", fault.switch)
    broken = load_broken(tmp_path)
    assert {use.kind for use in broken} == {"double-free"}
    for use in broken:
        calls = dict(use.calls)
        assert fault.event in {place(frame) for role in ("freed", "used") for frame in calls[role].frames[:2]}
