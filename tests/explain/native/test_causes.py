"""Lost blocks become mistakes: one for each cause, with its time, its figures and its doubts."""

from __future__ import annotations

from small_looks import HELD, LOST, UNDER, Look, block, blocks, frame, stack

from outlive.explain.native.causes import losses
from outlive.explain.native.when import is_of_a_test
from outlive.model.leftovers import Category
from outlive.model.native_blocks import LookReason

DECODE = stack("malloc", "decode", "on_data", "main")
WORKING = LookReason.SIGNAL


def test_what_was_lost_while_it_worked_is_a_loss_of_the_runtime():
    before = Look([block(1, LOST, 1), block(2, HELD, 1)], WORKING)
    (one,) = losses(blocks([before, Look([block(1, LOST, 1), block(2, LOST, 1)])], [DECODE]))
    assert (one.category, one.when_known, one.count, one.bytes) == (Category.RUNTIME, True, 2, 20)
    assert one.what == "decode"
    assert one.evidence == ("1 of 2 were lost already 0.00 s after its start, while it worked",)


def test_what_was_held_while_it_worked_and_is_lost_at_the_end_went_then():
    before = Look([block(1, HELD, 1)], WORKING)
    (one,) = losses(blocks([before, Look([block(1, LOST, 1)])], [DECODE]))
    assert (one.category, one.when_known) == (Category.SHUTDOWN, True)


def test_an_address_that_was_used_before_is_another_block():
    before = Look([block(1, LOST, 1, tick=3)], WORKING)
    (one,) = losses(blocks([before, Look([block(1, LOST, 1, tick=9)])], [DECODE]))
    assert not one.when_known


def test_without_an_earlier_look_nobody_knows_when_they_went():
    (one,) = losses(blocks([Look([block(1, LOST, 1)])], [DECODE]))
    assert not one.when_known
    assert "while it ran" not in one.sentence


def test_of_a_program_that_was_killed_only_what_was_lost_in_two_looks_is_told():
    first, last = (
        Look([block(1, LOST, 1), block(2, HELD, 1)], WORKING),
        Look([block(1, LOST, 1), block(2, LOST, 1)], WORKING),
    )
    (one,) = losses(blocks([first, last], [DECODE]))
    assert (one.count, one.category) == (1, Category.RUNTIME)
    assert losses(blocks([last], [DECODE])) == ()


def test_what_hangs_on_a_lost_block_is_counted_under_it_and_named():
    name = stack("malloc", "strdup", "name_of", "decode", "main")
    (one,) = losses(blocks([Look([block(1, LOST, 1), block(2, UNDER, 2, size=7, root=1)])], [DECODE, name]))
    assert (one.count, one.bytes, one.under_count, one.under_bytes) == (1, 10, 1, 7)
    assert {(part.what, part.count, part.under_count) for part in one.parts} == {("decode", 1, 0), ("name_of", 0, 1)}
    assert "decode (1)" in one.sentence
    assert "name_of (1)" in one.sentence


def test_one_maker_with_two_callers_is_two_mistakes_while_it_runs():
    other = stack("malloc", "decode", "on_end", "main")
    rows = [block(1, LOST, 1), block(2, LOST, 2)]
    found = losses(blocks([Look(rows, WORKING), Look(rows)], [DECODE, other]))
    assert sorted(one.caller for one in found) == ["on_data", "on_end"]


def test_one_maker_whose_blocks_all_stayed_until_the_end_is_one_mistake():
    other = stack("malloc", "decode", "on_end", "main")
    held = Look([block(1, HELD, 1), block(2, HELD, 2)], WORKING)
    (one,) = losses(blocks([held, Look([block(1, LOST, 1), block(2, LOST, 2)])], [DECODE, other]))
    assert (one.count, one.caller) == (2, "")


def _turns(ticks: list[list[int]]) -> tuple[object, ...]:
    stacks = [stack("malloc", "new_peer", "dial", "main"), stack("malloc", "new_name", "dial", "main")]
    rows = [block(tick, LOST, of, tick=tick) for of, row in enumerate(ticks, start=1) for tick in row]
    return losses(blocks([Look(rows, WORKING), Look(rows)], stacks))


def test_what_is_made_turn_by_turn_below_one_caller_is_one_mistake():
    assert len(_turns([[1, 3, 5], [2, 4, 6]])) == 1


def test_equal_counts_that_are_not_made_together_stay_two_mistakes():
    assert len(_turns([[1, 2, 3], [4, 5, 6]])) == 2


def test_two_turns_are_too_few_to_be_one_mistake():
    assert len(_turns([[1, 3], [2, 4]])) == 2


def test_few_lost_blocks_beside_threads_are_not_certain():
    (one,) = losses(blocks([Look([block(at, LOST, 1) for at in range(1, 7)], threads=2)], [DECODE]))
    assert not one.certain
    (one,) = losses(blocks([Look([block(at, LOST, 1) for at in range(1, 8)], threads=2)], [DECODE]))
    assert one.certain


LIBRARY = stack("malloc", "uv_loop_init", "start", "main")


def test_what_a_library_lost_once_at_its_beginning_is_harmless():
    before = Look([block(1, LOST, 1)], WORKING, end_tick=50)
    (one,) = losses(blocks([before, Look([block(1, LOST, 1)])], [LIBRARY]))
    assert one.harmless


def test_what_a_library_made_in_numbers_at_its_beginning_and_not_later_is_harmless():
    rows = [block(at, LOST, 1) for at in range(1, 6)]
    looks = [Look(rows, WORKING, end_tick=50), Look(rows, WORKING, end_tick=90), Look(rows)]
    (one,) = losses(blocks(looks, [LIBRARY]))
    assert one.harmless


def test_one_look_while_it_worked_does_not_show_that_a_library_has_stopped():
    rows = [block(1, LOST, 1), block(2, LOST, 1)]
    (one,) = losses(blocks([Look(rows, WORKING, end_tick=50), Look(rows)], [LIBRARY]))
    assert not one.harmless


def test_what_a_library_goes_on_to_lose_is_not_harmless():
    rows = [block(1, LOST, 1), block(90, LOST, 1)]
    (one,) = losses(blocks([Look(rows[:1], WORKING, end_tick=50), Look(rows)], [LIBRARY]))
    assert not one.harmless
    assert "manual" in one.remedy


def test_what_the_program_lost_once_is_never_harmless():
    (one,) = losses(blocks([Look([block(1, LOST, 1)])], [DECODE]))
    assert not one.harmless


def test_the_fingerprint_knows_functions_and_no_figures():
    one, other = (losses(blocks([Look([block(at, LOST, 1, size=at)])], [DECODE]))[0] for at in (1, 77))
    assert one.fingerprint == other.fingerprint


def test_a_test_is_known_by_its_file():
    assert is_of_a_test([frame("begin", file="/src/test_bus.c")])
    assert is_of_a_test([frame("begin", file="/src/tests/bus.c")])


def test_a_function_of_such_a_name_in_another_file_is_no_test():
    assert not is_of_a_test([frame("test_connection", file="/src/peer.c")])


def test_without_a_file_the_name_decides():
    assert is_of_a_test([frame("test_bus")])
    assert not is_of_a_test([frame("latest_bus")])
