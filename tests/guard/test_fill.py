"""What stands in freed memory, and behind a living block: writes leave a trace, reads break and are known."""

from __future__ import annotations

import signal


def test_a_write_after_the_free_is_told_with_its_place_at_the_end(guarded):
    run = guarded("write_after")
    assert (run.code, run.only.kind, run.only.bytes) == (0, "write-after-free", 64)
    assert run.only.evidence == ("bytes 8 to 9 of 64 were changed after the free: 01 02",)
    assert [role for role, _ in run.only.calls] == ["made", "freed"]


def test_a_write_after_the_free_is_told_when_the_block_leaves_the_quarantine(guarded):
    run = guarded("write_after_long_ago")
    assert run.only.evidence == ("bytes 5 to 5 of 64 were changed after the free: 07",)


def test_one_byte_behind_the_end_is_told_at_the_free(guarded):
    run = guarded("overrun")
    assert (run.code, run.only.kind, run.only.bytes) == (0, "overrun", 24)
    assert run.only.evidence == ("0 bytes behind its end: 00",)
    assert [role for role, _ in run.only.calls] == ["made", "freed"]


def test_one_byte_behind_the_end_of_a_block_that_lives_is_told_at_the_end(guarded):
    run = guarded("overrun_alive")
    assert (run.only.kind, run.only.bytes, [role for role, _ in run.only.calls]) == ("overrun", 30, ["made"])


def test_an_overrun_over_the_next_block_does_not_end_the_program(guarded):
    run = guarded("overrun_far")
    assert (run.code, run.out) == (0, "went on\n")
    assert {use.kind for use in run.broken} == {"overrun"}
    assert any("0 bytes behind its end" in use.evidence[0] for use in run.broken)


def test_a_pointer_read_from_freed_memory_and_followed_is_told_before_the_program_ends_as_it_would(guarded):
    run = guarded("followed")
    assert run.code == -signal.SIGSEGV
    assert (run.only.kind, run.only.bytes) == ("use-after-free", 48)
    assert [role for role, _ in run.only.calls] == ["made", "freed", "used"]


def test_the_programs_own_handler_comes_after(guarded):
    run = guarded("followed_with_handler")
    assert (run.code, run.out, run.only.kind) == (3, "handled\n", "use-after-free")


def test_a_pointer_read_from_freed_memory_and_freed_is_told_and_swallowed(guarded):
    run = guarded("freed_what_it_read")
    assert (run.code, run.only.kind) == (0, "use-after-free")


def test_a_fault_of_another_kind_is_not_accused_and_ends_as_without_a_guard(guarded):
    for name, code in (("plain_fault", -signal.SIGSEGV), ("sent_fault", -signal.SIGSEGV), ("ignored_fault", 0)):
        run = guarded(name)
        assert (run.code, run.broken) == (code, ())
