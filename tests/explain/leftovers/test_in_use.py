"""What a running function of another thread has as a variable is in use; what hangs further off was left open."""

from __future__ import annotations

import pytest
from seen_programs import Seen, run

from outlive.model.contracts import Condition, Resource
from outlive.model.leftovers import Answer, Leftover

pytestmark = pytest.mark.slow
CLOSED = (Condition(state="closed"),)
RESOURCES = (
    Resource("socket.socket", "socket", "close()", "", CLOSED),
    Resource("_io.FileIO", "file", "close()", "", CLOSED),
    Resource("__main__.Reader", "reader", "close()", "", (Condition("closed"),)),
)
PROGRAM = """
import os, socket, threading
from noting import look
begun, end = threading.Barrier(4), threading.Event()

class Reader:
    closed = False
    def read(self): wait()
def wait(): begun.wait(); end.wait()
def uses():
    with open(os.devnull) as buffer: wait()
def keeps():
    kept = [socket.socket()]
    wait()
    kept[0].close()
threads = [threading.Thread(target=one) for one in (uses, keeps, lambda: Reader().read())]
for one in threads: one.start()
begun.wait()
look("exit", "exit")
end.set()
for one in threads: one.join()
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Leftover]:
    seen: Seen = run(PROGRAM, tmp_path_factory.mktemp("in-use"))["exit"]
    return {one.kind: one for one in seen.leftovers(*RESOURCES)}


def test_file_that_another_threads_function_reads_is_in_use(found: dict[str, Leftover]) -> None:
    one = found["file"]
    assert (one.answer, one.harmless) == (Answer.HELD, True)
    assert any("was running __main__.uses with it" in line for line in one.evidence)


def test_socket_in_a_list_of_another_threads_function_is_left_open(found: dict[str, Leftover]) -> None:
    assert not found["socket"].harmless


def test_object_whose_own_method_runs_is_left_open(found: dict[str, Leftover]) -> None:
    assert not found["reader"].harmless
