"""`outlive open` with reports: told by content, expanded, merged, and told in text, JSON and an exit code."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from sampled import SAMPLES

from outlive.cli.main import main
from outlive.model.explanation import OwnerKind
from outlive.model.imported import Loss
from outlive.model.verdict import Verdict

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
SCHEMA: dict[str, Any] = json.loads((DOCS / "imported-json.schema.json").read_text(encoding="utf-8"))
CHECK = json.loads((DOCS / "check-json.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(
    SCHEMA, registry=Registry().with_resource("outlive.check/1", Resource.from_contents(CHECK))
)
THREE = [
    str(SAMPLES / "three" / name) for name in ("lsan.txt", "asan.txt", "valgrind.xml", "heaptrack.txt.gz", "gcc.json")
]


class Said:
    """What one command said, and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: str | Path) -> None:
        self.code = main(["open", *map(str, words)])
        self.out, self.err = capsys.readouterr()


def test_five_tools_on_one_program_are_three_leaks_with_five_witnesses(capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys, *THREE, "--json")
    found = json.loads(said.out)["findings"]
    assert said.code == 1
    assert [(one["bytes"], one["leak"], len(one["witnesses"])) for one in found] == [
        (8000, True, 5),
        (320, True, 5),
        (200, True, 4),
    ]


def test_text_says_whose_claim_it_is_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys, *THREE)
    assert said.err == ""
    assert said.out.startswith("LEAK  3 leaks, by the word of LeakSanitizer, AddressSanitizer and valgrind\n")
    assert "1. 7.81 KB in 2 blocks lost: /src/demo/three.c:30 in append_row\n" in said.out
    assert "heaptrack at /src/demo/three.c:9 in session_open: unfreed, 320 B in 5\n" in said.out
    assert "gcc -fanalyzer at three.c:9 in session_open: possible; by reading the code; “leak of ‘one’”\n" in said.out


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("lsan.txt", 1, "LEAK  1 leak, by the word of LeakSanitizer"),
        ("lsan_suppressed.txt", 0, "NO LEAK  LeakSanitizer looked and found no leak besides what is suppressed"),
        ("heaptrack.txt", 3, "COULD NOT TELL  no leak is claimed surely: 4 not given back at the end"),
        ("asan_double_free.txt", 1, "BROKEN  1 wrong use of memory or descriptors, by the word of AddressSanitizer"),
        ("gcc.json", 3, "1 told by reading the code, and by no run"),
    ],
)
def test_exit_code_and_first_lines_say_what_the_tools_say(
    name: str, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Said(capsys, SAMPLES / name)
    assert said.code == code
    assert words in said.out


def test_name_of_the_file_does_not_matter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(SAMPLES / "valgrind_leak.xml", tmp_path / "notes.heapsnapshot")
    assert Said(capsys, tmp_path / "notes.heapsnapshot").code == 1


def test_cut_compressed_file_is_partial_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = gzip.compress(os.urandom(50_000).hex().encode() + b"\n" + (SAMPLES / "lsan.txt").read_bytes())
    (tmp_path / "cut.gz").write_bytes(data[:-9])
    (one,) = json.loads(Said(capsys, tmp_path / "cut.gz", "--json").out)["reports"]
    assert (one["whole"], one["troubles"][-1]) == (False, "its compressed data is cut")


def test_damaged_compressed_file_is_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(gzip.compress((SAMPLES / "lsan.txt").read_bytes() * 50))
    data[60:80] = bytes(20)
    (tmp_path / "bad.gz").write_bytes(data)
    assert Said(capsys, tmp_path / "bad.gz").code in (1, 2, 3)


def test_zstandard_is_expanded(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("zstandard")
    (one,) = json.loads(Said(capsys, SAMPLES / "three" / "heaptrack.zst", "--json").out)["reports"]
    assert (one["tool"], one["whole"], one["claims"]) == ("heaptrack", True, 3)


def test_raw_recording_is_refused_with_the_command_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("zstandard")
    said = Said(capsys, SAMPLES / "heaptrack_raw.zst")
    assert said.code == 2
    assert "heaptrack_interpret" in said.err


def test_small_file_that_expands_without_end_fills_no_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(1 << 20)) * 200)
    said = Said(capsys, tmp_path / "bomb.gz")
    assert said.code == 2
    assert "nor a report" in said.err


