"""However a program ends, it ends as it would without us, and leaves a last look wherever one can be left."""

from __future__ import annotations

import signal

import pytest

from .conftest import Runs, command

WAYS = {
    "returns": ("print('done')", "exit", ""),
    "exits": ("import sys; sys.exit(7)", "exit", ""),
    "exits with words": ("import sys; sys.exit('no such file')", "exit", ""),
    "raises": ("def work():\n    {}['missing']\nwork()", "exit", "KeyError"),
    "raises what cannot be printed": (
        "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd", "exit", "Odd"),
    "is interrupted": ("import signal; signal.raise_signal(signal.SIGINT)", "exit", "KeyboardInterrupt"),
    "os._exit": ("import os; os._exit(9)", "os._exit", ""),
    "os._exit by another name": ("from posix import _exit; _exit(status=5)", "os._exit", ""),
    "os._exit of a wrong status": (
        "import os\ntry: os._exit('5')\nexcept TypeError as error: print(error)", "exit", ""),
    "os._exit in a thread": (
        "import os, threading\nthreading.Thread(target=os._exit, args=(4,)).start()\nthreading.Event().wait()",
        "os._exit", ""),
    "threads": (
        ("import threading\nleft = threading.Event()\n"
        "def late():\n    left.wait(0.02); print('late')\n"
        "threading.Thread(target=late).start()\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"),
        "exit", ""),
    "atexit functions": (
        "import atexit, sys\natexit.register(print, 'last words')\natexit.register(sys.stdout.write, 'first ')",
        "exit", ""),
    "closed streams": ("import sys\nsys.stdout.close(); sys.stderr.close()", "exit", ""),
    "closes every descriptor": ("import os; os.closerange(3, 70000); print('runs')", "exit", ""),
    "finalizers": (
        "class Node:\n    def __del__(self): print('gone', __name__)\na, b = Node(), Node()\na.b, b.a = b, a",
        "exit", ""),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_program_ends_as_it_would_and_leaves_a_last_look(runs: Runs, way: str) -> None:
    source, reason, raised = WAYS[way]
    words = command(runs.written(source))
    plain, watched = runs.plain(words), runs.watched(words)
    assert watched.returncode == plain.returncode
    assert (watched.stdout, watched.stderr) == (plain.stdout, plain.stderr)
    assert watched.reasons == [reason]
    assert (watched.folder / watched.looks[0]["snapshot"]).is_file()
    assert watched.told.raised == raised


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_crash_leaves_the_looks_from_before_it(runs: Runs, number: int) -> None:
    source = (
        "import os, sys, time\nfolder = sys.argv[1]\n"
        "while not any(name.endswith('.json') for name in os.listdir(folder)): time.sleep(0.005)\n"
        f"os.kill(os.getpid(), {int(number)})"
    )
    folder = runs.folder(every_s=0.02)
    done = runs.end(runs.start([*command(runs.written(source)), str(folder.path)], folder), folder)
    assert done.returncode == -number
    assert set(done.reasons) == {"interval"}
    assert done.looks[0]["counters"]
    assert done.looks[0]["snapshot"] == ""


COPIES = """\
import multiprocessing, os, sys, threading
def child(words): print(*words, flush=True)
if __name__ == "__main__":
    pid = os.fork()
    if not pid:
        sys.exit(3)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    pid = os.fork()
    if not pid:
        os._exit(4)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    for method in ("fork", "spawn"):
        process = multiprocessing.get_context(method).Process(target=child, args=([method],))
        process.start(); process.join()
        print(process.exitcode, flush=True)
    print(sys.getprofile(), threading.active_count())
"""


@pytest.mark.slow
def test_copies_of_the_program_leave_no_looks_and_no_warnings(runs: Runs) -> None:
    words = command(runs.written(COPIES))
    words.insert(1, "-Walways")
    plain, watched = runs.plain(words), runs.watched(words)
    assert (watched.returncode, watched.stdout, watched.stderr) == (0, plain.stdout, plain.stderr)
    assert watched.reasons == ["exit"]


@pytest.mark.slow
def test_sampler_comes_back_after_a_fork(runs: Runs) -> None:
    source = (
        "import os, sys, time\ndef looks(): return len([n for n in os.listdir(sys.argv[1]) if n.endswith('.json')])\n"
        "pid = os.fork()\nif not pid: os._exit(0)\nos.waitpid(pid, 0)\nbefore = looks()\n"
        "while looks() < before + 2: time.sleep(0.005)\nprint('came back')"
    )
    folder = runs.folder(every_s=0.01)
    done = runs.end(runs.start([*command(runs.written(source)), str(folder.path)], folder), folder)
    assert (done.stdout, done.stderr) == ("came back\n", "")
    assert done.reasons[-1] == "exit"


@pytest.mark.slow
def test_program_that_becomes_another_one_takes_nothing_of_ours_with_it(runs: Runs) -> None:
    after = "import os, sys; print(sorted(os.listdir('/proc/self/fd')), [k for k in os.environ if 'OUTLIVE' in k])"
    source = f"import os, sys; os.execv(sys.executable, [sys.executable, '-c', {after!r}])"
    words = command(runs.written(source))
    plain, watched = runs.plain(words), runs.watched(words)
    assert (watched.returncode, watched.stdout) == (plain.returncode, plain.stdout)
    assert watched.reasons == []


@pytest.mark.slow
def test_folder_that_goes_away_meanwhile_harms_nobody(runs: Runs) -> None:
    source = "import shutil, sys; shutil.rmtree(sys.argv[1]); print('runs')"
    folder = runs.folder()
    done = runs.end(runs.start([*command(runs.written(source)), str(folder.path)], folder), folder)
    assert (done.returncode, done.stdout, done.stderr, done.looks) == (0, "runs\n", "", ())


@pytest.mark.slow
def test_threads_that_still_print_do_not_disturb_the_end(runs: Runs) -> None:
    source = (
        "import threading\ndef chatter():\n    while True: print('x' * 100)\n"
        "for _ in range(3): threading.Thread(target=chatter, daemon=True).start()\n"
        "import time; time.sleep(0.02)"
    )
    done = runs.watched(command(runs.written(source)))
    assert done.returncode in (0, -signal.SIGABRT)  # 3.10 and 3.11 may abort here by themselves: a lock of stdout
    assert done.reasons == ["exit"]
