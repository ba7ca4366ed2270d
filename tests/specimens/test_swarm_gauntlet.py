"""The gauntlet reads what tools say, and marks it rightly: a right answer, a wrong one, and none."""

from __future__ import annotations

from pathlib import Path

import pytest

from specimens.swarm import building, gauntlet, heaptrack, sanitizers, valgrind
from specimens.swarm.answer import Answer, Frame, Harm, Lost
from specimens.swarm.faults import BY_SWITCH
from specimens.swarm.marking import mark, mark_right

LATE = BY_SWITCH["late-handshake"]
WRONG_FIX = BY_SWITCH["wrong-fix"]
CREATE, DIAL = Frame("connection_create", "connection.c"), Frame("pool_dial", "pool.c")
LIBUV = Lost(64, 1, (Frame("uv_loop_init", ""),))

pytestmark = pytest.mark.any_python


def lost(size: int, blocks: int | None, *stack: Frame) -> Answer:
    return Answer((Lost(size, blocks, stack),))


def test_exact_figure_and_allocation_are_marked_right_and_the_event_as_not_named() -> None:
    got = mark(lost(320, 1, CREATE, DIAL), LATE)
    assert (got.found, got.figure, got.allocation, got.event, got.phase) == ("yes", "yes", "yes", "no", "no")


@pytest.mark.parametrize(("size", "blocks", "right"), [(320, None, "yes"), (320, 2, "no"), (321, 1, "no")])
def test_figure_is_right_to_the_byte(size: int, blocks: int | None, right: str) -> None:
    assert mark(lost(size, blocks, CREATE), LATE).figure == right


def test_place_that_only_led_to_the_allocation_is_in_the_stack_and_not_named() -> None:
    assert mark(lost(320, 1, CREATE, Frame("on_closed", "pool.c")), LATE).event == "in stack"


def test_function_of_the_same_name_in_another_file_is_another() -> None:
    assert mark(lost(320, 1, CREATE, Frame("on_closed", "http_tracker.c")), LATE).event == "no"


def test_what_a_library_keeps_for_itself_does_not_count() -> None:
    assert mark(Answer((LIBUV,)), LATE).found == "no"
    assert mark(Answer((LIBUV, *lost(320, 1, CREATE).lost)), LATE).figure == "yes"


def test_broken_free_is_found_only_by_its_own_kind() -> None:
    where = (Frame("free", ""), Frame("on_answer", "coordinator.c"))
    got = mark(Answer(harm=(Harm("double free", where),)), WRONG_FIX)
    assert (got.found, got.event) == ("yes", "yes")
    assert mark(Answer(harm=(Harm("SIGSEGV", where),)), WRONG_FIX).found == "no"
    assert mark(lost(4000, 1, CREATE), WRONG_FIX).found == "no"


def test_right_program_must_meet_silence() -> None:
    assert mark_right(Answer()).found == "yes"
    assert mark_right(Answer((LIBUV,))).found == "no"


def test_no_answer_is_no_verdict() -> None:
    got = mark(Answer(failed="no report"), LATE)
    assert (got.said, got.found, got.figure) == ("no report", "no", "-")
    assert mark_right(Answer(failed="no report")).found == "no"


def test_leak_checker_that_cannot_work_is_told_from_silence() -> None:
    assert sanitizers.read("==1==LeakSanitizer has encountered a fatal error.\n").failed


def test_report_of_valgrind_that_is_missing_or_torn_is_no_silence(tmp_path: Path) -> None:
    assert valgrind.read(tmp_path / "none.xml").failed
    (tmp_path / "torn.xml").write_text("<valgrindoutput><error>")
    assert valgrind.read(tmp_path / "torn.xml").failed


def test_outlive_is_not_marked_before_it_looks_at_native_blocks() -> None:
    (row,) = gauntlet.run(["outlive"], ["wrong-fix"])
    assert (row.mark.said, row.mark.found) == ("not yet", "not yet")
    assert "outlive: not yet" in gauntlet.table([row])


def test_unknown_names_are_refused() -> None:
    with pytest.raises(OSError, match="no tool or switch massif, no-such"):
        gauntlet.run(["massif"], ["no-such"])


@pytest.mark.slow
@pytest.mark.skipif(building.missing() != "", reason=building.missing())
@pytest.mark.parametrize(("tool", "missing"), [("valgrind", valgrind.missing()), ("heaptrack", heaptrack.missing())])
def test_other_tools_see_the_same_bytes(tool: str, missing: str) -> None:
    if missing:
        pytest.skip(missing)
    (row,) = gauntlet.run([tool], ["closed-after-drain"])
    got = row.mark
    assert (got.found, got.figure, got.allocation, got.event) == ("yes", "yes", "yes", "no")
