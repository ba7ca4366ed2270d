"""Handles that libuv's loops were left with: told as what they are, and nothing told of a program that is right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outlive.capture.loops import LoopsSeen, load_loops, read_loops
from outlive.model.explanation import NativeFrame
from outlive.symbols.places import place

if TYPE_CHECKING:
    from conftest import Run

pytestmark = pytest.mark.any_python


def seen(recorded: Run, built: Path, folder: Path, how: str) -> tuple[LoopsSeen, str]:
    done = recorded(folder, built / "handles", how)
    return read_loops(folder), done.stdout


def function(frame: NativeFrame | None, past: int = 0) -> str:
    return place(frame.module, frame.address - past).function if frame is not None else ""


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("right", "closed 5, free\n"),
        ("other-way", "closed 7, free\n"),
        ("second-try", "closed 1, free\n"),
        ("alive", ""),
    ],
)
def test_nothing_is_told_where_nothing_is_left(recorded: Run, built: Path, tmp_path: Path, how: str, said: str) -> None:
    found, stdout = seen(recorded, built, tmp_path, how)
    assert (found.handles, found.broken, found.busy, stdout) == ((), (), (), said)
    assert list(tmp_path.glob("loops-*.txt")), "it was recorded"


@pytest.mark.parametrize(
    ("how", "type", "count", "state", "stopped"),
    [
        ("active", "timer", 2, "open and active", False),
        ("stopped", "timer", 3, "stopped, never closed", True),
        ("idle", "timer", 1, "not active, never closed", False),
        ("never-started", "timer", 1, "not active, never closed", False),
        ("left-early", "timer", 1, "closing, callback never ran", False),
        ("after-drain", "udp", 1, "closed after the drain", False),
    ],
)
def test_handle_that_keeps_a_loop_busy_is_told_with_its_state(
    recorded: Run, built: Path, tmp_path: Path, how: str, type: str, count: int, state: str, stopped: bool
) -> None:
    found, stdout = seen(recorded, built, tmp_path, how)
    (handle,) = found.handles
    assert (handle.type, handle.count, handle.state) == (type, count, state)
    assert handle.made is not None
    assert function(handle.made.frames[0], 1) == ("main" if how == "after-drain" else "make")
    assert (handle.stopped is not None) == stopped
    assert found.busy == (f"uv_loop_close said UV_EBUSY because of {count} {type} ({state})",)
    assert stdout.endswith("EBUSY\n")


def test_loop_without_handles_is_busy_with_a_request(recorded: Run, built: Path, tmp_path: Path) -> None:
    (handle,) = seen(recorded, built, tmp_path, "request")[0].handles
    assert (handle.type, handle.state) == ("loop", "requests under way")
    assert "a request is under way" in handle.sentence


def test_handles_closed_without_the_callback_of_their_like_are_told_with_what_is_lost(
    recorded: Run, built: Path, tmp_path: Path
) -> None:
    found, stdout = seen(recorded, built, tmp_path, "no-callback")
    (handle,) = found.handles
    assert (handle.count, handle.state, handle.callback) == (4, "closed without a callback", None)
    assert function(handle.usual) == "free_both"
    assert handle.closed is not None
    assert function(handle.closed.frames[0], 1) == "close_with"
    assert handle.evidence[0] == (
        "nobody can free what was left: 4 of the blocks that hold the handle"
        " and 4 of the blocks that handle->data points to"
    )
    assert stdout == "closed 3, free\n"


def test_no_callback_is_told_where_no_other_handle_has_one(recorded: Run, built: Path, tmp_path: Path) -> None:
    (handle,) = seen(recorded, built, tmp_path, "only-no-callback")[0].handles
    assert (handle.count, handle.state, handle.usual) == (4, "closed without a callback", None)


def test_another_callback_that_forgets_the_wrapper_is_told(recorded: Run, built: Path, tmp_path: Path) -> None:
    (handle,) = seen(recorded, built, tmp_path, "other-callback")[0].handles
    assert (handle.count, handle.state) == (4, "closed with another callback")
    assert (function(handle.callback), function(handle.usual)) == ("free_handle", "free_both")
    assert handle.evidence[0] == "nobody can free what was left: 4 of the blocks that handle->data points to"


@pytest.mark.parametrize(("how", "own"), [("twice", False), ("own-callback", True)])
def test_handle_that_is_closed_twice_is_told_even_if_libuv_aborts(
    recorded: Run, built: Path, tmp_path: Path, how: str, own: bool
) -> None:
    (broken,) = seen(recorded, built, tmp_path, how)[0].broken
    assert (broken.kind, broken.count) == ("double-close", 1)
    assert [role for role, _ in broken.calls] == ["made", "closed", "closed again"]
    assert function(broken.calls[2][1].frames[0], 1) == ("close_again" if own else "close_with")
    assert ("from its own close callback" in broken.sentence) == own


def test_child_of_a_fork_is_not_accused_of_its_parents_handles(recorded: Run, built: Path, tmp_path: Path) -> None:
    found, stdout = seen(recorded, built, tmp_path, "fork")
    assert (found.handles, stdout) == ((), "closed 1, free\n")


def test_libuv_of_a_library_that_was_loaded_for_itself_is_the_one_that_is_called(
    recorded: Run, built: Path, tmp_path: Path
) -> None:
    done = recorded(tmp_path, built / "loader", built / "plugin.so", built / "plugin.so")
    assert done.stdout == "-38\n" + "0 -16\n" * 2, "without libuv: not there; with: closed, and busy"
    (handle,) = load_loops(tmp_path)
    assert (handle.type, handle.count, handle.state) == ("timer", 2, "not active, never closed")


def test_program_without_libuv_writes_nothing_of_loops(recorded: Run, tmp_path: Path) -> None:
    assert recorded(tmp_path, sys.executable, "-c", "pass").returncode == 0
    assert list(tmp_path.glob("loops-*")) == []
    assert list(tmp_path.glob("blocks-*")) != []
