"""The look at the end reads the registers of waiting threads: what only they hold is held; the rest is certain."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.capture.blocks import load_blocks
from outlive.capture.blocks_twice import lost_blocks
from outlive.model.native_blocks import BlockClass, HolderKind


@pytest.fixture(scope="module")
def look(compiled, recorded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("registers")
    assert recorded([compiled("registers.c")], folder=folder).returncode == 0
    (file,) = folder.glob("blocks-*.outlive")
    found = load_blocks(file)
    if found.facts["registers_unread"] and _forbids_tracing():
        pytest.skip("threads may not be traced here")
    return found


def _forbids_tracing() -> bool:
    """A filter of system calls, or a system that lets nobody trace."""
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    filtered = "Seccomp:\t0" not in Path("/proc/self/status").read_text()
    return filtered or (scope.exists() and int(scope.read_text()) > 1)


def test_a_block_in_a_waiting_threads_register_is_held(look):
    (row,) = (look.size == 777).nonzero()[0]
    assert look.block_class[row] == BlockClass.HELD
    assert look.holder_kind[row] == HolderKind.STACK


def test_one_lost_block_is_certain_where_all_registers_were_read(look):
    (found,) = lost_blocks(look, look)
    assert (found.count, found.bytes, found.certain) == (1, 333, True)
