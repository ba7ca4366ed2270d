"""`outlive snapshot` as people use it: the script stays itself, and the file holds its heap at the point asked for."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from outlive.capture.snapshot import Snapshot, load
from outlive.cli.main import main

SCRIPT = """\
import os, sys
class Session: pass
class Passing: pass
sessions = {}
class App:
    def handle(self, number):
        passing = Passing()
        sessions[number] = Session()
    def fail(self):
        raise ValueError("no")
async def answer():
    import asyncio
    await asyncio.sleep(0)
    sessions["answer"] = Session()
def work(words):
    app = App()
    app.handle(1)
    app.handle(2)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "heap.outlive"


@pytest.fixture
def script(tmp_path: Path):
    """Writes a script that defines the above and does what is given."""

    def written(body: str) -> str:
        path = tmp_path / "app.py"
        path.write_text(SCRIPT + body + "\n")
        return str(path)

    return written


def outlive(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "outlive", "snapshot", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


def counted(snapshot: Snapshot, name: str) -> int:
    return snapshot.counts_by_type().get(name, (0, 0))[0]


@pytest.mark.slow
def test_script_keeps_its_streams_arguments_and_exit_status(script, file: Path) -> None:
    path = script("print(__name__, sys.argv[1:], sys.stdin.read()); sys.exit(7)")
    done = outlive("-o", str(file), path, "--json", "-o", "other", input="from stdin")
    assert done.returncode == 7
    assert done.stdout == "__main__ ['--json', '-o', 'other'] from stdin\n"
    assert f"next:  outlive open {file}" in done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.slow
def test_heap_at_the_end_holds_the_scripts_globals(script, file: Path) -> None:
    outlive("-o", str(file), script("work(0)"))
    assert counted(load(file), "__main__.Session") == 2


@pytest.mark.slow
def test_script_finds_no_module_of_ours_that_weighs_anything(script, file: Path) -> None:
    path = script("print(*sys.modules)")
    plain = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True).stdout.split()
    added = set(outlive("-o", str(file), path).stdout.split()) - set(plain)
    heavy = {
        name for name in added if name.partition(".")[0] in {"numpy", "argparse", "typing", "re", "threading", "json"}
    }
    assert heavy == set()
    assert {name for name in added if name.startswith("outlive")} == {
        "outlive", "outlive._core", "outlive.cli", "outlive.cli.run_inside",
    }  # fmt: skip


@pytest.mark.slow
def test_snapshot_of_a_script_that_raises_is_taken_and_its_traceback_is_its_own(script, file: Path) -> None:
    done = outlive("-o", str(file), script("work(0); raise KeyError('mine')"))
    assert done.returncode == 1
    assert "KeyError: 'mine'" in done.stderr
    assert "run_inside" not in done.stderr
    assert counted(load(file), "__main__.Session") == 2


@pytest.mark.slow
def test_threads_of_the_script_have_ended_at_its_end(script, file: Path) -> None:
    body = (
        "import threading, time\ndef late():\n    time.sleep(0.05); sessions[3] = Session()\n"
        "threading.Thread(target=late).start()"
    )
    outlive("-o", str(file), script(body))
    assert counted(load(file), "__main__.Session") == 1


@pytest.mark.slow
def test_snapshot_at_a_function_is_of_the_moment_after_its_first_return(script, file: Path) -> None:
    done = outlive("-o", str(file), "--at", "app:App.handle", script("work(0)"))
    assert "the script goes on" in done.stderr
    snapshot = load(file)
    assert counted(snapshot, "__main__.Session") == 1
    assert counted(snapshot, "__main__.Passing") == 0, "the function's own variables were still there"


@pytest.mark.slow
def test_snapshot_at_a_coroutine_waits_for_its_end_not_its_first_await(script, file: Path) -> None:
    outlive("-o", str(file), "--at", "__main__:answer", script("import asyncio; asyncio.run(answer())"))
    assert counted(load(file), "__main__.Session") == 1


@pytest.mark.slow
def test_function_that_only_raises_did_not_return(script, file: Path) -> None:
    body = "try:\n    App().fail()\nexcept ValueError:\n    pass"
    done = outlive("-o", str(file), "--at", "app:App.fail", script(body))
    assert done.returncode == 3
    assert "app:App.fail did not return" in done.stderr
    assert not file.exists()


@pytest.mark.slow
def test_snapshot_after_seconds_is_there_while_the_script_goes_on(script, file: Path) -> None:
    body = f"work(0)\nimport time\nwhile not os.path.exists({str(file)!r}): time.sleep(0.01)\nprint('went on')"
    done = outlive("-o", str(file), "--after", "0.5", script(body))
    assert (done.returncode, done.stdout) == (0, "went on\n")
    assert counted(load(file), "__main__.Session") == 2


@pytest.mark.slow
def test_script_that_ends_too_early_leaves_no_file_and_says_so(script, file: Path) -> None:
    done = outlive("-o", str(file), "--after", "60", script(""))
    assert done.returncode == 3
    assert "the script ended before 60 s had passed" in done.stderr
    assert os.listdir(file.parent) == ["app.py"]


@pytest.mark.slow
def test_earlier_file_stays_when_the_script_is_killed(script, file: Path) -> None:
    file.write_bytes(b"earlier")
    done = outlive("-o", str(file), script("import signal; os.kill(os.getpid(), signal.SIGKILL)"))
    assert done.returncode == 128 + signal.SIGKILL
    assert file.read_bytes() == b"earlier"


@pytest.mark.slow
def test_forked_child_that_runs_to_the_end_takes_nothing(script, file: Path) -> None:
    body = "if os.fork() == 0:\n    sessions[9] = Session()\nelse:\n    os.wait()"
    outlive("-o", str(file), script(body))
    assert counted(load(file), "__main__.Session") == 0


@pytest.mark.slow
def test_module_runs_as_python_m_runs_it(script, file: Path) -> None:
    folder = Path(script("print(sys.argv[1:], os.path.basename(sys.path[0]) == os.path.basename(os.getcwd()))")).parent
    done = outlive("-o", str(file), "-m", "app", "--flag", cwd=folder)
    assert done.stdout == "['--flag'] True\n", done.stderr
    assert file.exists()


@pytest.mark.slow
def test_compressed_snapshot_reads_as_the_plain_one_and_is_smaller(script, file: Path) -> None:
    pytest.importorskip("zstandard")
    outlive("-o", str(file), "--compress", script("work(0)"))
    snapshot = load(file)
    assert counted(snapshot, "__main__.Session") == 2
    assert file.stat().st_size < sum(snapshot.column(name).nbytes for name in snapshot.container.names) / 2
    assert sorted(os.listdir(file.parent)) == ["app.py", "heap.outlive"]


@pytest.mark.slow
def test_sigterm_goes_to_the_script(script, file: Path) -> None:
    path = script(
        "import signal\nsignal.signal(signal.SIGTERM, lambda *a: sys.exit(5))\nprint('ready', flush=True)\n"
        "signal.pause()"
    )
    command = [sys.executable, "-m", "outlive", "snapshot", "-o", str(file), path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 5
    assert file.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["script.py"],
        ["-o", "heap.outlive"],
        ["-o", "heap.outlive", "missing.py"],
        ["-o", "no/such/heap.outlive", __file__],
        ["-o", "heap.outlive", "--at", "handle", __file__],
        ["-o", "heap.outlive", "--after", "0", __file__],
        ["-o", "heap.outlive", "-m"],
    ],
)
def test_wrong_usage_runs_nothing(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["snapshot", *words]) == 2
    assert capsys.readouterr().err.startswith("outlive: ")
