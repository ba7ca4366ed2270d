"""What an ended object should have taken with it: what belongs to it alone, and what its contract asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from seen_programs import Seen, about, run

from outlive.model.contracts import Condition, Resource
from outlive.model.leftovers import Answer

pytestmark = pytest.mark.slow
SOCKET = Resource("socket.socket", "socket", "close()", "", (Condition(state="closed"),))
PROGRAM = """
import socket
from noting import ends, look
shared = socket.socket()
class Session:
    def __init__(self):
        self.own, self.shared = socket.socket(), shared
    def close(self): ends(self, "session closed", ("fds",))
class Careful(Session):
    def close(self):
        self.own.close()
        super().close()
kept = [Session(), Careful()]
for session in kept: session.close()
look("now")
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return run(PROGRAM, tmp_path_factory.mktemp("own"))["now"]


def test_socket_of_a_closed_session_is_left_open(seen: Seen) -> None:
    found = seen.leftovers(SOCKET)
    assert len(found) == 1
    one = about(found, "Session closed at app.py:8 left 1 socket open, made at app.py:7 in")
    assert (one.problem, one.answer, one.harmless) == ("left-open", Answer.HELD, False)


def test_socket_that_somebody_else_has_too_is_not_counted(seen: Seen) -> None:
    assert about(seen.leftovers(SOCKET), "left 1 socket").count == 1


def test_contract_that_does_not_ask_for_descriptors_accuses_none(seen: Seen) -> None:
    ended = tuple(replace(row, must=("tasks",)) for row in seen.look.ended)
    assert seen.leftovers(SOCKET, ended=ended) == ()


def test_session_that_went_when_the_program_settled_is_harmless(seen: Seen) -> None:
    ended = tuple(replace(row, fate="collect") for row in seen.look.ended)
    assert all(one.harmless for one in seen.leftovers(SOCKET, ended=ended))
