"""Signals that nobody handles are told to a pipe, and the process ends as it would have."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

HEAD = """
import os, select, signal, sys, time
from outlive import _core
read_end, write_end = os.pipe()
os.set_blocking(write_end, False)

def told(seconds=10):
    ready, _, _ = select.select([read_end], [], [], seconds)
    return os.read(read_end, 1)[0] if ready else None

def kill_self(number=signal.SIGTERM):
    os.kill(os.getpid(), number)
"""


def run(source: str) -> tuple[int, str]:
    """Exit status and output of a program, after the head above."""
    code = HEAD + textwrap.dedent(source)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout.strip()


def test_a_caught_signal_is_told_and_then_ends_the_process_as_ever() -> None:
    status, output = run("""
        caught = _core.catch_signals([signal.SIGTERM, signal.SIGUSR2], write_end)
        print(caught == [signal.SIGTERM, signal.SIGUSR2], signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
        kill_self(signal.SIGUSR2)
        print(told() == signal.SIGUSR2)
        kill_self()
        print(told() == signal.SIGTERM, flush=True)
        _core.pass_on(signal.SIGTERM)
        print("never")
    """)
    assert (status, output.split()) == (-signal.SIGTERM, ["True"] * 4)


def test_the_programs_own_handler_is_the_only_one() -> None:
    status, output = run("""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, print)
        numbers = [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1]
        print(_core.catch_signals(numbers, write_end) == [signal.SIGTERM])
        was = signal.signal(signal.SIGTERM, lambda number, frame: print("mine"))
        print(was is signal.SIG_DFL)
        kill_self()
        print(_core.pass_on(signal.SIGTERM), _core.pass_on(signal.SIGHUP), told(0))
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        print(_core.catch_signals(numbers, write_end) == [signal.SIGTERM], flush=True)
        _core.pass_on(signal.SIGTERM)
    """)
    assert (status, output.split()) == (-signal.SIGTERM, ["True", "True", "mine", "False", "False", "None", "True"])


def test_released_signals_have_their_default_action() -> None:
    status, _ = run("""
        _core.catch_signals([signal.SIGTERM], write_end)
        _core.release_signals()
        kill_self()
    """)
    assert status == -signal.SIGTERM


def test_a_forked_copy_dies_of_it_and_tells_nobody() -> None:
    status, output = run("""
        _core.catch_signals([signal.SIGTERM], write_end)
        child = os.fork()
        if child == 0:
            kill_self()
            os._exit(1)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), told(0))
    """)
    assert (status, output) == (0, f"{-signal.SIGTERM} None")


def test_what_is_executed_has_default_actions() -> None:
    status, output = run("""
        import subprocess
        _core.catch_signals([signal.SIGTERM], write_end)
        line = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
        print(subprocess.run([sys.executable, "-c", line]).returncode)
    """)
    assert (status, output) == (0, str(-signal.SIGTERM))


@pytest.mark.parametrize(
    "trouble",
    [
        "os.close(write_end)",
        "os.close(write_end); assert os.open('/dev/null', os.O_WRONLY) == write_end",
        "os.write(write_end, bytes(1 << 20))",
    ],
    ids=["closed", "another file stands there", "full"],
)
def test_where_nobody_can_be_told_the_process_ends_at_once(trouble: str) -> None:
    status, _ = run(f"""
        _core.catch_signals([signal.SIGTERM], write_end)
        {trouble}
        kill_self()
    """)
    assert status == -signal.SIGTERM


def test_interrupted_waits_go_on_where_the_signal_only_asks() -> None:
    status, output = run("""
        import threading
        _core.catch_signals([signal.SIGUSR2], write_end)
        other_read, other_write = os.pipe()
        def ask():
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR2)
            told()
            os.write(other_write, b"whole")
        threading.Thread(target=ask).start()
        print(os.read(other_read, 5).decode())
    """)
    assert (status, output) == (0, "whole")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("_core.catch_signals([signal.SIGTERM], 999)", "OSError"),
        ("_core.catch_signals([0], write_end)", "ValueError"),
        ("_core.catch_signals(['x'], write_end)", "TypeError"),
        ("_core.pass_on(999)", "ValueError"),
    ],
)
def test_wrong_calls_are_refused(call: str, error: str) -> None:
    status, output = run(f"""
        try:
            {call}
        except Exception as error:
            print(error.__class__.__mro__)
    """)
    assert status == 0
    assert error in output
