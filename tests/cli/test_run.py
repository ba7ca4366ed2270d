"""`outlive run` as people use it: the command stays itself, and what we say goes to stderr alone."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from outlive.cli.run import _duration, _signal_number


def outlive(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "outlive", "run", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "outlive", "run", "--no-exit-report", *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("2m", 120), ("1h", 3600), ("7", 7)])
def test_times_are_written_as_people_write_them(text: str, seconds: float) -> None:
    assert _duration(text) == seconds


@pytest.mark.parametrize(("text", "number"), [("USR1", 10), ("sigusr2", 12), ("none", 0)])
def test_signals_are_named_as_kill_names_them(text: str, number: int) -> None:
    assert _signal_number(text) == number


@pytest.mark.slow
def test_streams_arguments_and_exit_status_are_the_programs(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(
        "import sys\ndata = sys.stdin.buffer.read()\nsys.stdout.buffer.write(data[::-1] * 100)\n"
        "sys.stderr.write(repr(sys.argv[1:]))\nsys.exit(7)\n"
    )
    data = bytes(range(256)) * 4096
    words = [str(script), "--json", "-o", "--", "x"]
    command = [sys.executable, "-m", "outlive", "run", "--no-exit-report", "--", sys.executable, *words]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60)
    assert done.returncode == 7
    assert done.stdout == data[::-1] * 100
    assert done.stderr == b"['--json', '-o', '--', 'x']"


@pytest.mark.slow
def test_command_that_is_no_python_runs_and_the_words_say_why_it_was_not_watched() -> None:
    done = outlive("--", "sh", "-c", "cat; exit 5", input="hello\n")
    assert (done.returncode, done.stdout) == (5, "hello\n")
    assert "not watched: sh started no Python that lets itself be watched" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_strict_does_not_take_an_unwatched_program_for_a_clean_one() -> None:
    assert outlive("--strict", "--", "sh", "-c", "true").returncode == 3


@pytest.mark.slow
def test_console_script_is_watched(tmp_path: Path) -> None:
    script = tmp_path / "serve"
    script.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv, __name__)\n")
    script.chmod(0o755)
    kept = tmp_path / "kept"
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = outlive("--no-exit-report", "-o", str(kept), "--", "serve", "app:app", env=environment)
    assert (done.returncode, done.stdout) == (0, f"{[str(script), 'app:app']} __main__\n")
    assert [path.name for path in kept.iterdir()] == ["look-001.json"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert str(kept) in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_to_us_is_the_commands_and_its_end_is_ours_as_a_shell_says_it(number: int) -> None:
    script = "import signal; print('ready', flush=True); signal.pause()"
    run = start("--", sys.executable, "-c", script)
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    run.send_signal(number)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 128 + number
    assert ("KeyboardInterrupt" in err) == (number == signal.SIGINT)


@pytest.mark.slow
def test_programs_own_handler_gets_the_signal_and_decides() -> None:
    script = (
        "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *a: sys.exit(11))\n"
        "print('ready', flush=True)\nwhile True: signal.pause()"
    )
    run = start("--", sys.executable, "-c", script)
    assert run.stdout is not None
    run.stdout.readline()
    run.terminate()
    run.communicate(timeout=60)
    assert run.returncode == 11


@pytest.mark.slow
def test_nothing_stays_behind_without_a_folder_of_the_users(tmp_path: Path) -> None:
    outlive("--no-exit-report", "--", sys.executable, "-c", "", env={**os.environ, "TMPDIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing to run"),
        (["--", "no-such-command"], "cannot start no-such-command: No such file or directory"),
        (["--", "app.py"], "outlive run -- python app.py"),
        (["--", "-m", "app"], "outlive run -- python -m app"),
        (["--guard", "--", "python", "app.py"], "--guard is about native memory"),
        (["--iterations", "/nowhere/runs.json", "--", "true"], "cannot write /nowhere/runs.json"),
        (["--every", "soon", "--", "true"], "is no time such as 500ms, 30s, 5m or 1h"),
        (["--signal", "KILL", "--", "true"], "is no signal that can be caught"),
        (["--contracts", "none.toml", "--", "true"], "cannot read none.toml"),
        (["-o", "/proc/looks", "--", "true"], "cannot make a folder for the run"),
        (["--json", "/nowhere/end.json", "--", "true"], "cannot write /nowhere/end.json"),
    ],
)
def test_wrong_use_starts_nothing_and_says_what_to_write(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from outlive.cli.main import main

    monkeypatch.chdir(tmp_path)
    assert main(["run", *words]) == 2
    assert said in capsys.readouterr().err


def test_folder_with_looks_of_another_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from outlive.cli.main import main

    (tmp_path / "look-001.json").touch()
    tmp_path.chmod(0o700)
    assert main(["run", "-o", str(tmp_path), "--", "true"]) == 2
    assert "holds the looks of another run" in capsys.readouterr().err


def test_folder_that_others_can_write_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from outlive.cli.main import main

    tmp_path.chmod(0o777)
    assert main(["run", "-o", str(tmp_path), "--", "true"]) == 2
    assert "can be written by others" in capsys.readouterr().err


@pytest.mark.slow
def test_contract_that_says_what_cannot_be_is_told_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "outlive.toml").write_text('[[lifetime]]\nbegins = "shop:Session"\nend = "shop:Session.close"\n')
    done = outlive("--", "touch", "ran", cwd=tmp_path)
    assert done.returncode == 2
    assert "outlive.toml" in done.stderr
    assert not (tmp_path / "ran").exists()


LEAVES = """\
import asyncio, outlive
class Session: pass
kept = []
async def main():
    session = Session()
    kept.append(session)
    outlive.ends(session, "session closed")
asyncio.run(main())
"""


@pytest.mark.slow
def test_report_of_what_outlived_its_end_decides_only_where_it_is_strict(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(LEAVES)
    done = outlive("--strict", "--json", str(tmp_path / "end.json"), "--", sys.executable, str(script))
    assert "Session" in done.stderr
    assert done.stdout == ""
    assert json.loads((tmp_path / "end.json").read_text())["verdict"] == "leak"
    assert done.returncode == 1
