"""Each class of block, exactly, in a C program without Python."""

from __future__ import annotations

import numpy as np
import pytest

from outlive.capture.blocks import BlockLook, load_blocks
from outlive.capture.blocks_twice import NotTwice, lost_blocks, rows_lost_in_both
from outlive.model.native_blocks import BlockClass, HolderKind, LookReason


@pytest.fixture(scope="module")
def looks(compiled, recorded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    program = compiled("classes.c")
    done = recorded([program, folder / "first", folder / "second"])
    assert done.returncode == 0, done.stderr
    return load_blocks(folder / "first"), load_blocks(folder / "second")


def verdicts(look: BlockLook, size: int) -> list[tuple[BlockClass, HolderKind]]:
    rows = np.flatnonzero(look.size == size)
    return [(BlockClass(int(look.block_class[row])), HolderKind(int(look.holder_kind[row]))) for row in rows]


def test_a_block_nobody_points_to_is_lost(looks):
    assert verdicts(looks[0], 1001) == [(BlockClass.LOST, HolderKind.NONE)]


def test_a_chain_is_lost_under_its_head(looks):
    look = looks[0]
    head = int(look.address[look.size == 1101][0])
    assert verdicts(look, 1101) == [(BlockClass.LOST, HolderKind.NONE)]
    assert verdicts(look, 1102) == verdicts(look, 1103) == [(BlockClass.LOST_UNDER, HolderKind.BLOCK)]
    assert {int(look.root[look.size == size][0]) for size in (1102, 1103)} == {head}


def test_a_cycle_has_one_root(looks):
    assert sorted(verdict for verdict, _ in verdicts(looks[0], 1201)) == [BlockClass.LOST, BlockClass.LOST_UNDER]


def test_what_a_global_leads_to_is_held(looks):
    look = looks[0]
    assert verdicts(look, 1301) == [(BlockClass.HELD, HolderKind.GLOBAL)]
    assert verdicts(look, 1302) == [(BlockClass.HELD, HolderKind.BLOCK)]
    assert int(look.holder[look.size == 1302][0]) == int(look.address[look.size == 1301][0])
    module = look.module_at(int(look.holder[look.size == 1301][0]))
    assert module is not None
    assert module.path.endswith("classes")


def test_a_pointer_into_the_middle_makes_it_possible(looks):
    assert verdicts(looks[0], 1401) == [(BlockClass.POSSIBLE, HolderKind.GLOBAL)]


def test_a_length_before_its_bytes_is_a_good_holder(looks):
    assert verdicts(looks[0], 1800) == [(BlockClass.HELD, HolderKind.BLOCK)]


def test_stacks_and_thread_locals_hold(looks):
    assert verdicts(looks[0], 1501) == [(BlockClass.HELD, HolderKind.STACK)]
    assert verdicts(looks[0], 1601) == [(BlockClass.HELD, HolderKind.THREAD)]
    assert verdicts(looks[0], 1701) == [(BlockClass.HELD, HolderKind.STACK)]


def test_nothing_else_in_the_program_is_lost(looks):
    look = looks[0]
    lost = look.size[look.block_class <= BlockClass.LOST_UNDER]
    assert sorted(lost.tolist()) == [1001, 1101, 1102, 1103, 1201, 1201]
    assert look.seen.doubts == ()


def test_lost_blocks_are_told_by_who_asked_with_what_goes_with_them(looks):
    found = lost_blocks(*looks)
    chain = next(group for group in found if group.bytes == 1101)
    assert (chain.count, chain.under_count, chain.under_bytes) == (1, 2, 1102 + 1103)
    assert chain.stack[0].module is not None
    assert chain.stack[0].module.path.endswith("classes")
    assert len(chain.stack[0].module.build_id) in (0, 40)
    assert chain.lines == ()


def test_one_lost_block_beside_another_thread_is_not_certain(looks):
    assert not any(group.certain for group in lost_blocks(*looks))


def test_a_look_was_asked_for(looks):
    assert looks[0].why is LookReason.ASKED


def test_looks_the_wrong_way_round_are_refused(looks, compiled, recorded, tmp_path):
    done = recorded([compiled("classes.c"), tmp_path / "first", tmp_path / "second"])
    assert done.returncode == 0
    with pytest.raises(NotTwice, match="not a later look"):
        rows_lost_in_both(looks[0], load_blocks(tmp_path / "second"))
