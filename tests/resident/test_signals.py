"""Signals do to a watched program what they do without us; what ends it is looked at before."""

from __future__ import annotations

import signal

import pytest

from .conftest import Runs, Watched, command

pytestmark = pytest.mark.slow
# Not by print: a handler that runs inside of it could not print.
WAIT = "import os, time\nos.write(1, b'ready\\n')\nwhile True: time.sleep(1000)"


def told(runs: Runs, source: str, number: int, **asked: object) -> tuple[Watched, str]:
    """Run to "ready", send the signal, and wait for the end; what it said after."""
    folder = runs.folder(**asked)
    process = runs.start(command(runs.written(source)), folder)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    done = runs.end(process, folder)
    return done, done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_program_that_a_signal_ends_is_looked_at_and_ends_of_that_signal(runs: Runs, number: int) -> None:
    done, _ = told(runs, WAIT, number)
    assert (done.returncode, done.stderr) == (-number, "")
    assert done.reasons == [f"signal {int(number)}"]
    assert (done.folder / done.looks[0]["snapshot"]).is_file()


def test_handler_of_the_program_is_the_only_one(runs: Runs) -> None:
    done, said = told(runs, "import signal\nsignal.signal(15, lambda *a: (print('mine'), exit(4)))\n" + WAIT, 15)
    assert (done.returncode, said) == (4, "mine\n")
    assert done.reasons == ["exit"]


def test_default_action_that_is_put_back_is_looked_at_too(runs: Runs) -> None:
    """As uvicorn does: it handles the signal, puts the former handler back and dies of the signal."""
    source = (
        "import signal\nformer = signal.getsignal(15)\ndef handle(number, frame):\n"
        "    print('closing', flush=True)\n    signal.signal(15, former)\n    signal.raise_signal(15)\n"
        "signal.signal(15, handle)\n" + WAIT
    )
    done, said = told(runs, source, signal.SIGTERM)
    assert (done.returncode, said) == (-15, "closing\n")
    assert done.reasons == ["signal 15"]


def test_ignored_signal_stays_ignored(runs: Runs) -> None:
    folder = runs.folder()
    source = "import os, signal\nos.kill(os.getpid(), signal.SIGHUP)\nprint('goes on')"
    words = ["sh", "-c", 'trap \'\' HUP; exec "$0" "$1"', *command(runs.written(source))]
    done = runs.end(runs.start(words, folder), folder)
    assert (done.returncode, done.stdout, done.reasons) == (0, "goes on\n", ["exit"])


def test_program_is_looked_at_when_it_is_asked_for_and_goes_on(runs: Runs) -> None:
    source = (
        "import os, sys\nprint('ready', flush=True)\n"
        "while not any(name.endswith('.json') for name in os.listdir(sys.argv[1])): os.sched_yield()\nprint('goes on')"
    )
    folder = runs.folder(signal=int(signal.SIGUSR2))
    process = runs.start([*command(runs.written(source)), str(folder.path)], folder)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGUSR2)
    done = runs.end(process, folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "goes on\n", "")
    assert done.reasons == ["asked", "exit"]
    assert (folder.path / done.looks[0]["snapshot"]).is_file()
    assert folder.newest_asked().endswith(".json")


def test_asking_signal_is_the_programs_where_it_handles_it(runs: Runs) -> None:
    source = "import signal\nsignal.signal(12, lambda *a: (print('mine'), exit(0)))\n" + WAIT
    done, said = told(runs, source, signal.SIGUSR2, signal=int(signal.SIGUSR2))
    assert (said, done.reasons) == ("mine\n", ["exit"])


def test_copies_and_children_die_of_a_signal_as_they_would(runs: Runs) -> None:
    source = (
        "import os, signal, subprocess, sys, warnings\nwarnings.simplefilter('error')\npid = os.fork()\n"
        "if not pid: signal.pause()\n"
        "os.kill(pid, 15); print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
        "child = subprocess.Popen(['sleep', '1000']); child.terminate(); print(child.wait())"
    )
    done = runs.watched(command(runs.written(source)))
    assert (done.stdout, done.stderr) == ("-15\n-15\n", "")
    assert done.reasons == ["exit"]


def test_signal_after_a_fork_is_still_seen(runs: Runs) -> None:
    source = "import os\npid = os.fork()\nif not pid: os._exit(0)\nos.waitpid(pid, 0)\n" + WAIT
    done, _ = told(runs, source, signal.SIGTERM)
    assert (done.returncode, done.reasons) == (-15, ["signal 15"])


def test_signal_ends_a_program_whose_own_profiler_keeps_our_thread_away(runs: Runs) -> None:
    source = (
        "import os, sys\nsys.setprofile(lambda *a: None)\npid = os.fork()\nif not pid: os._exit(0)\n"
        "os.waitpid(pid, 0)\n" + WAIT
    )
    done, _ = told(runs, source, signal.SIGTERM)
    assert done.returncode == -15


def test_ctrl_c_is_the_programs_own(runs: Runs) -> None:
    words = command(runs.written("try:\n    " + WAIT.replace("\n", "\n    ") + "\nexcept KeyboardInterrupt: exit(6)"))
    folder = runs.folder()
    process = runs.start(words, folder)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    done = runs.end(process, folder)
    assert (done.returncode, done.reasons) == (6, ["exit"])


@pytest.mark.parametrize(
    "sending",
    [
        "signal.raise_signal(signal.SIGTERM)",
        "os.kill(os.getpid(), signal.SIGTERM)",
        "os.kill(0, 15)",
        "os.killpg(os.getpgrp(), signal.SIGTERM)",
        "signal.pthread_kill(threading.get_ident(), signal.SIGTERM)",
    ],
)
def test_program_does_not_go_on_after_the_signal_that_it_sends_itself(runs: Runs, sending: str) -> None:
    source = f"import os, signal, threading\nprint('before', flush=True)\n{sending}\nos.write(1, b'after')\n"
    folder = runs.folder()
    done = runs.end(runs.start(command(runs.written(source)), folder, start_new_session=True), folder)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "before\n")
    assert done.reasons == ["signal 15"]


def test_signal_sent_to_itself_that_does_not_end_the_program_is_no_end(runs: Runs) -> None:
    """Blocked, and taken from the queue; sent to a child; asked about with 0; handled; refused; by another name."""
    source = (
        "import os, posix, signal, subprocess\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [15]); os.kill(os.getpid(), 15); print(signal.sigwait([15]))\n"
        "signal.pthread_sigmask(signal.SIG_UNBLOCK, [15])\n"
        "child = subprocess.Popen(['sleep', '1000']); os.kill(child.pid, 15); print(child.wait())\n"
        "os.kill(os.getpid(), 0); signal.signal(15, lambda *a: print('mine')); posix.kill(os.getpid(), 15)\n"
        "for wrong in ((), ('x', 15), (os.getpid(), 15, 1)):\n"
        "    try: os.kill(*wrong)\n    except TypeError as error: print(error)\n"
        "print(os.kill, os.kill is posix.kill, os.kill.__module__, os.kill.__doc__ == posix.kill.__doc__)\n"
    )
    words = command(runs.written(source))
    plain, done = runs.plain(words), runs.watched(words)
    assert (done.returncode, done.stdout, done.stderr) == (0, plain.stdout, plain.stderr)
    assert done.reasons == ["exit"]
