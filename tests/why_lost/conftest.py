"""Programs that lose blocks in one way each, run once with following, and what was seen of each."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from outlive.capture.blocks import BlockLook, load_blocks
from outlive.capture.blocks_preload import block_environment
from outlive.capture.blocks_twice import lost_blocks
from outlive.capture.loss_events import following, loss_events
from outlive.model.native_blocks import LostBlocks
from outlive.model.native_end import LossEvent
from outlive.symbols.places import place

SOURCE = Path(__file__).parent / "programs" / "losses.c"
LIMIT_S = 60
BLOCK_BYTES = 1000


@dataclass(frozen=True)
class Seen:
    """The looks at the ends of a run, the program's own process first."""

    looks: tuple[BlockLook, ...]
    output: str
    returncode: int

    @property
    def look(self) -> BlockLook:
        return self.looks[0]

    @property
    def groups(self) -> tuple[LostBlocks, ...]:
        found = lost_blocks(self.look, self.look)
        return tuple(group for group in found if group.bytes == group.count * BLOCK_BYTES)

    @property
    def events(self) -> tuple[LossEvent, ...]:
        return tuple(event for group in self.groups for event in loss_events(self.look, group))


@pytest.fixture(scope="session")
def losses(tmp_path_factory):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here")
    program = tmp_path_factory.mktemp("losses") / "losses"
    subprocess.run([compiler, "-O1", "-g", "-o", program, SOURCE], check=True, timeout=LIMIT_S)
    return program


@pytest.fixture(scope="session")
def run(losses, tmp_path_factory):
    """`run("overwritten")`: that way, once for the whole session; `why_lost` as for the recorder's environment."""
    known: dict[tuple[str, str], Seen] = {}

    def run_once(way: str, why_lost: object = True) -> Seen:
        key = way, str(why_lost)
        if key not in known:
            folder = tmp_path_factory.mktemp(way)
            environment = block_environment(os.environ, folder=folder, why_lost=why_lost)  # type: ignore[arg-type]
            done = subprocess.run([losses, way], env=environment, capture_output=True, text=True, timeout=LIMIT_S)
            looks = sorted(map(load_blocks, folder.iterdir()), key=lambda look: look.facts["pid"])
            known[key] = Seen(tuple(looks), done.stdout, done.returncode)
        return known[key]

    return run_once


@pytest.fixture
def followed(run):
    """As `run`, where the kernel lends debug registers; else the test is skipped."""

    def run_followed(way: str) -> Seen:
        seen = run(way)
        if not following(seen.look)["followed"]:
            pytest.skip("no debug registers here")
        return seen

    return run_followed


@pytest.fixture
def innermost():
    """`innermost(event)`: the function that the event happened in."""

    def function_of(event: LossEvent) -> str:
        frame = event.at.frames[0]
        return place(frame.module, frame.address - 1).function

    return function_of
