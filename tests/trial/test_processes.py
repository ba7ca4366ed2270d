"""Forks, daemons and threads: a copy of the child has no part in the trial, and nobody survives it."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from outlive.errors import MeasureError
from outlive.model.series import CounterKey
from outlive.model.verdict import Outcome
from outlive.probes import procfs
from outlive.trial.options import Ended, Reading
from outlive.trial.readings import Readings
from outlive.trial.supervisor import Trial

Run = Callable[..., Ended]
Write = Callable[[str], str]
_DAEMON = """
import os, time
def step(i):
    if i: return
    ready, done = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(done, b"%d" % os.getpid())
            {become}
        os._exit(0)
    os.wait()
    with open("{tmp}/pid", "wb") as file: file.write(os.read(ready, 20))
"""


def test_forked_copy_runs_no_further_step_and_does_not_speak(run: Run, tmp_path: Path) -> None:
    ended = run("""
        import os
        def step(i):
            if i == 2: os.fork()
            with open("{tmp}/steps", "a") as file: file.write(f"{i}\\n")
            while True:
                try: os.wait()
                except ChildProcessError: break
        """)
    assert ended.outcome is Outcome.FINISHED
    steps = [int(line) for line in (tmp_path / "kept" / "steps").read_text().split()]
    assert sorted(steps) == [0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9]


def test_copy_forked_in_an_async_step_does_not_speak(run: Run) -> None:
    source = "import os\nasync def step(i):\n    if i == 2: os.fork()"
    assert run(source).reason == "the scenario finished after 10 steps"


def test_copy_that_raises_is_not_the_scenario_raising(run: Run) -> None:
    source = "import os\ndef step(i):\n    if i == 2 and os.fork() == 0: raise ValueError\n    if i == 2: os.wait()"
    assert run(source).outcome is Outcome.FINISHED


def test_copy_forked_while_loading_or_in_setup_does_not_speak(run: Run) -> None:
    source = "import os\nos.fork()\ndef setup(): os.fork()\ndef step(i): pass"
    assert run(source).outcome is Outcome.FINISHED


def test_daemon_that_forked_twice_is_ended(run: Run, tmp_path: Path) -> None:
    assert run(_DAEMON.replace("{become}", "time.sleep(1000)")).outcome is Outcome.FINISHED
    assert not _alive(tmp_path)


def test_daemon_that_cleaned_its_environment_is_ended(run: Run, tmp_path: Path) -> None:
    run(_DAEMON.replace("{become}", "os.execve('/bin/sleep', ['sleep', '1000'], {})"))
    assert not _alive(tmp_path)


def test_child_of_our_own_is_not_mistaken_for_an_orphan(run: Run) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as own:
        run("def step(i): pass")
        assert own.poll() is None
        own.communicate(b"\n")
    assert own.returncode == 0


def test_closing_in_the_middle_ends_a_working_child(write: Write) -> None:
    trial = Trial(write("import subprocess\ndef step(i): subprocess.Popen(['/bin/sleep', '1000'])"))
    trial.start()
    trial.advance(3)
    pid = trial.pid
    trial.close()
    trial.close()
    assert not os.path.exists(f"/proc/{pid}")


def test_child_ends_when_its_parent_is_killed(write: Write, tmp_path: Path) -> None:
    scenario = write("import time\ndef step(i): time.sleep(1000)")
    code = (
        "import sys; from outlive.trial.supervisor import Trial\n"
        "t = Trial(sys.argv[1]); t.start(); print(t.pid, t._child.folder, flush=True); t.advance(1)"
    )
    with subprocess.Popen([sys.executable, "-c", code, scenario], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, folder = parent.stdout.readline().split()
        watch = os.pidfd_open(int(pid))
        parent.kill()
    assert select.select([watch], [], [], 10)[0] == [watch]
    os.close(watch)
    shutil.rmtree(folder)  # the one thing that a killed parent cannot put away


def test_scenario_that_dies_while_idle_is_noticed(write: Write) -> None:
    with Trial(write("def step(i): pass")) as trial:
        trial.start()
        trial.advance(1)
        os.kill(trial.pid, signal.SIGKILL)
        ended = trial.advance(1)
    assert isinstance(ended, Ended)
    assert ended.outcome is Outcome.KILLED
    assert "between steps, after step 0" in ended.reason


def test_threads_about_to_end_are_waited_for(write: Write) -> None:
    source = """
        import threading, time
        def step(i): threading.Thread(target=time.sleep, args=(0.01,)).start()
        """
    assert _steady(write(source), CounterKey("threads")) == [1, 1, 1, 1]


def test_children_about_to_end_are_waited_for(write: Write) -> None:
    source = """
        import subprocess
        JOBS = []
        def step(i): JOBS.append(subprocess.Popen(["/bin/sleep", "0.01"]))
        """
    running, zombies = CounterKey("children", "running"), CounterKey("children", "zombie")
    assert _steady(write(source), running) == [0, 0, 0, 0]
    assert _steady(write(source), zombies) == [1, 2, 3, 4]


def _steady(scenario: str, key: CounterKey) -> list[int]:
    """The counter after each of four steps."""
    readings = Readings()
    with Trial(scenario) as trial:
        trial.start()
        for steps in (0, 1, 1, 1, 1):
            reading = trial.advance(steps)
            assert isinstance(reading, Reading)
            readings.add(reading)
    series = readings.series().get(key)
    return [0] * 4 if series is None else list(series.values)[1:]


def _alive(tmp_path: Path) -> bool:
    pid = int((tmp_path / "kept" / "pid").read_text())
    try:
        return procfs.stat_fields(pid)[procfs.STATE] != b"Z"
    except MeasureError:
        return False
