"""Blocks given back to another allocator than they came from; all forms of new and delete that fit each other."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("name", "words"), [
    ("malloc_delete", "made by malloc or its like, given to delete"),
    ("malloc_delete_array", "made by malloc or its like, given to delete[]"),
    ("new_free", "made by new, given to free"),
    ("array_free", "made by new[], given to free"),
    ("new_delete_array", "made by new, given to delete[]"),
    ("array_delete", "made by new[], given to delete"),
    ("new_realloc", "made by new, given to realloc"),
])  # fmt: skip
def test_a_pair_that_does_not_fit_is_told_and_the_program_goes_on(deleting, name, words):
    run = deleting(name)
    assert (run.code, run.only.kind) == (0, "mismatched-free")
    assert run.only.sentence.endswith(words)
    assert [role for role, _ in run.only.calls] == ["made", "freed"]


def test_what_is_deleted_twice_is_a_double_free(deleting):
    run = deleting("deleted_twice")
    assert (run.code, run.only.kind) == (0, "double-free")


@pytest.mark.parametrize("guard", ["full", "sampled", None])
def test_every_form_of_new_goes_with_its_delete(deleting, guard):
    run = deleting("right", guard=guard)
    assert (run.code, run.out, run.broken) == (0, "went on\n", ())
