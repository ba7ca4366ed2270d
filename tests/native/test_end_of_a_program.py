"""`outlive run -- ./program`: what it lost, when, and whose mistake it is; and that the program stays itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.any_python]

SOURCE = Path(__file__).parent / "programs" / "ends.c"
LIMIT_S = 60


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built where no folder is called `tests`: that would make all of it a test's."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here")
    folder = tmp_path_factory.mktemp("built")
    shutil.copy(SOURCE, folder)
    words = [compiler, "-O1", "-g", "-o", "ends", SOURCE.name, "-lpthread"]
    subprocess.run(words, cwd=folder, check=True, timeout=LIMIT_S)
    return folder / "ends"


def outlive(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "outlive", "run", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, **options)


def run(program: Path, folder: Path, *words: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
    looks = folder / "looks"
    done = outlive(*options, "-o", looks, "--json", folder / "end.json", "--", program, looks, *words)
    assert "Traceback" not in done.stderr, done.stderr
    report: dict[str, Any] = json.loads((folder / "end.json").read_text())
    return {**report, "stderr": done.stderr, "code": done.returncode}


@pytest.fixture(scope="module")
def leaky(program: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    words = (
        "open",
        "runtime",
        "error",
        "pairs",
        "forget",
        "look",
        "quiet",
        "close",
        "test",
        "fork",
        "wait",
        "forget",
        "status",
    )
    return run(program, tmp_path_factory.mktemp("leaky"), *words)


def loss(report: dict[str, Any], what: str, caller: str | None = None) -> dict[str, Any]:
    found = [one for one in report["losses"] if one["what"] == what and caller in (None, one["caller"])]
    assert len(found) == 1, [(one["what"], one["caller"]) for one in report["losses"]]
    return dict(found[0])


def test_what_it_lost_while_it_worked_is_told_with_its_figures(leaky: dict[str, Any]) -> None:
    one = loss(leaky, "decode", "on_error")
    assert (one["count"], one["bytes"], one["category"], one["when_known"]) == (5, 510, "runtime", True)
    frames = [(frame["function"], Path(frame["file"]).name) for frame in one["made"]["frames"]]
    assert frames[-2:] == [("on_error", "ends.c"), ("main", "ends.c")]
    assert one["owner"]["kind"] == "yours"


def test_its_own_wrapper_of_malloc_made_nothing(leaky: dict[str, Any]) -> None:
    assert "xmalloc" in str(leaky["losses"])
    assert all(one["what"] != "xmalloc" for one in leaky["losses"])


def test_what_was_held_until_its_end_was_lost_there(leaky: dict[str, Any]) -> None:
    one = loss(leaky, "open_all")
    assert (one["count"], one["bytes"], one["category"], one["when_known"]) == (20, 1280, "shutdown", True)


def test_what_always_comes_together_is_one_mistake_with_parts(leaky: dict[str, Any]) -> None:
    (one,) = (one for one in leaky["losses"] if one["parts"])
    assert {(part["what"], part["count"], part["bytes"]) for part in one["parts"]} == {
        ("new_peer", 10, 3200),
        ("new_name", 10, 320),
    }
    assert (one["count"], one["bytes"]) == (20, 3520)


def test_what_was_made_after_the_last_look_is_not_dated(leaky: dict[str, Any]) -> None:
    assert not loss(leaky, "test_bus")["when_known"]


def test_a_function_named_like_a_test_in_another_file_is_no_test(leaky: dict[str, Any]) -> None:
    assert loss(leaky, "test_bus")["category"] != "test"


def test_what_parent_and_forked_child_lost_alike_is_one_mistake_counted_once_each(leaky: dict[str, Any]) -> None:
    one = loss(leaky, "decode", "on_data")
    assert len(one["processes"]) == 2
    assert one["count"] == 48  # not the parent's 40 a second time
    assert [row["ended"] for row in leaky["processes"]] == [True, True]


def test_each_of_several_children_answers_for_its_own(program: Path, tmp_path: Path) -> None:
    report = run(program, tmp_path, "fork", "fork", "wait", "wait")
    assert loss(report, "decode", "on_data")["count"] == 16


def test_the_exit_status_and_the_verdict_are_two_things(leaky: dict[str, Any]) -> None:
    assert (leaky["code"], leaky["verdict"], leaky["end"]["how"]) == (7, "leak", "exited")


def test_the_report_says_what_to_do_next(leaky: dict[str, Any]) -> None:
    assert "next:  outlive run --why-lost -- " in leaky["stderr"]


def test_a_right_program_gets_one_line(program: Path, tmp_path: Path) -> None:
    report = run(program, tmp_path, "open", options=("--strict",))
    assert (report["code"], report["losses"]) == (0, [])
    assert report["stderr"].count("\n") == 1


def test_without_looks_nothing_interrupts_the_program(program: Path, tmp_path: Path) -> None:
    report = run(program, tmp_path, "doze", "runtime", "forget", options=("--no-looks",))
    assert (report["code"], report["looks"]) == (0, 1)
    assert not loss(report, "decode")["when_known"]


@pytest.mark.parametrize("command", [["ls", "/"], ["git", "--version"]])
def test_everyday_programs_lose_nothing(command: list[str]) -> None:
    done = outlive("--strict", "--", *command)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("NO LEAK")


def test_only_what_was_lost_in_a_look_is_told_of_a_program_that_was_killed(program: Path, tmp_path: Path) -> None:
    report = run(program, tmp_path, "runtime", "forget", "look", "look", "error", "kill")
    assert (report["code"], report["end"]["how"], report["verdict"]) == (137, "killed", "leak")
    assert [(one["what"], one["caller"], one["count"]) for one in report["losses"]] == [("decode", "on_data", 40)]


def test_a_crash_before_any_look_is_no_verdict(program: Path, tmp_path: Path) -> None:
    report = run(program, tmp_path, "crash", options=("--strict", "--every", "30s"))
    assert (report["code"], report["end"]["how"], report["verdict"]) == (139, "crashed", "could not tell")
    assert "outlive run --guard" in report["stderr"]


def test_few_lost_blocks_beside_a_thread_are_no_verdict(program: Path, tmp_path: Path) -> None:
    report = run(program, tmp_path, "thread", "error", "forget")
    assert report["verdict"] == "could not tell"
    assert not any(one["certain"] for one in report["losses"])


def test_a_server_that_is_told_to_end_is_looked_at_just_before(program: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "outlive",
        "run",
        "--json",
        str(tmp_path / "end.json"),
        "--",
        str(program),
        "",
        "open",
    ]
    with subprocess.Popen([*command, "serve"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=LIMIT_S)
    assert server.returncode == 128 + signal.SIGTERM
    assert "nothing was lost just before it was told to end; it was ended by SIGTERM" in said


def test_a_static_program_runs_and_is_not_judged(compiled: Any, tmp_path: Path) -> None:
    source = tmp_path / "static.c"
    source.write_text("int main(void) { return 3; }\n")
    built = subprocess.run(["cc", "-static", "-o", tmp_path / "static", source], capture_output=True, timeout=LIMIT_S)
    if built.returncode != 0:
        pytest.skip("no static C library here")
    done = outlive("--strict", "--", tmp_path / "static")
    assert done.returncode == 3
    assert "it is statically linked: nothing can be loaded into it" in done.stderr


def test_successive_runs_show_what_a_fix_removed(program: Path, tmp_path: Path) -> None:
    table = tmp_path / "runs.json"
    for words in (("runtime", "forget"), ("error", "forget"), ()):
        done = outlive("--iterations", table, "--", program, "", *words)
    runs = json.loads(table.read_text())["runs"]
    assert [[cause["caller"] for cause in run["causes"]] for run in runs] == [["on_data"], ["on_error"], []]
    assert "100.0%" in done.stderr
    assert "fixed: decode" in done.stderr


def test_a_damaged_table_is_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "runs.json").write_text("{")
    done = outlive("--iterations", tmp_path / "runs.json", "--", "touch", tmp_path / "ran")
    assert done.returncode == 2
    assert not (tmp_path / "ran").exists()


def test_streams_and_arguments_are_the_programs(tmp_path: Path) -> None:
    data = bytes(range(256)) * 64
    command = [sys.executable, "-m", "outlive", "run", "--no-exit-report", "--", "cat", "-"]
    done = subprocess.run(command, input=data, capture_output=True, timeout=LIMIT_S)
    assert (done.returncode, done.stdout, done.stderr) == (0, data, b"")


def test_nothing_stays_behind_without_a_folder_of_the_users(tmp_path: Path) -> None:
    outlive("--", "ls", "/", env={**os.environ, "TMPDIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []
