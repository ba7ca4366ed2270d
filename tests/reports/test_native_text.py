"""A native program's life as text: what matters first, and one line where nothing does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from native_ends import CLEAN, CRASHED, LEAKY, PIECES

from outlive.model.verdict import Note
from outlive.reports.native_text import Again, render

TEXT = render(LEAKY)


def test_a_program_that_loses_nothing_gets_one_line() -> None:
    assert render(CLEAN) == "NO LEAK  ./server: nothing is lost; 12 blocks were held when it ended\n"


def test_what_could_not_be_seen_is_said_also_where_nothing_was_found() -> None:
    doubted = replace(CLEAN, notes=(Note("not-seen", "12 blocks were not recorded"),))
    assert "note: not-seen: 12 blocks were not recorded" in render(doubted)


def test_the_verdict_comes_first_and_wrong_uses_before_losses() -> None:
    assert TEXT.startswith("LEAK  ./server --port '80 81': 3 mistakes; first, 92 blocks are lost\n")
    heads = [
        "memory used wrongly",
        "lost while it ran",
        "lost at its end",
        "lost, and no look tells when",
        "handles that",
    ]
    places = [TEXT.index(head) for head in heads]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "line",
    [
        "decode_piece (wire.c:120)",
        "< on_data (peer.c:30) inlined",
        "< libuv.so.1+0xbe52 (no name; behind uv_fileno)",
        "< in Python: app.py:7 in load",
        "88 from decode_piece < on_data, 1.38 MB",
        "4 from list_create, 160 B (under others)",
        "the last pointer was overwritten by pool_dial (pool.c:88) (3 seen)",
        "< main (server+0x9)",
        "on_block (server+0x5) went away with the only pointer to it, as was seen with another one of the same origin",
        "a place that is not known freed a block that pointed to it",
        "lost by     2 processes",
        "harmless, lost once: 1 block of 4,409 bytes lost. the system (libdbus-1-3)",
        "not certain: Two blocks.",
        "double-free  A block was freed twice.",
        "6 timers were never closed.",
        "stopped, not closed",
        "closed by   close_left (loop.c:40)",
        "its like    on_closed (server+0x9)",
        "proof  the block at its data is lost",
        "42  /usr/bin/ls",
        "1 time, not at its end",
    ],
)
def test_everything_that_is_known_is_said(line: str) -> None:
    assert line in TEXT


def test_memory_used_wrongly_alone_is_not_called_a_leak() -> None:
    assert render(replace(LEAKY, losses=(), handles=())).startswith("MISTAKE  ./server")


def test_the_next_command_asks_for_what_this_run_was_not_asked() -> None:
    unfollowed = replace(LEAKY, broken=(), losses=(replace(PIECES, events=()),))
    assert "outlive run --why-lost -- ./server" in render(unfollowed)
    assert "outlive run --iterations runs.json -- ./server" in render(unfollowed, again=Again(why_lost=True))
    assert "outlive run --guard -- ./server" in render(CRASHED)
    assert "next:" not in render(CRASHED, again=Again(guard=True))


def test_names_from_the_program_cannot_paint_the_terminal() -> None:
    assert "\x1b" not in render(replace(LEAKY, losses=(replace(PIECES, sentence="a\x1b[31mb"),)))
