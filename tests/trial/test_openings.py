"""Who opened what stays open, as the watched process tells it: real descriptors, lost in each way there is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from outlive.trial.options import Reading, TrialOptions
from outlive.trial.supervisor import Trial

Write = Callable[[str], str]
Told = dict[str, Any]
STEPS = 4


def watched(scenario: str, steps: int = STEPS, seconds: float = 60.0) -> Told:
    """What the child tells after so many watched steps; it has run two before."""
    with Trial(scenario, TrialOptions(timeout_s=30)) as trial:
        assert trial.start() is None
        assert isinstance(trial.advance(2), Reading)
        begun = trial.ask("watch-openings", {"seconds": seconds})
        assert isinstance(begun, dict)
        for count in (1, steps - 1):
            reading = trial.advance(count)
            assert isinstance(reading, Reading), reading
        told = trial.ask("openings", {})
        assert isinstance(told, dict)
        again = trial.ask("openings", {})
        assert isinstance(again, dict)
        assert again["fds"] == []
        assert trial.finish().traceback == ""
        return {**told, "begun": begun["why"]}


def places(told: Told, key: str = "fds") -> set[tuple[str, str, int, str]]:
    """(kind, C function, line, Python function) of each opening, where it is known exactly and of one alone."""
    found = set()
    for row in told[key]:
        (candidate,) = row["candidates"]
        if candidate["exact"]:
            _, line, name = candidate["stack"][0]
            found.add((row["kind"], candidate["function"], line, name))
    return found


def test_a_lost_pipe_is_told_with_its_callers(write: Write) -> None:
    told = watched(
        write("""
            import os
            def make():
                ends = os.pipe()
                os.close(ends[1])
            def step(i):
                make()
        """)
    )
    assert places(told) == {("pipe", "os.pipe", 4, "make")}
    assert len(told["fds"]) == STEPS
    (candidate,) = told["fds"][0]["candidates"]
    assert [(line, name) for _, line, name in candidate["stack"]] == [(4, "make"), (7, "step")]


LOST = {
    "os.open": ("import os\ndef step(i):\n    os.open('/dev/zero', os.O_RDONLY)", "device", "os.open", 3),
    "mkstemp": ("import tempfile\ndef step(i):\n    fd, name = tempfile.mkstemp()", "file", "os.open", 3),
    "kept": ("KEPT = []\ndef step(i):\n    KEPT.append(open('/dev/zero'))", "device", "open", 3),
    "socket": ("import socket\ndef step(i):\n    one = socket.socket()\n    one.detach()", "socket", "", 3),
    "epoll": ("import select\nKEPT = []\ndef step(i):\n    one = select.epoll()\n    KEPT.append(one)", "epoll", "", 4),
}


@pytest.mark.parametrize("name", LOST)
def test_each_way_to_lose_one_is_told_to_the_line(write: Write, name: str) -> None:
    source, kind, function, line = LOST[name]
    told = watched(write(source))
    assert len(told["fds"]) == STEPS
    exact = [row["candidates"][0] for row in told["fds"] if row["candidates"][0]["exact"]]
    assert len(exact) >= STEPS - 1
    assert {row["kind"] for row in told["fds"]} == {kind}
    assert {one["function"] for one in exact} == {function}
    assert {next(at for file, at, _ in one["stack"] if file.endswith("scenario.py")) for one in exact} == {line}


def test_what_a_c_library_opens_is_told_at_the_line_that_called_it(write: Write) -> None:
    told = watched(
        write("""
            import ctypes
            LIBC = ctypes.CDLL(None)
            def step(i):
                name = b"/dev/zero"
                LIBC.open(name, 0)
                name = None
                return name
        """)
    )
    assert len(told["fds"]) == STEPS
    assert places(told) == {("device", "", 6, "step")}


def test_what_a_thread_of_a_step_opens_is_its_own(write: Write) -> None:
    told = watched(
        write("""
            import os, threading
            def work():
                os.open("/dev/zero", os.O_RDONLY)
            def step(i):
                thread = threading.Thread(target=work)
                thread.start()
                for _ in range(2000):
                    len("busy")
                thread.join()
        """)
    )
    assert len(told["fds"]) == STEPS
    firsts = [[(one["function"], one["stack"][0][2]) for one in row["candidates"]] for row in told["fds"]]
    assert all(("os.open", "work") in names for names in firsts)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="threads that ran before cannot be hooked")
def test_what_an_older_thread_opens_is_its_own(write: Write) -> None:
    told = watched(
        write("""
            import os
            from concurrent.futures import ThreadPoolExecutor
            POOL = ThreadPoolExecutor(1)
            def work():
                os.open("/dev/zero", os.O_RDONLY)
            def step(i):
                POOL.submit(work).result()
        """)
    )
    assert len(told["fds"]) == STEPS
    assert all("work" in {one["stack"][0][2] for one in row["candidates"]} for row in told["fds"])


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="they can be hooked")
def test_threads_that_cannot_be_seen_are_counted(write: Write) -> None:
    told = watched(
        write("""
            from concurrent.futures import ThreadPoolExecutor
            POOL = ThreadPoolExecutor(1)
            def step(i):
                POOL.submit(int).result()
        """)
    )
    assert told["unseen_threads"] == 1


def test_async_steps_are_told_too(write: Write) -> None:
    told = watched(
        write("""
            import asyncio, os
            async def fetch():
                await asyncio.sleep(0)
                os.open("/dev/zero", os.O_RDONLY)
                await asyncio.sleep(0)
            async def step(i):
                await asyncio.gather(fetch(), asyncio.sleep(0))
        """)
    )
    assert places(told) == {("device", "os.open", 5, "fetch")}
    assert len(told["fds"]) == STEPS


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef step(i):\n    os.close(os.open('/dev/zero', os.O_RDONLY))",
        "def step(i):\n    with open('/dev/zero') as file: file.read(1)",
        "import os\nFDS = []\ndef step(i):\n    FDS.append(os.pipe())\n    for fd in FDS.pop(): os.close(fd)",
        "def step(i):\n    pass",
    ],
    ids=["closed", "with", "pipe", "nothing"],
)
def test_nothing_is_told_where_nothing_stays_open(write: Write, source: str) -> None:
    told = watched(write(source))
    assert (told["begun"], told["why"], told["fds"], told["children"]) == ("", "", [], [])


def test_a_profiler_of_the_programs_own_is_left_alone(write: Write) -> None:
    told = watched(
        write("""
            import os, sys
            SEEN = []
            def mine(frame, event, arg):
                SEEN.append(1)
                del SEEN[10:]
            sys.setprofile(mine)
            def step(i):
                assert sys.getprofile() is mine
                os.open("/dev/zero", os.O_RDONLY)
        """)
    )
    assert "profiler" in told["begun"]
    assert told["fds"] == []


def test_beside_a_tracer_lines_are_not_asked_for(write: Write) -> None:
    told = watched(
        write("""
            import os, sys
            def mine(frame, event, arg):
                return None
            sys.settrace(mine)
            def step(i):
                assert sys.gettrace() is mine
                os.open("/dev/zero", os.O_RDONLY)
        """)
    )
    assert places(told) == {("device", "os.open", 8, "step")}


def test_hooks_are_gone_afterwards(write: Write) -> None:
    scenario = write("""
        import select, sys, threading
        KEPT = []
        def step(i):
            one = select.epoll()
            KEPT.append(one)
            if i >= 6:
                assert sys.getprofile() is None and sys.gettrace() is None
                assert threading._profile_hook is None and threading._trace_hook is None
    """)
    with Trial(scenario, TrialOptions(timeout_s=30)) as trial:
        assert trial.start() is None
        trial.ask("watch-openings", {"seconds": 10.0})
        assert isinstance(trial.advance(6), Reading)
        trial.ask("openings", {})
        assert isinstance(trial.advance(2), Reading)


@pytest.mark.parametrize(
    ("start", "function"),
    [("subprocess.Popen(['true'])", None), ("os.posix_spawn('/bin/true', ['true'], {})", "os.posix_spawn")],
    ids=["popen", "posix_spawn"],
)
def test_a_child_that_nobody_waits_for_is_told(write: Write, start: str, function: str | None) -> None:
    told = watched(
        write(f"""
            import os, subprocess
            KEPT = []
            def step(i):
                KEPT.append({start})
        """)
    )
    assert len(told["children"]) == STEPS
    for row in told["children"]:
        (candidate,) = row["candidates"]
        assert [line for file, line, _ in candidate["stack"] if file.endswith("scenario.py")] == [5]
        assert function in (None, candidate["function"])


def test_a_child_that_is_waited_for_is_not_told(write: Write) -> None:
    told = watched(write("import subprocess\ndef step(i):\n    subprocess.run(['true'])"))
    assert (told["children"], told["fds"]) == ([], [])


def test_a_forked_copy_of_the_program_tells_nothing(write: Write) -> None:
    told = watched(
        write("""
            import os
            def step(i):
                pid = os.fork()
                if pid == 0:
                    os.open("/dev/zero", os.O_RDONLY)
                    os._exit(0)
                os.waitpid(pid, 0)
        """)
    )
    assert (told["why"], told["fds"], told["children"]) == ("", [], [])


def test_a_program_that_closes_every_descriptor_ends_the_watch_alone(write: Write) -> None:
    told = watched(
        write("""
            import os
            def step(i):
                if i == 3:
                    os.closerange(2000, 3500)
                os.open("/dev/zero", os.O_RDONLY)
        """)
    )
    assert "Bad file descriptor" in told["why"]


def test_steps_that_are_too_long_are_watched_no_further(write: Write) -> None:
    told = watched(write("import os\ndef step(i):\n    os.open('/dev/zero', os.O_RDONLY)"), seconds=0.0)
    assert "too long" in told["why"]
    assert told["fds"] == []


def test_nothing_is_certain_where_a_signal_handler_may_run_between_two_events(write: Write) -> None:
    told = watched(
        write("""
            import os, signal
            def on_alarm(*told):
                os.open("/dev/zero", os.O_RDONLY)
            def setup():
                signal.signal(signal.SIGALRM, on_alarm)
            def step(i):
                os.kill(os.getpid(), signal.SIGALRM)
                len("here it comes")
        """)
    )
    assert len(told["fds"]) == STEPS
    assert places(told) == set()


def test_a_generator_that_opens_between_two_yields_is_told(write: Write) -> None:
    told = watched(
        write("""
            import os
            def opening():
                while True:
                    os.open("/dev/zero", os.O_RDONLY)
                    yield
            TURNS = opening()
            def step(i):
                next(TURNS)
        """)
    )
    assert places(told) == {("device", "os.open", 5, "opening")}


def test_what_the_program_replaces_is_not_taken_for_what_it_opens(write: Write) -> None:
    """The same number, closed and opened by one call: nobody is accused of it."""
    told = watched(
        write("""
            import os
            KEPT = [os.open("/dev/zero", os.O_RDONLY), os.open("/dev/null", os.O_RDONLY)]
            def step(i):
                os.dup2(KEPT[i % 2], KEPT[(i + 1) % 2])
        """)
    )
    assert told["fds"] == []


def test_code_that_runs_beside_a_native_thread_is_not_blamed(write: Write) -> None:
    told = watched(
        write("""
            import ctypes
            LIBC = ctypes.CDLL(None)
            DUP = ctypes.cast(LIBC.dup, ctypes.c_void_p)
            def reckon(n):
                return n + 1
            def step(i):
                thread = ctypes.c_ulong()
                LIBC.pthread_create(ctypes.byref(thread), None, DUP, ctypes.c_void_p(1))
                LIBC.pthread_detach(thread)
                for n in range(300):
                    reckon(n)
        """)
    )
    assert len(told["fds"]) == STEPS
    lines = {one["stack"][0][1] for row in told["fds"] for one in row["candidates"] if not one["function"]}
    assert not lines & {6, 11, 12}
