"""Reading looks: what is whole comes back, what is not is refused in words, whatever is in the file."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.capture.look import DamagedLook, load_look
from outlive.model.explanation import Site
from outlive.model.look import Closing, Ended, Event, Look, Open, Scope

SITE = Site("app.py", 30, "close", callers=(Site("app.py", 4, "main"),))
WHOLE = Look(
    "exit", 1.5, tick=7, pid=42, snapshot="look-001.outlive", python="3.12.1",
    ended=(Ended(2**63, "app.Session", "session closed", 1.0, 3, must=("garbage", "tasks"), site=SITE, fate="turn"),),
    scopes=(Scope(3, "request", ended_at=None, returned=(1, 2), parent=2), Scope(4, "request", ended_at=1.25)),
    closings=(Closing(1.0, "session closed", "app.Session", SITE, 2, "twice"),),
    open=(Open("fd", "/dev/null", 3, "file", address=5),),
    events=(Event("task-lost", 1.0, "Task-1"),),
    running=(1,), harness=(2,), counters={"rss": 1024.0}, import_path=("",), notes=("ünïcode \ud800",),
)  # fmt: skip


def written(folder: Path, data: object) -> Path:
    path = folder / "look-001.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def changed(**fields: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(asdict(WHOLE))), **fields}


def test_a_whole_look_comes_back_as_it_was(tmp_path: Path) -> None:
    assert load_look(written(tmp_path, asdict(WHOLE))) == WHOLE


def test_missing_keys_have_their_defaults_and_unknown_ones_are_passed_over(tmp_path: Path) -> None:
    assert load_look(written(tmp_path, {"reason": "exit", "at": 1, "next_year": [1]})) == Look("exit", 1.0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "no JSON"),
        ('{"reason": "exit", "at": 1.', "no JSON"),
        ('{"reason": "exit", "at": NaN}', "NaN is no number"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "the look is no table"),
        ({"at": 1.0}, "the look has no 'reason'"),
        (changed(at=True), "the look.at is no number"),
        (changed(at=10**400), "the look.at is no number"),
        (changed(tick=-1), "the look.tick is no whole number"),
        (changed(pid=1.5), "the look.pid is no whole number"),
        (changed(snapshot="../../etc/passwd"), "the look.snapshot is no plain file name"),
        (changed(snapshot=".."), "the look.snapshot is no plain file name"),
        (changed(reason="x" * 200_000), "the look.reason is longer than"),
        (changed(ended={}), "the look.ended is no list"),
        (changed(ended=[{"address": 1}]), "the look.ended[0] has no 'type'"),
        (changed(running=[2**64]), "the look.running[0] is no whole number"),
        (changed(counters={"rss": "much"}), "the look.counters.rss is no number"),
        (changed(open=[{"kind": "fd", "name": "x", "site": {"file": "a"}}]), "the look.open[0].site is no site"),
        (changed(notes=["ok", None]), "the look.notes[1] is no text"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, data: object, why: str) -> None:
    with pytest.raises(DamagedLook) as refused:
        load_look(written(tmp_path, data))
    assert why in refused.value.why
    assert "look-001.json" in refused.value.what


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "look.json").write_bytes(b"\xff\xfe\x00OUTLIVE\x1a")
    with pytest.raises(DamagedLook):
        load_look(tmp_path / "look.json")


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_look(tmp_path / "none.json")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["address", "type", "file"]), inner),
    max_leaves=5,
)


@pytest.mark.any_python
@given(field=st.sampled_from(sorted(asdict(WHOLE))), value=_VALUES)
def test_any_value_in_any_place_is_read_or_refused(tmp_path_factory: Any, field: str, value: object) -> None:
    path = written(tmp_path_factory.getbasetemp(), changed(**{field: value}))
    with suppress(DamagedLook):
        assert isinstance(load_look(path), Look)
