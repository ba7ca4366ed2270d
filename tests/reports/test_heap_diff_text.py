"""What differs between snapshots, laid out, for one process and for two."""

from __future__ import annotations

import dataclasses
import json

from outlive.model.heap_change import HeapChange, HolderChange, SiteChange, TypeChange
from outlive.reports import diff_text

CHANGE = HeapChange(
    files=("a.outlive", "b.outlive"),
    same_process=True,
    by_stamps=False,
    objects=(80_000, 80_300),
    bytes=(10_000_000, 10_020_000),
    new=307,
    new_bytes=20_582,
    gone=7,
    types=(TypeChange("app.Session", 0, 100, 100, 0, 6_600), TypeChange("builtins.list", 533, 633, 101, 1, 6_492)),
    sites=(SiteChange("/srv/app.py", 12, "handle", 100, 6_600),),
    holders=(HolderChange("app.Session", "app.sessions[*]", 100, 48, "app.sessions['u1']", 2151),),
)
OTHERS = dataclasses.replace(
    CHANGE,
    same_process=False,
    new=0,
    gone=0,
    types=(TypeChange("app.Session", 10, 4, 0, 0, -384),),
    sites=(),
    holders=(HolderChange("app.Session", "app.sessions[*]", 0, 4, "app.sessions[1]", 5, before=10, after=4),),
)


def test_new_and_gone_stand_first_with_how_they_were_told() -> None:
    text = diff_text.render(CHANGE, limit=10)
    assert "307 objects new (20.1 KB), 7 objects gone, told by address and type." in text
    assert "address, type and stamp" in diff_text.render(dataclasses.replace(CHANGE, by_stamps=True), limit=10)


def test_types_lines_and_holders_have_their_rows() -> None:
    text = diff_text.render(CHANGE, limit=10)
    assert "100  6.45 KB     0       0    100  app.Session" in text
    assert "100  6.45 KB  /srv/app.py:12 in handle" in text
    assert "app.sessions[*]  #2151" in text


def test_count_beyond_what_was_looked_at_is_marked_as_an_estimate() -> None:
    assert "~100  app.Session" in diff_text.render(CHANGE, limit=10)
    exact = dataclasses.replace(CHANGE, holders=(dataclasses.replace(CHANGE.holders[0], new=48),))
    assert " 48  app.Session" in diff_text.render(exact, limit=10)


def test_three_snapshots_say_made_and_still_there() -> None:
    three = dataclasses.replace(CHANGE, files=("a", "b", "c"), objects=(1, 2, 3), bytes=(1, 2, 3))
    assert "made between the first two and still there in the third; 7 objects made and gone." in diff_text.render(
        three, limit=10
    )


def test_two_processes_are_compared_by_level_and_say_why() -> None:
    text = diff_text.render(OTHERS, limit=10)
    assert "Different processes: an address of one says nothing of the other." in text
    assert "-6  -384 B      10      4  app.Session" in text
    assert "new" not in text.split("by type")[1]


def test_next_command_asks_why_one_of_them_lives() -> None:
    assert diff_text.render(CHANGE, limit=10).endswith("outlive why b.outlive '#2151'\n")
    nothing = dataclasses.replace(CHANGE, types=(), sites=(), holders=())
    assert diff_text.render(nothing, limit=10).endswith("outlive open b.outlive\n")


def test_json_says_everything_and_names_its_schema() -> None:
    written = json.loads(json.dumps(diff_text.to_json(CHANGE)))
    assert written["schema"] == "outlive.diff/1"
    assert written["holders"][0]["pattern"] == "app.sessions[*]"
    assert set(written) == {field.name for field in dataclasses.fields(HeapChange)} | {"schema", "outlive"}
