"""Which blocks are called lost at a steady rate, which are said to accumulate, and which are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from outlive.capture.blocks import BlockLook, load_blocks
from outlive.capture.blocks_preload import block_environment
from outlive.capture.snapshot import load
from outlive.explain.kept_blocks import KeptPile, kept_piles
from outlive.explain.lost_blocks import LostPile, is_suspect, lost_piles
from outlive.explain.native_origin import Origins
from outlive.heap.heap import Heap
from outlive.model.native_blocks import HolderKind
from outlive.symbols.places import frames
from outlive.symbols.variables import variable

PROGRAM = Path(__file__).with_name("native_steps.py")
STEPS = (200, 400, 600)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With three looks, and a heap taken at the time of the last."""
    folder = tmp_path_factory.mktemp("looks")
    files = [str(folder / name) for name in ("first", "second", "third", "heap")]
    command = [sys.executable, str(PROGRAM), *files]
    done = subprocess.run(command, env=block_environment(os.environ), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def looks(folder: Path) -> tuple[BlockLook, ...]:
    return tuple(load_blocks(folder / name) for name in ("first", "second", "third"))


@pytest.fixture(scope="module")
def lost(looks: tuple[BlockLook, ...]) -> dict[str, LostPile]:
    """By the function that lost them."""
    return {_caller(pile): pile for pile in lost_piles(looks, STEPS, Origins(looks[-1], frames))}


@pytest.fixture(scope="module")
def kept(folder: Path, looks: tuple[BlockLook, ...]) -> dict[str, KeptPile]:
    piles = kept_piles(looks, STEPS, Origins(looks[-1], frames), Heap(load(folder / "heap")), variable)
    return {_caller(pile): pile for pile in piles}


def _caller(pile: LostPile | KeptPile) -> str:
    """All blocks are asked for by one helper; who called that."""
    site = pile.origin.site
    assert site is not None
    return site.callers[0].function.rpartition(".")[2]  # before 3.11 code does not know its class


def test_a_block_lost_at_each_step_is_lost_at_that_rate(lost: dict[str, LostPile]) -> None:
    pile = lost["lose_each_step"]
    assert pile.count.per_step == pytest.approx(1, rel=0.05)
    assert pile.bytes.per_step == pytest.approx(100, rel=0.05)
    assert pile.size == 100


def test_a_block_lost_at_every_seventh_step_is_lost_at_that_rate(lost: dict[str, LostPile]) -> None:
    assert lost["lose_every_seventh"].count.per_step == pytest.approx(1 / 7, rel=0.05)


def test_what_hangs_on_a_lost_block_is_counted_with_it(lost: dict[str, LostPile]) -> None:
    pile = lost["lose_a_pair"]
    assert (pile.count.per_step, pile.bytes.per_step) == (pytest.approx(1, rel=0.05), pytest.approx(1064, rel=0.05))


def test_blocks_that_an_old_word_links_are_counted_by_themselves(lost: dict[str, LostPile]) -> None:
    pile = lost["lose_one_that_points_to_an_older"]
    assert (pile.count.per_step, pile.bytes.per_step) == (pytest.approx(1, rel=0.05), pytest.approx(150, rel=0.05))


def test_a_list_that_is_lost_is_one_loss(lost: dict[str, LostPile]) -> None:
    pile = lost["lose_a_chain"]
    assert (pile.count.per_step, pile.bytes.per_step) == (pytest.approx(1, rel=0.05), pytest.approx(1000, rel=0.05))


def test_each_look_shows_more_of_what_is_lost(lost: dict[str, LostPile]) -> None:
    first, second, third = lost["lose_each_step"].totals
    assert (first, second, third) == (
        pytest.approx(200, abs=10),
        pytest.approx(400, abs=10),
        pytest.approx(600, abs=10),
    )


@pytest.mark.parametrize("innocent", ["lose_at_first", "lose_ever_more_seldom", "lose_in_one_step"])
def test_losses_that_do_not_go_on_are_not_accused(lost: dict[str, LostPile], innocent: str) -> None:
    assert innocent not in lost


@pytest.mark.parametrize("innocent", ["free_each", "keep_each", "keep_up_to_a_bound"])
def test_what_is_freed_or_held_is_not_lost(lost: dict[str, LostPile], innocent: str) -> None:
    assert innocent not in lost


def test_a_block_that_is_kept_for_a_while_and_lost_then_is_found(lost: dict[str, LostPile]) -> None:
    assert lost["lose_what_leaves_a_ring"].count.per_step == pytest.approx(1, rel=0.05)


def test_fewer_steps_than_can_tell_accuse_nobody(looks: tuple[BlockLook, ...]) -> None:
    assert lost_piles(looks, (10, 20, 30), Origins(looks[-1], frames)) == ()


def test_one_look_tells_that_another_is_worth_it(looks: tuple[BlockLook, ...]) -> None:
    assert is_suspect(looks[0], Origins(looks[0], frames))


def test_what_python_objects_keep_is_said_to_be_theirs(kept: dict[str, KeptPile]) -> None:
    pile = kept["__init__"]
    assert pile.holder.kind is HolderKind.PYTHON
    assert pile.bytes_per_step > 700


def test_what_is_freed_does_not_accumulate(kept: dict[str, KeptPile]) -> None:
    assert "free_each" not in kept
