"""`outlive why`: who holds it, for each way of saying what is meant."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from outlive.cli.main import main

pytestmark = pytest.mark.slow  # they share snapshots of real processes, and each verb makes its passes


@pytest.fixture
def why(heaps: Path, capsys: pytest.CaptureFixture[str]):
    """Asks about the stamped snapshot; returns (exit code, stdout, stderr)."""

    def asked(what: str, *words: str) -> tuple[int, str, str]:
        code = main(["why", str(heaps / "stamped.outlive"), what, *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return asked


def answer(said: tuple[int, str, str]) -> dict[str, Any]:
    assert said[0] == 0, said[2]
    read: dict[str, Any] = json.loads(said[1])
    return read


def test_objects_of_a_type_are_grouped_by_who_holds_them(why) -> None:
    told = answer(why("__main__.Session", "--json"))
    assert (told["objects"], told["sampled"], told["schema"]) == (21, 21, "outlive.why/1")
    (one,) = told["explanations"]
    assert one["explained"] == 21
    assert "".join(hop["label"] for hop in one["path"]).startswith("__main__.sessions['u")


def test_last_part_of_a_types_name_is_enough(why) -> None:
    assert answer(why("Session", "--json"))["type"] == "__main__.Session"


def test_line_that_made_it_is_named(why) -> None:
    (one,) = answer(why("Session", "--json"))["explanations"]
    assert (one["site"]["function"], Path(one["site"]["file"]).name) == ("handle", "service.py")
    assert one["site"]["source"] == 'sessions[f"u{number}"] = Session()'


def test_expression_address_and_number_mean_the_same_object(why) -> None:
    node = answer(why("__main__.sessions['u3']", "--json"))["node"]
    assert answer(why(f"#{node}", "--json"))["objects"] == 1
    path = "".join(hop["label"] for hop in answer(why(f"#{node}", "--json"))["explanations"][0]["path"])
    assert path == "__main__.sessions['u3']"


def test_address_is_looked_up(why, heaps: Path) -> None:
    from outlive.capture.snapshot import load

    told = answer(why("__main__.sessions['u3']", "--json"))
    address = int(load(heaps / "stamped.outlive").column("address")[told["node"]])
    assert answer(why(hex(address), "--json"))["node"] == told["node"]


def test_query_may_choose_the_objects(why) -> None:
    pytest.importorskip("duckdb")
    assert answer(why("sql:SELECT node FROM objects WHERE type = '__main__.Passing'", "--json"))["objects"] == 1


@pytest.mark.parametrize("sql", ["SELECT type FROM objects LIMIT 1", "SELECT 0", "SELECT 1 WHERE false", "SELEC"])
def test_query_that_holds_no_nodes_is_wrong_usage(why, sql: str) -> None:
    pytest.importorskip("duckdb")
    code, said, complaint = why(f"sql:{sql}")
    assert (code, said) == (2, "")
    assert complaint.startswith("outlive: ")


def test_unknown_type_is_wrong_usage_and_names_what_is_close(why) -> None:
    code, _, complaint = why("__main__.Sesion")
    assert code == 2
    assert "did you mean __main__.Session" in complaint


@pytest.mark.parametrize("what", ["#0", "#99999999", "#x", "0x1", "0xyz", "nothing.like.this[", ""])
def test_what_is_not_there_is_wrong_usage(why, what: str) -> None:
    code, said, complaint = why(what)
    assert (code, said) == (2, "")
    assert complaint.startswith("outlive: ")


def test_text_shows_the_path_the_line_and_the_next_command(why) -> None:
    code, said, complaint = why("Session")
    assert (code, complaint) == (0, "")
    assert said.startswith("__main__.Session: 21 objects")
    assert re.search(r"service\.py:\d+ in handle", said)
    assert re.search(r"outlive why \S+stamped\.outlive '#\d+' --all\n$", said)


def test_garbage_is_called_garbage(why) -> None:
    assert "garbage" in why("Cyclic")[1] or "each other" in why("Cyclic")[1]
