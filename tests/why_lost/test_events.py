"""The event that took the last pointer away is named; where nothing is lost, or it was lost elsewhere, nobody is."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from outlive.capture.blocks_preload import block_environment
from outlive.capture.loss_events import events_of, following, origins_of
from outlive.model.native_blocks import BlockClass

WAYS = {
    "parent_freed": ("parent freed", "destroy_without_owned"),
    "overwritten": ("overwritten", "connect_again"),
    "nulled": ("overwritten", "close_callback"),
    "discarded": ("discarded", "is_valid"),
    "handled_and_forgotten": ("discarded", "on_piece"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_event_and_its_function_are_named(followed, way, innermost):
    events = followed(way).events
    assert {(event.kind, innermost(event)) for event in events} == {WAYS[way]}
    assert any(event.sure for event in events)


def test_the_callers_stand_behind_the_function(followed):
    (event, *_) = followed("discarded").events
    assert len(event.at.frames) >= 3
    assert event.at.thread > 0


INNOCENT = (
    "freed_after_its_parent",
    "written_by_the_same",
    "resized",
    "unlinked_node_by_node",
    "table_that_grows",
)


@pytest.mark.parametrize("way", INNOCENT)
def test_nothing_is_said_of_a_program_that_loses_nothing(followed, way):
    seen = followed(way)
    assert following(seen.look)["scans"] > 0
    assert seen.groups == ()
    assert events_of(seen.look) == {}


def test_a_pointer_that_was_copied_before_its_parent_was_freed_is_lost_where_the_copy_goes(followed, innermost):
    events = followed("moved_before").events
    assert {(event.kind, innermost(event)) for event in events} == {("overwritten", "main")}


def test_only_lost_blocks_have_events(followed):
    look = followed("overwritten").look
    rows = list(events_of(look))
    assert rows
    assert all(look.block_class[row] <= BlockClass.LOST_UNDER for row in rows)


def test_a_program_keeps_its_own_handler_of_traps(followed, innermost):
    seen = followed("program_has_a_handler")
    assert seen.output == "6\n"
    assert {innermost(event) for event in seen.events} == {"connect_again"}


def test_a_function_that_is_left_by_longjmp_is_not_said_to_have_returned(followed, innermost):
    events = followed("left_by_longjmp").events
    assert events
    assert {event.kind for event in events} == {"overwritten"}
    assert {innermost(event) for event in events} <= {"connect_again", "leave"}


def test_children_of_a_fork_go_on_without(followed):
    seen = followed("forks")
    assert seen.returncode == 0
    assert len(seen.looks) == 7
    assert [following(look)["traps"] for look in seen.looks] == [1, 0, 0, 0, 0, 0, 0]


def test_without_debug_registers_a_freed_parent_is_noted_as_what_it_is(run, innermost):
    seen = run("parent_freed", "notes")
    assert following(seen.look)["traps"] == following(seen.look)["scans"] == 0
    (event,) = seen.events
    assert (event.kind, event.sure, innermost(event)) == ("parent freed", False, "destroy_without_owned")
    assert "not looked at" in event.words


def test_without_being_asked_nothing_is_followed(run):
    seen = run("parent_freed", False)
    assert following(seen.look) == {}
    assert seen.events == ()


def test_a_second_run_knows_what_the_first_has_found(run, tmp_path):
    look = run("parent_freed").look
    lost = np.flatnonzero(look.block_class == BlockClass.LOST).tolist()
    again = run("parent_freed", False).look
    lost_again = np.flatnonzero(again.block_class == BlockClass.LOST).tolist()
    names = origins_of(look, lost)
    assert names == origins_of(again, lost_again)
    (tmp_path / "known").write_text("\n".join(names))
    assert run("parent_freed", tmp_path / "known").returncode == 0


@pytest.mark.slow
def test_a_python_program_goes_on_as_it_was(tmp_path):
    environment = block_environment(os.environ, folder=tmp_path, why_lost=True)
    source = "import json, subprocess; print(json.dumps(list(range(5)))); subprocess.run(['true'], check=True)"
    done = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[0, 1, 2, 3, 4]\n", "")
