"""What is open when the program ends: resources by their contracts, and what no Python object needs to own."""

from __future__ import annotations

import pytest
from seen_programs import Seen, about, no_word_of, run

from outlive.model.contracts import Condition, Resource
from outlive.model.leftovers import Answer, Leftover

pytestmark = pytest.mark.slow
CLOSED = (Condition(state="closed"),)
RESOURCES = (
    Resource("socket.socket", "socket", "close()", "its peer waits", CLOSED),
    Resource("_io.TextIOWrapper", "file", "close()", "what is buffered may be lost", CLOSED),
    Resource("_io.BufferedWriter", "file", "close()", "", CLOSED),
    Resource("_io.FileIO", "file", "close()", "", CLOSED),
    Resource("select.epoll", "selector", "close()", "", CLOSED),
    Resource("concurrent.futures.thread.ThreadPoolExecutor", "executor", "shutdown()", "", (Condition("_shutdown"),)),
    Resource("__main__.Client", "client", "close()", "", (Condition("closed"),), (Condition("used", "false"),)),
    Resource("__main__.Strange", "client", "close()", "", (Condition("no_such_attribute"),)),
    Resource("__main__.Mild", "client", "close()", "", (Condition("closed"),), harmless=True),
)
PROGRAM = """
import asyncio, gc, os, queue, socket, subprocess, sys, threading
from concurrent.futures import ThreadPoolExecutor
from noting import ends, look
gc.disable()

class Client:
    def __init__(self, used=True, closed=False): self.used, self.closed = used, closed
class Strange: pass
class Mild(Client): pass
class Session:
    def __init__(self):
        self.socket, self.shared = socket.socket(), shared
    def close(self): ends(self, "session closed", ("garbage", "fds"))
shared = socket.socket()

def fetch(): return socket.socket()
pool = [fetch() for _ in range(5)]
ended = [socket.socket()]; ended[0].close()
output = [open(os.devnull, "w")]
clients = [Client(), Client(used=False), Client(closed=True), Strange(), Mild()]
executor = ThreadPoolExecutor(1); executor.submit(int).result()
def work():
    while True: items.get()
items = queue.Queue()
threading.Thread(target=work, daemon=True, name="getter").start()
sessions = [Session()]; sessions[0].close()
unheld = Session(); unheld.me = unheld; unheld.close(); del unheld
loop = asyncio.new_event_loop()
class NativeLoop(asyncio.AbstractEventLoop): __slots__ = ("near", "far")
native = NativeLoop(); native.near, native.far = socket.socketpair()
there, here = os.pipe()
child = subprocess.Popen(["true"])
HERE = (__file__, 40, "<module>")
opened = [
    dict(kind="fd", name="pipe:[1]", number=there, site=HERE),
    dict(kind="fd", name="/dev/inherited", number=99),
    dict(kind="fd", name="terminal", number=2),
    dict(kind="process", name="true", number=child.pid, state="zombie", site=HERE),
    dict(kind="process", name="sleep 9", number=12345, state="running", site=HERE),
    dict(kind="process", name="python -c from multiprocessing.resource_tracker import main", number=7, state="running"),
    dict(kind="socket", name="127.0.0.1:8080 ESTABLISHED", number=5, address=id(pool[0])),
    dict(kind="temp-file", name="/tmp/scratch", site=HERE),
]
look("exit", "exit", open=opened)
loop.close(); executor.shutdown(); child.wait()
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return run(PROGRAM, tmp_path_factory.mktemp("open"))["exit"]


@pytest.fixture(scope="module")
def found(seen: Seen) -> tuple[Leftover, ...]:
    return seen.leftovers(*RESOURCES)


def test_five_sockets_of_one_line_are_one_mistake(found: tuple[Leftover, ...]) -> None:
    one = about(found, "5 sockets still open at the end of the program, all made at app.py:")
    assert "in fetch(), held by `__main__.pool`; nobody called close()" in one.sentence
    assert (one.count, one.answer, one.harmless) == (5, Answer.HELD, False)
    assert "127.0.0.1:8080 ESTABLISHED" in one.examples


def test_what_was_ended_is_not_told(found: tuple[Leftover, ...]) -> None:
    assert no_word_of(found, "`__main__.ended`")


def test_idle_and_closed_clients_are_not_told_and_an_open_one_is(found: tuple[Leftover, ...]) -> None:
    assert about([one for one in found if one.type == "__main__.Client"], "client").count == 1


def test_state_that_cannot_be_told_accuses_nobody(found: tuple[Leftover, ...]) -> None:
    assert "__main__.Strange" not in {one.type for one in found}


def test_resource_that_a_contract_calls_harmless_is(found: tuple[Leftover, ...]) -> None:
    assert next(one for one in found if one.type == "__main__.Mild").harmless


def test_file_is_told_once_with_what_is_inside_it(found: tuple[Leftover, ...]) -> None:
    rows = [one for one in found if one.kind == "file"]
    assert [one.type for one in rows] == ["_io.TextIOWrapper"]
    assert any("keeps alive with it: 2 file" in line for line in rows[0].evidence)


def test_standard_streams_and_the_loops_own_sockets_are_nobodys_mistake(found: tuple[Leftover, ...]) -> None:
    assert all("_ssock" not in one.sentence and "stdout" not in one.sentence for one in found)
    assert "select.epoll" not in {one.type for one in found}
    assert all("native" not in one.sentence for one in found)


def test_executor_is_told_by_its_own_problem(found: tuple[Leftover, ...]) -> None:
    assert about(found, "executor").problem == "executor-not-shut-down"


def test_closed_session_takes_the_blame_for_the_socket_that_only_it_has(found: tuple[Leftover, ...]) -> None:
    one = about(found, " is still held by `__main__.sessions`")
    assert any("socket (session closed)" in line for line in one.evidence)


def test_socket_that_others_have_too_is_not_the_sessions(found: tuple[Leftover, ...]) -> None:
    assert about(found, "held by `__main__`; nobody called close()").kind == "socket"


def test_zombie_and_running_child_are_told_and_helpers_are_not(found: tuple[Leftover, ...]) -> None:
    assert about(found, "nobody waited for it").problem == "zombie"
    assert about(found, "still runs at the end").problem == "child-running"
    assert no_word_of(found, "resource_tracker")


def test_descriptor_whose_opening_was_seen_is_accused_and_an_inherited_one_is_not(
    found: tuple[Leftover, ...],
) -> None:
    rows = {one.examples[0]: one.harmless for one in found if one.problem == "fd-without-owner"}
    assert rows == {"pipe:[1]": False, "/dev/inherited": True}
    one = about(found, "1 descriptor (pipe) that no Python object owns is open at the end, opened at app.py:40")
    assert one.problem == "fd-without-owner"


def test_temporary_file_is_told(found: tuple[Leftover, ...]) -> None:
    assert about(found, "temporary file was left behind").examples == ("/tmp/scratch",)


def test_daemon_thread_is_harmless_and_workers_of_executors_are_not_told(found: tuple[Leftover, ...]) -> None:
    rows = [one for one in found if one.kind == "thread"]
    assert [(one.harmless, "getter" in one.sentence) for one in rows] == [(True, True)]


def test_while_the_program_runs_what_is_open_is_not_left_over(seen: Seen) -> None:
    kinds = {one.problem for one in seen.leftovers(*RESOURCES, reason="asked")}
    assert kinds <= {"outlived", "left-open"}


def test_socket_that_only_the_collector_would_close_is_told_and_no_leak(found: tuple[Leftover, ...]) -> None:
    one = next(one for one in found if one.kind == "socket" and one.answer is Answer.CYCLE)
    assert any("only the collector would end it" in line for line in one.evidence)
