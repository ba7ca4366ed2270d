"""Scenarios that misbehave: each ends with its own outcome and a reason that names the place.

That none of them leaves a process or a file behind is asserted after each by `nothing_left` in conftest.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.model.verdict import Outcome
from outlive.trial.options import Ended
from outlive.trial.supervisor import Trial

Run = Callable[..., Ended]


def test_well_behaved_scenario_finishes(run: Run) -> None:
    ended = run("def step(i): pass")
    assert (ended.outcome, ended.reason) == (Outcome.FINISHED, "the scenario finished after 10 steps")


def test_raising_step_is_named_with_its_index_and_traceback(run: Run) -> None:
    ended = run("def step(i):\n    if i == 7: raise ValueError('no bread')")
    assert ended.outcome is Outcome.RAISED
    assert ended.reason == "the scenario raised ValueError: no bread in step 7"
    assert 'scenario.py", line 2, in step' in ended.traceback
    assert "outlive" not in ended.traceback


def test_raising_async_step_shows_only_the_scenarios_frames(run: Run) -> None:
    ended = run("async def step(i):\n    await inner()\nasync def inner():\n    1 / 0")
    assert ended.reason == "the scenario raised ZeroDivisionError: division by zero in step 0"
    assert ended.traceback.count("File ") == 2


def test_raising_setup_is_named(run: Run) -> None:
    ended = run("def setup(): raise OSError('no database')\ndef step(i): pass")
    assert (ended.outcome, ended.reason) == (Outcome.RAISED, "the scenario raised OSError: no database in setup()")


def test_raising_teardown_is_named(run: Run) -> None:
    ended = run("def step(i): pass\ndef teardown(): raise OSError('late')")
    assert (ended.outcome, ended.reason) == (Outcome.RAISED, "the scenario raised OSError: late in teardown()")


def test_keyboard_interrupt_in_a_step_is_an_error_of_the_step(run: Run) -> None:
    assert run("def step(i): raise KeyboardInterrupt").reason == "the scenario raised KeyboardInterrupt in step 0"


def run_impatiently(run: Run, source: str, place: str) -> Ended:
    """With half a second of patience, or with as much more as this machine needs to come to the place of the hang."""
    for timeout_s in (0.5, 2.0, 8.0, 32.0):
        ended = run(source, timeout_s=timeout_s)
        assert ended.outcome is Outcome.TIMED_OUT
        if ended.reason == f"the scenario made no progress for {timeout_s:g} s {place}":
            break
    else:
        raise AssertionError(ended.reason)
    return ended


@pytest.mark.slow
@pytest.mark.parametrize("hang", ["while True: pass", "import time; time.sleep(1000)"])
def test_hanging_step_is_ended_with_the_stack_of_where_it_hung(run: Run, hang: str) -> None:
    ended = run_impatiently(run, f"def step(i):\n    if i == 3:\n        {hang}", "in step 3")
    assert 'scenario.py", line 3 in step' in ended.traceback


@pytest.mark.slow
def test_hanging_async_step_is_ended(run: Run) -> None:
    run_impatiently(run, "import asyncio\nasync def step(i): await asyncio.Event().wait()", "in step 0")


def test_scenario_that_ignores_sigabrt_is_ended_too(run: Run) -> None:
    source = "import signal, time\nsignal.signal(signal.SIGABRT, signal.SIG_IGN)\ndef step(i): time.sleep(1000)"
    assert run(source, timeout_s=0.3).outcome is Outcome.TIMED_OUT


def test_hang_while_loading_is_ended(run: Run) -> None:
    ended = run("import time; time.sleep(1000)", timeout_s=0.5)
    assert (ended.outcome, "while it was being loaded" in ended.reason) == (Outcome.TIMED_OUT, True)


@pytest.mark.slow
def test_hanging_teardown_is_ended(run: Run) -> None:
    run_impatiently(run, "def step(i): pass\ndef teardown():\n    while True: pass", "in teardown()")


def test_slow_exit_is_bounded_and_does_not_spoil_what_was_measured(run: Run) -> None:
    source = "import atexit, time\natexit.register(time.sleep, 1000)\ndef step(i): pass"
    ended = run(source, leave_s=0.3)
    assert ended.outcome is Outcome.FINISHED
    assert "did not exit by itself within 0.3 s" in ended.reason


def test_long_work_made_of_short_steps_is_no_hang(run: Run) -> None:
    ended = run("import time\ndef step(i): time.sleep(0.02)", steps=60, batches=1, timeout_s=1.0)
    assert ended.outcome is Outcome.FINISHED


def test_sys_exit_in_a_step_is_an_exit(run: Run) -> None:
    ended = run("import sys\ndef step(i):\n    if i == 2: sys.exit(3)")
    assert (ended.outcome, ended.reason) == (Outcome.EXITED, "the scenario called sys.exit(3) in step 2")


def test_os_exit_in_a_step_is_an_exit_with_its_status(run: Run) -> None:
    ended = run("import os\ndef step(i):\n    if i == 4: os._exit(9)")
    assert ended.outcome is Outcome.EXITED
    assert ended.reason == "the scenario ended its own process with exit status 9 (os._exit?) in step 4"


def test_scenario_that_kills_itself_is_killed(run: Run) -> None:
    ended = run("import os, signal\ndef step(i):\n    if i == 6: os.kill(os.getpid(), signal.SIGKILL)")
    assert ended.outcome is Outcome.KILLED
    assert ended.reason.startswith("the scenario's process was killed by SIGKILL in step 6")


def test_crash_shows_the_python_stack(run: Run) -> None:
    ended = run("import os, signal\ndef step(i):\n    os.kill(os.getpid(), signal.SIGSEGV)")
    assert (ended.outcome, "SIGSEGV in step 0" in ended.reason) == (Outcome.KILLED, True)
    assert 'scenario.py", line 3 in step' in ended.traceback


@pytest.mark.slow
def test_scenario_that_takes_a_gigabyte_a_step_is_stopped_at_the_limit(run: Run) -> None:
    source = "KEPT = []\ndef step(i): KEPT.append(bytearray(b'x') * 2**30)"
    ended = run(source, steps=1000, memory_limit_bytes=200 * 2**20)
    assert ended.outcome is Outcome.MEMORY
    assert "over the limit of 200 MB" in ended.reason


def test_import_error_is_not_loaded(run: Run) -> None:
    ended = run("import no_such_module\ndef step(i): pass")
    assert ended.outcome is Outcome.NOT_LOADED
    assert "No module named 'no_such_module' while it was being loaded" in ended.reason
    assert 'scenario.py", line 1, in <module>' in ended.traceback


def test_syntax_error_is_not_loaded_and_shows_the_line(run: Run) -> None:
    ended = run("def step(i)\n    pass")
    assert (ended.outcome, "SyntaxError" in ended.reason) == (Outcome.NOT_LOADED, True)
    assert 'scenario.py", line 1' in ended.traceback


def test_sys_exit_while_loading_is_not_loaded(run: Run) -> None:
    ended = run("raise SystemExit(2)")
    assert (ended.outcome, "sys.exit(2) while it was being loaded" in ended.reason) == (Outcome.NOT_LOADED, True)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x = 1", "has no step(): a scenario defines step(i)"),
        ("step = 3", "is a int, not a function"),
        ("def step(i, j): pass", "step() wants 2 arguments"),
        ("def step(i): yield", "step() is a generator"),
        ("async def step(i): yield", "step() is a generator"),
    ],
)
def test_what_is_no_step_is_not_loaded_and_says_why(run: Run, source: str, reason: str) -> None:
    ended = run(source)
    assert (ended.outcome, ended.traceback) == (Outcome.NOT_LOADED, "")
    assert reason in ended.reason


def test_output_of_a_failing_scenario_is_kept(run: Run) -> None:
    ended = run("import sys\ndef step(i):\n    print('to stdout'); sys.stderr.write('to stderr'); 1 / 0")
    assert "to stdout" in ended.output_tail
    assert "to stderr" in ended.output_tail


def test_flood_of_output_is_bounded_and_its_end_kept(run: Run) -> None:
    source = "import os\ndef step(i):\n    os.write(1, b'x' * 2**20 + b'end %d\\n' % i)"
    ended = run(source, steps=100, batches=1)
    assert ended.outcome is Outcome.FINISHED
    assert len(ended.output_tail) < 70_000
    assert ended.output_tail.endswith("end 99\n")


def test_scenario_that_closes_its_streams_goes_on(run: Run) -> None:
    ended = run("import os, sys\ndef setup():\n    sys.stdout.close(); os.close(2); os.close(0)\ndef step(i): pass")
    assert ended.outcome is Outcome.FINISHED


def test_scenario_that_closes_low_descriptors_goes_on(run: Run) -> None:
    assert run("import os\ndef setup(): os.closerange(0, 256)\ndef step(i): pass").outcome is Outcome.FINISHED


def test_scenario_that_closes_every_descriptor_is_told_so(run: Run) -> None:
    ended = run("import os\ndef step(i):\n    if i == 3: os.closerange(0, 70000)")
    assert ended.outcome is Outcome.EXITED
    assert ended.reason.startswith("the scenario closed Outlive's own descriptors after step 4")


def test_scenario_that_puts_a_file_where_our_pipe_was_is_not_written_to(run: Run, tmp_path: Path) -> None:
    run("""
        import os
        def step(i):
            os.closerange(3, 70000)
            file = os.open("{tmp}/theirs", os.O_CREAT | os.O_RDWR)
            for number in range(file + 1, 4200): os.dup2(file, number)
        """)
    assert os.path.getsize(tmp_path / "kept" / "theirs") == 0


def test_mischief_with_the_interpreters_state_does_not_break_the_trial(run: Run) -> None:
    ended = run("""
        import builtins, gc, os, sys, time, warnings
        def setup():
            os.chdir("/"); sys.path.clear(); os.environ.clear(); gc.disable(); gc.set_threshold(0)
            sys.stdout = sys.stderr = None
            warnings.simplefilter("error")
        def step(i):
            os.write = os.read = os.getpid = os._exit = time.monotonic = gc.collect = None
            builtins.open = builtins.print = None
            sys.modules.pop("os", None)
        """)
    assert ended.outcome is Outcome.FINISHED


def test_scenario_may_set_its_own_signal_handlers(run: Run) -> None:
    ended = run("""
        import os, signal
        SEEN = []
        signal.signal(signal.SIGTERM, lambda *a: SEEN.append(a))
        def step(i):
            os.kill(os.getpid(), signal.SIGTERM)
        def teardown():
            assert len(SEEN) == 10
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        """)
    assert ended.outcome is Outcome.FINISHED


def test_a_function_of_a_file_is_named_behind_it(write: Callable[[str], str]) -> None:
    file = write("CALLS = []\n\ndef serve(i):\n    CALLS.append(i)\n    assert len(CALLS) == i + 1\n")
    with Trial(f"{file}:serve") as trial:
        assert trial.start() is None
        assert not isinstance(trial.advance(3), Ended)