@pytest.mark.parametrize("name", ["missing.xml", "."])
def test_what_cannot_be_read_is_wrong_usage(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys, SAMPLES / "lsan.txt", tmp_path / name)
    assert said.code == 2
    assert said.out == ""


def test_pipe_is_refused_because_it_can_be_read_once_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "regular file" in Said(capsys, tmp_path / "pipe").err


def test_suppressions_alone_are_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "known.supp").write_text("leak:x\n")
    assert Said(capsys, tmp_path / "known.supp").code == 2


def test_suppression_file_sets_the_leak_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "known.supp").write_text("leak:make_chain\n")
    said = Said(capsys, SAMPLES / "lsan.txt", tmp_path / "known.supp")
    assert said.code == 3
    assert "(by leak:make_chain)" in said.out


def test_same_file_twice_is_one_witness(capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = json.loads(Said(capsys, SAMPLES / "lsan.txt", SAMPLES / "lsan.txt", "--json").out)["findings"]
    assert len(one["witnesses"]) == 1


@pytest.mark.parametrize(
    "names",
    [("lsan.txt", "valgrind_leak.xml", "gcc.json"), ("asan_use_after_free.txt",), ("jemalloc.heap", "libuv.txt")],
)
def test_json_keeps_to_its_schema(names: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    VALIDATOR.validate(json.loads(Said(capsys, *(SAMPLES / name for name in names), "--json").out))


def test_schema_describes_every_field_that_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    written = json.loads(Said(capsys, *THREE, "--json").out)
    assert set(written) == set(SCHEMA["properties"]) == set(SCHEMA["required"])
    finding = written["findings"][0]
    parts = {
        "report": written["reports"][0],
        "finding": finding,
        "witness": finding["witnesses"][0],
        "amount": finding["witnesses"][0]["amounts"][0],
        "stack": finding["stacks"][0],
        "frame": finding["stacks"][0]["frames"][0],
    }
    for name, part in parts.items():
        assert set(part) == set(SCHEMA["$defs"][name]["properties"]) == set(SCHEMA["$defs"][name]["required"]), name


def test_schema_lists_every_word_the_model_can_say() -> None:
    assert SCHEMA["properties"]["verdict"]["enum"] == [one.value for one in Verdict]
    assert SCHEMA["$defs"]["loss"]["enum"] == [*(one.value for one in Loss), None]
    assert set(CHECK["$defs"]["owner"]["properties"]["kind"]["enum"]) == {one.value for one in OwnerKind}


@pytest.mark.slow
def test_capture_of_memray_is_read_by_memray_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("memray")
    script, capture = tmp_path / "keep.py", tmp_path / "keep.bin"
    script.write_text("import builtins\nbuiltins.keep = bytearray(3_000_000)\n")
    words = [sys.executable, "-m", "memray", "run", "-q", "-o", str(capture), str(script)]
    subprocess.run(words, check=True, capture_output=True, cwd=tmp_path)
    whole = json.loads(Said(capsys, capture, "--json").out)
    assert whole["verdict"] == "could not tell"
    assert whole["findings"][0]["place"] == f"{script}:2 in <module>"
    assert whole["findings"][0]["bytes"] >= 3_000_000
    assert whole["reports"][0]["whole"]
    for size in (capture.stat().st_size // 2, capture.stat().st_size - 1):
        (tmp_path / "cut.bin").write_bytes(capture.read_bytes()[:size])
        said = Said(capsys, tmp_path / "cut.bin", "--json")
        assert said.code == 2 or not json.loads(said.out)["reports"][0]["whole"]


def test_snapshot_among_reports_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "heap.outlive").write_bytes(b"OUTLIVE\x1a" + bytes(100))
    said = Said(capsys, SAMPLES / "lsan.txt", tmp_path / "heap.outlive")
    assert said.code == 2
    assert "is a snapshot; it is opened alone" in said.err
