"""The sampled guard: a block on pages of its own; who touches them wrongly is told, and the program goes on."""

from __future__ import annotations

import signal

import pytest

EACH = {"guard": "sampled", "guard_rate": 1, "mode": "sampled"}


def test_a_read_of_a_freed_block_is_told_where_it_happens_and_gives_what_was_there(guarded):
    run = guarded("read_on", **EACH)
    assert (run.code, run.out) == (0, "a\nwent on\n")
    assert (run.only.kind, run.only.bytes) == ("use-after-free", 64)
    assert [role for role, _ in run.only.calls] == ["made", "freed", "used"]


def test_a_write_to_a_freed_block_is_told_where_it_happens(guarded):
    run = guarded("write_after", **EACH)
    assert (run.code, run.only.kind) == (0, "write-after-free")
    assert "used" in dict(run.only.calls)


@pytest.mark.parametrize(("name", "where"), [
    ("write_behind", "0 bytes behind its end"),
    ("write_before", "2000 bytes before its start"),
])  # fmt: skip
def test_a_write_beyond_a_block_is_told_where_it_happens(guarded, name, where):
    run = guarded(name, **EACH)
    assert (run.code, run.only.kind, run.only.evidence) == (0, "overrun", (where,))
    assert [role for role, _ in run.only.calls] == ["made", "used"]


@pytest.mark.parametrize(("name", "kind"), [("double_free", "double-free"), ("interior", "interior-free")])
def test_wrong_frees_of_a_sampled_block_are_swallowed_and_told(guarded, name, kind):
    run = guarded(name, **EACH)
    assert (run.code, run.only.kind) == (0, kind)


def test_a_fault_elsewhere_is_the_programs_own(guarded):
    run = guarded("plain_fault", **EACH)
    assert (run.code, run.broken) == (-signal.SIGSEGV, ())
