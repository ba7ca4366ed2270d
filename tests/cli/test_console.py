"""Colour and progress appear on terminals only."""

from __future__ import annotations

import io
import os
import pty

import pytest

from outlive.cli.console import ProgressLine, wants_color


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch):
    """A real pseudo-terminal: the stream a program would print to, and the descriptor a person would read."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    person, program = pty.openpty()
    with os.fdopen(program, "w") as stream:
        yield stream, person
    os.close(person)


def read_exactly(person: int, count: int) -> bytes:
    """What stands on the terminal: a read may end between two writes, so it goes on until there is enough."""
    shown = b""
    while len(shown) < count:
        shown += os.read(person, count - len(shown))
    return shown


def test_terminal_wants_color(terminal) -> None:
    assert wants_color(terminal[0])


def test_no_color_is_respected_on_a_terminal(terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color(terminal[0])


def test_dumb_terminal_wants_no_color(terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_color(terminal[0])


def test_pipe_wants_no_color() -> None:
    assert not wants_color(io.StringIO())


def test_progress_is_shown_on_a_terminal_and_wiped(terminal) -> None:
    stream, person = terminal
    line = ProgressLine(stream)
    line("128 steps")
    line.wipe()
    expected = b"\r\x1b[2K128 steps\r\x1b[2K"
    assert read_exactly(person, len(expected)) == expected


def test_progress_on_a_pipe_is_silent() -> None:
    pipe = io.StringIO()
    line = ProgressLine(pipe)
    line("128 steps")
    line.wipe()
    assert pipe.getvalue() == ""


def test_progress_longer_than_the_terminal_stays_on_one_line(terminal) -> None:
    stream, person = terminal
    ProgressLine(stream)("x" * 500)
    shown = os.read(person, 4096)
    assert 0 < shown.count(b"x") < 500
