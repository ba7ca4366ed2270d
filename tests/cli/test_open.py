"""`outlive open`, and what every verb that reads a snapshot says of a file that is none."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from outlive.cli.main import main

pytestmark = pytest.mark.slow  # they share snapshots of real processes, and each verb makes its passes

READERS = [["open"], ["why", "Session"], ["query", "SELECT 1"], ["diff", "other"]]


def run(words: list[str], file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main([words[0], str(file), *words[1:]])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_summary_names_what_is_big_and_the_next_command(heaps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, complaint = run(["open"], heaps / "c.outlive", capsys)
    assert (code, complaint) == (0, "")
    assert "biggest, with all that would go with them" in said
    assert "outlive why" in said


def test_garbage_that_waits_is_shown(heaps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = json.loads(run(["open", "--json"], heaps / "c.outlive", capsys)[1])
    assert any("__main__.Cyclic" in cycle["types"] for cycle in summary["cycles"])


def test_json_keeps_to_its_schema_name(heaps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = json.loads(run(["open", "--json"], heaps / "c.outlive", capsys)[1])
    assert summary["schema"] == "outlive.heap/1"
    assert any(one["type"] == "__main__.Session" and one["count"] == 21 for one in summary["types"])


@pytest.mark.parametrize("words", READERS, ids=[words[0] for words in READERS])
def test_file_that_is_no_snapshot_is_wrong_usage(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("nothing like a snapshot\n" * 10)
    code, said, complaint = run(words, tmp_path / "notes.txt", capsys)
    assert (code, said) == (2, "")
    assert "notes.txt: not a snapshot" in complaint


@pytest.mark.parametrize("words", READERS, ids=[words[0] for words in READERS])
def test_missing_file_is_wrong_usage(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, complaint = run(words, tmp_path / "missing.outlive", capsys)
    assert code == 2
    assert "no such file" in complaint


def test_folder_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, complaint = run(["open"], tmp_path, capsys)
    assert code == 2
    assert "cannot read" in complaint


def test_truncated_snapshot_says_how_much_is_missing(
    heaps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (heaps / "a.outlive").read_bytes()
    (tmp_path / "half.outlive").write_bytes(whole[: len(whole) // 2])
    code, _, complaint = run(["open"], tmp_path / "half.outlive", capsys)
    assert code == 2
    assert "truncated" in complaint
    assert str(len(whole)) in complaint


def test_snapshot_of_a_later_format_names_both_versions(
    heaps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = bytearray((heaps / "a.outlive").read_bytes())
    later[8:10] = struct.pack("<H", 7)
    (tmp_path / "later.outlive").write_bytes(later)
    code, _, complaint = run(["open"], tmp_path / "later.outlive", capsys)
    assert code == 2
    assert "snapshot format 7, this Outlive reads format 1" in complaint


def test_reading_changes_nothing_in_the_file(heaps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = heaps / "c.outlive"
    before = file.read_bytes(), file.stat().st_mtime_ns
    for words in (["open"], ["why", "Session"], ["diff", str(file)]):
        run(words, file, capsys)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
