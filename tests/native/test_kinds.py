"""Every way to ask for memory is seen, under its name; a program says its steps by writing; the end is looked at."""

from __future__ import annotations

import pytest

from outlive.capture.blocks import load_blocks
from outlive.model.native_blocks import BlockClass, BlockKind, HolderKind, LookReason


@pytest.fixture(scope="module")
def look(compiled, recorded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    done = recorded([compiled("kinds.cpp")], folder=folder, words_fd=77)
    assert done.returncode == 0, done.stderr
    (path,) = folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    return load_blocks(path)


def test_every_block_has_the_kind_it_was_asked_for_as(look):
    wanted = {
        2001: BlockKind.MALLOC,
        2002: BlockKind.CALLOC,
        2003: BlockKind.REALLOC,
        2004: BlockKind.REALLOC,
        2005: BlockKind.ALIGNED,
        2006: BlockKind.ALIGNED,
        2007: BlockKind.MALLOC,
        2008: BlockKind.NEW,
        2009: BlockKind.NEW_ARRAY,
        2010: BlockKind.NEW,
        3008: BlockKind.NEW,
        2011: BlockKind.MALLOC,
    }
    assert {size: BlockKind(int(look.kind[look.size == size][0])) for size in wanted} == wanted


def test_blocks_that_were_given_back_are_not_there(look):
    assert not {2012, 2013, 7}.intersection(look.size.tolist())


def test_all_of_it_is_held_by_the_programs_table(look):
    rows = (look.size >= 2001) & (look.size <= 2011)
    assert set(look.block_class[rows].tolist()) == {BlockClass.HELD}
    assert set(look.holder_kind[rows].tolist()) == {HolderKind.GLOBAL}


def test_new_is_told_from_its_caller_and_not_from_the_library(look):
    frames = look.frames(int(look.stack[look.size == 2008][0]))
    assert frames[0].module is not None
    assert frames[0].module.path.endswith("kinds")


def test_a_written_step_stands_with_what_came_after_it(look):
    assert {int(look.step[look.size == size][0]) for size in (2001, 2007)} == {0}
    assert {int(look.step[look.size == size][0]) for size in (2008, 2011)} == {7}


def test_a_mapping_is_told_apart(look):
    assert 5 << 20 in look.container.column("mapping_size").tolist()


def test_the_end_is_looked_at(look):
    assert look.why is LookReason.END
