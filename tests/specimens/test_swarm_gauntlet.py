"""The gauntlet reads what tools say, and marks it rightly: a right answer, a wrong one, and none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specimens.swarm import building, gauntlet, heaptrack, outlive_answer, sanitizers, valgrind
from specimens.swarm.answer import Answer, Frame, Harm, Lost
from specimens.swarm.building import SOURCE
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


def call(*frames: Frame) -> dict[str, Any]:
    return {"frames": [{"function": one.function, "file": one.file and str(SOURCE / one.file)} for one in frames]}


def loss(*stack: Frame, **more: Any) -> dict[str, Any]:
    figures = {"count": 1, "bytes": 100, "under_count": 0, "under_bytes": 0, "events": [], "parts": []}
    return {**figures, "made": call(*stack), "category": "runtime", "when_known": True, **more}


def report(*losses: dict[str, Any], **more: Any) -> Answer:
    end = {"how": "returned", "words": "it ended with status 0"}
    told = {"schema": "outlive.native/1", "verdict": "leak", "reason": "why", "end": end, "broken": [], "handles": []}
    return outlive_answer.read({**told, "losses": list(losses), **more})


def test_loss_that_outlive_tells_is_read_with_its_phase_and_with_what_hangs_on_it() -> None:
    (lost,) = report(loss(CREATE, DIAL, under_count=2, under_bytes=11)).lost
    assert (lost.bytes, lost.blocks, lost.stack, lost.phase) == (111, 3, (CREATE, DIAL), "runtime")


def test_phase_that_outlive_guesses_is_none() -> None:
    assert report(loss(CREATE, when_known=False)).lost[0].phase == ""


def test_loss_in_parts_is_read_by_part_and_no_byte_goes_missing() -> None:
    whole = loss(CREATE, bytes=150, count=3, parts=[loss(CREATE), loss(DIAL, bytes=20)])
    assert [(one.bytes, one.blocks) for one in report(whole).lost] == [(100, 1), (20, 1), (30, 1)]


def test_event_is_named_by_its_function_or_that_functions_caller() -> None:
    def marked(*event: Frame) -> str:
        return mark(report(loss(CREATE, bytes=320, events=[{"at": call(*event)}])), LATE).event

    cause, other = Frame("on_closed", "pool.c"), Frame("other", "tcp.c")
    libuv = Frame("uv_run", "")
    assert marked(cause, other) == marked(libuv, other, cause) == "yes"
    assert marked(other, other, cause) == "in stack"
    assert marked(other) == "no"


def test_place_where_a_lost_handle_was_closed_wrongly_is_its_event() -> None:
    handle = {"made": call(Frame("uv_tcp_init", ""), CREATE), "closed": call(DIAL), "stopped": None}
    assert report(loss(CREATE), handles=[handle]).lost[0].events == ((DIAL,),)
    assert report(loss(Frame("elsewhere", "tcp.c")), handles=[handle]).lost[0].events == ()


def test_double_free_that_outlive_tells_is_marked_where_the_second_free_was() -> None:
    use = {
        "kind": "double-free",
        "calls": [["freed", call(DIAL)], ["freed again", call(Frame("on_answer", "coordinator.c"))]],
    }
    got = mark(report(broken=[use]), WRONG_FIX)
    assert (got.found, got.event) == ("yes", "yes")


def test_report_of_outlive_that_cannot_tell_is_no_silence() -> None:
    assert report(verdict="could not tell").failed == "why"
    assert outlive_answer.read({"schema": "other/1"}).failed


def test_crash_is_no_silence() -> None:
    assert report(end={"how": "crashed", "words": "it was ended by SIGSEGV"}).harm[0].kind == "it was ended by SIGSEGV"


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


@pytest.mark.slow
@pytest.mark.skipif(building.missing() != "", reason=building.missing())
def test_outlive_sees_the_same_bytes_and_says_when_and_by_what_they_were_lost() -> None:
    if outlive_answer.missing():
        pytest.skip(outlive_answer.missing())
    right, wrong = gauntlet.run(["outlive"], ["right-tests", "closed-after-drain"])
    got = wrong.mark
    assert right.mark.found == "yes", right.mark.said
    assert (got.found, got.figure, got.allocation) == ("yes", "yes", "yes"), got.said
    assert (got.event, got.phase) == ("yes", "yes")
