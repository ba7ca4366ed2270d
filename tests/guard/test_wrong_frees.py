"""Frees of what is not to be freed: told with who made, freed and used it, swallowed, and the program goes on."""

from __future__ import annotations

import signal

import pytest


def module_of(use, role):
    call = dict(use.calls)[role]
    return call.frames[0].module.rpartition("/")[2]


def test_a_second_free_is_told_with_three_stacks_and_the_program_goes_on(guarded):
    run = guarded("double_free")
    assert (run.code, run.out) == (0, "went on\n")
    assert (run.only.kind, run.only.bytes, run.only.count) == ("double-free", 40, 1)
    assert [role for role, _ in run.only.calls] == ["made", "freed", "used"]
    assert {module_of(run.only, role) for role in ("made", "freed", "used")} == {"mistakes"}
    calls = dict(run.only.calls)
    assert calls["freed"].frames[0] != calls["used"].frames[0]


def test_parts_that_were_lent_and_freed_by_the_borrower_are_told_when_their_owner_frees_them(guarded):
    run = guarded("over_free")
    assert run.code == 0
    assert [(use.kind, use.bytes) for use in run.broken] == [("double-free", 24)] * 3


def test_the_same_mistake_is_counted_and_told_once(guarded):
    assert guarded("repeated").only.count == 20


def test_a_second_free_long_after_the_block_left_the_quarantine_is_told(guarded):
    run = guarded("long_ago")
    assert (run.code, run.only.kind, run.only.bytes) == (0, "double-free", 48)


def test_two_threads_that_free_one_block_at_once_are_told(guarded):
    run = guarded("two_threads_at_once")
    assert run.code == 0
    assert {use.kind for use in run.broken} == {"double-free"}
    assert sum(use.count for use in run.broken) == 50


@pytest.mark.parametrize(("name", "offset", "roles"), [
    ("interior", 32, ["made", "used"]),
    ("interior_of_freed", 16, ["made", "freed", "used"]),
])  # fmt: skip
def test_a_free_within_a_block_is_told_with_the_block(guarded, name, offset, roles):
    run = guarded(name)
    assert (run.code, run.only.kind, run.only.bytes) == (0, "interior-free", 100)
    assert run.only.evidence == (f"the address is {offset} bytes into the block",)
    assert [role for role, _ in run.only.calls] == roles


@pytest.mark.parametrize(("name", "where"), [
    ("on_stack", "on the stack"),
    ("in_data", "in the data of a program or library"),
    ("in_mapping", "in memory that came from mmap"),
])  # fmt: skip
def test_a_free_of_memory_that_is_no_block_says_what_it_is(guarded, name, where):
    run = guarded(name)
    assert (run.code, run.only.kind) == (0, "foreign-free")
    assert where in run.only.sentence


def test_realloc_of_a_freed_block_is_a_second_free(guarded):
    run = guarded("realloc_freed")
    assert (run.code, run.only.kind) == (0, "double-free")
    assert "given to realloc" in run.only.sentence


def test_a_mistake_in_a_forked_child_is_told_by_the_child(guarded):
    run = guarded("mistake_in_child")
    assert (run.only.kind, run.only.count) == ("double-free", 1)


@pytest.mark.parametrize("name", [
    "growing", "slack_is_asked_for", "every_kind", "reused", "freed_at_exit", "moved_mapping",
])  # fmt: skip
@pytest.mark.parametrize("settings", [{}, {"guard": "sampled", "guard_rate": 3}], ids=["full", "sampled"])
def test_a_correct_program_is_not_accused_and_does_what_it_did(guarded, name, settings):
    run = guarded(name, **settings)
    assert (run.code, run.out, run.error, run.broken) == (0, "went on\n", "", ())


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"guard": "sampled", "guard_rate": 3}], ids=["full", "sampled"])
def test_threads_and_forks_that_free_much_at_once_are_not_accused(guarded, settings):
    run = guarded("threads", **settings)
    assert (run.code, run.out, run.error, run.broken) == (0, "went on\n", "", ())


def test_calls_without_end_are_told_with_those_that_come_again(guarded):
    run = guarded("endless_calls")
    assert (run.code, run.only.kind) == (-signal.SIGSEGV, "stack-overflow")
    assert run.only.sentence == "the stack was used up: the same calls come again and again"
    ((role, call),) = run.only.calls
    assert role == "used"
    assert len({frame.address for frame in call.frames[1:]}) == 2


def test_a_crash_deep_down_is_no_end_of_a_stack(guarded):
    run = guarded("crash_deep_down")
    assert (run.code, run.broken) == (-signal.SIGSEGV, ())
