"""The look at the end reads the program's own part of the stack, not what functions that have returned left below."""

from __future__ import annotations

import pytest

from outlive.capture.blocks import load_blocks
from outlive.model.native_blocks import BlockClass

LOST_BYTES, KEPT_BYTES, LOST = 4337, 4327, 12 * 20


@pytest.mark.parametrize("how", ["return", "exit", "_exit"])
def test_what_only_functions_that_returned_had_is_lost_at_the_end(compiled, recorded, tmp_path, how):
    assert recorded([compiled("at_end.c"), how], folder=tmp_path).returncode == 0
    (path,) = tmp_path.iterdir()
    look = load_blocks(path)
    lost = look.block_class == BlockClass.LOST
    assert int((lost & (look.size == LOST_BYTES)).sum()) == LOST
    # Who returned from main has nothing any more; who ends in main still has what it has.
    assert int((lost & (look.size == KEPT_BYTES)).sum()) == (how == "return")
