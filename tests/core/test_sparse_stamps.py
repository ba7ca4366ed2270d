"""Sparse stamps: what may have to end knows where it was made, and what is not stamped says "unknown", never a lie."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import io
import mmap
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from outlive.capture.snapshot import load, take

Begin = Callable[..., Any]
# Before 3.13 the allocator is the usual way.
LIBRARY = (os.path.dirname(os.__file__).encode() + b"/",)
WAYS = [False, True] if sys.version_info >= (3, 13) else [False]


class Session:
    pass


class Slotted:
    __slots__ = ("left", "right")


@pytest.fixture(params=WAYS)
def stamps(begin: Begin, request: pytest.FixtureRequest) -> Any:
    begun = begin(allocator=request.param, sparse=True, through=LIBRARY)
    begun.tick(5)
    return begun


def line() -> int:
    """The caller's."""
    return sys._getframe(1).f_lineno


def generated() -> Iterator[int]:
    yield 1


async def awaited() -> None: ...


def open_things(folder: Path) -> Iterator[tuple[object, int, Callable[[], object]]]:
    """Each thing that has to end, the line of this file that made it, and how it ends."""
    thing: Any
    thing, made = socket.socket(), line()
    yield thing, made, thing.close
    thing, made = open(folder / "buffered", "wb"), line()  # noqa: SIM115
    yield thing, made, thing.close
    yield thing.raw, made, thing.close
    thing, made = open(folder / "text", "w"), line()  # noqa: SIM115
    yield thing, made, thing.close
    yield thing.buffer, made, thing.close
    thing, made = io.FileIO(folder / "raw", "w"), line()
    yield thing, made, thing.close
    thing, made = threading.Thread(target=print), line()
    yield thing, made, lambda: None
    thing, made = threading.Timer(1000, print), line()
    yield thing, made, lambda: None
    thing, made = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE), line()
    yield thing, made, thing.communicate
    thing, made = concurrent.futures.ThreadPoolExecutor(1), line()
    yield thing, made, thing.shutdown
    thing, made = concurrent.futures.ProcessPoolExecutor(1), line()
    yield thing, made, thing.shutdown
    thing, made = tempfile.TemporaryDirectory(dir=folder), line()
    yield thing, made, thing.cleanup
    thing, made = tempfile.NamedTemporaryFile(dir=folder), line()  # noqa: SIM115
    yield thing, made, thing.close
    thing, made = sqlite3.connect(":memory:"), line()
    yield thing, made, thing.close
    thing, made = mmap.mmap(-1, 4096), line()
    yield thing, made, thing.close
    thing, made = ssl.create_default_context(), line()
    yield thing, made, lambda: None
    thing, made = threading.Lock(), line()
    yield thing, made, lambda: None
    thing, made = generated(), line()
    yield thing, made, thing.close
    thing, made = awaited(), line()
    yield thing, made, thing.close
    thing, made = Session(), line()
    yield thing, made, lambda: None
    thing, made = Slotted(), line()
    yield thing, made, lambda: None


def stood(native: Any, thing: object) -> tuple[str, int]:
    known = native.of(thing)
    assert known is not None, f"{type(thing)} is unknown"
    assert known[0] == 5
    return known[2], known[3]


def test_what_has_to_end_was_made_on_a_line_of_the_programs(stamps: Any, tmp_path: Path) -> None:
    for thing, made, end in open_things(tmp_path):
        try:
            assert stood(stamps.native, thing) == (__file__, made), thing
        finally:
            end()


def test_what_a_loop_has_open_was_made_on_a_line_of_the_programs(stamps: Any) -> None:
    lines: list[tuple[object, int]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        lines.append((asyncio.create_task(awaited()), line()))
        lines.append((asyncio.ensure_future(awaited()), line()))
        lines.append((loop.create_future(), line()))
        lines.append((loop.call_soon(id, 1), line()))
        timer, made = loop.call_later(30, id, 1), line()
        lines.append((timer, made))
        server, made = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0), line()
        lines.append((server, made))
        address = server.sockets[0].getsockname()
        (reader, writer), made = await asyncio.open_connection(*address), line()
        # the transport is made by a task or callback of the loop, whose callers end there
        lines.extend([(reader, made), (writer, made), (writer.get_extra_info("socket")._sock, made)])
        assert stamps.native.of(writer.transport) is not None
        process, made = await asyncio.create_subprocess_exec(sys.executable, "-c", ""), line()
        lines.append((process, made))
        await process.wait()
        assert [stood(stamps.native, thing) for thing, _ in lines] == [(__file__, made) for _, made in lines]
        timer.cancel()
        writer.close()
        server.close()
        await server.wait_closed()

    asyncio.run(main())
    lines.clear()
    gc.collect()


def test_lines_of_the_library_are_kept_as_callees(stamps: Any) -> None:
    timer = threading.Timer(1000, print)
    (seen,) = stamps.look(timer.finished)
    assert [caller.file for caller in seen.site.callers][-1] == __file__
    assert seen.site.file == threading.__file__


def test_library_code_without_a_caller_of_the_programs_is_named_itself(begin: Begin) -> None:
    stamps = begin(sparse=True, through=(os.fsencode(os.path.dirname(__file__)) + b"/", *LIBRARY), watcher=b"/")
    assert stamps.native.of(Session())[2:] == ("", 0, "")


@pytest.mark.parametrize("wrong", [("text",), (b"x",) * 9, (b"x" * 5000,), [b"x"]])
def test_impossible_folders_are_refused(begin: Begin, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        begin(through=wrong)
    begin()


@pytest.mark.parametrize("make", [lambda: int("1" * 20), lambda: float("1.5"), lambda: "ab" * int("40"),
                                  lambda: bytes(80), lambda: tuple(range(9)), lambda: [1], lambda: {1: 2}])  # fmt: skip
def test_what_never_ends_is_unknown(stamps: Any, make: Callable[[], object]) -> None:
    assert stamps.native.of(make()) is None


def test_an_address_that_is_used_again_does_not_wear_the_old_stamp(stamps: Any) -> None:
    """Blocks of the same size, first of what is stamped, then of what is not; and larger ones cut to smaller."""
    for made in (lambda n: str(n) * 8, lambda n: (n,) * 7, lambda n: bytes(n % 100), float, lambda n: [n]):
        first = [Session() for _ in range(3000)] + [Slotted() for _ in range(3000)]
        addresses = set(map(id, first))
        assert all(stamps.native.of(thing) for thing in first[::500])
        del first
        later = [made(n) for n in range(20_000)]
        assert [stamps.native.of(thing) for thing in later if id(thing) in addresses].count(None) == sum(
            id(thing) in addresses for thing in later
        )


def test_the_same_in_a_snapshot(stamps: Any) -> None:
    session, text, task_like = Session(), "ab" * int("50"), generated()
    seen_session, seen_text, seen_generator = stamps.look(session, text, task_like)
    assert seen_session.tick == seen_generator.tick == 5
    assert seen_session.place[0] == "test_the_same_in_a_snapshot"
    assert (seen_text.tick, seen_text.site) == (0, None)


def test_a_reused_block_is_unknown_in_a_snapshot_too(stamps: Any) -> None:
    addresses = {id(thing) for thing in [Session() for _ in range(3000)]}
    texts = [f"{n:07d}" for n in range(20_000)]
    again = [text for text in texts if id(text) in addresses][:20]
    assert all(seen.tick == 0 for seen in stamps.look(*again))


def test_living_objects_are_found_by_scope_and_tick(stamps: Any) -> None:
    kept = [Session() for _ in range(10)]
    assert sorted(map(id, stamps.native.made(5, None, (Session,)))) == sorted(map(id, kept))
    assert stamps.native.made(6, None, (Session,)) == []


def test_facts_say_that_stamps_are_sparse(stamps: Any, tmp_path: Path) -> None:
    assert stamps.native.facts["sparse"]
    take(tmp_path / "sparse.outlive")
    found = load(tmp_path / "sparse.outlive").stamps
    assert found is not None
    assert found.facts.sparse


def test_full_stamps_after_sparse_ones_are_full(begin: Begin) -> None:
    begin(sparse=True).native.stop()
    stamps = begin()
    (seen,) = stamps.look(text := "ab" * int("50"))
    assert seen.place[0] == "test_full_stamps_after_sparse_ones_are_full"
    assert text
    assert not stamps.native.facts["sparse"]


@pytest.mark.slow
def test_the_hook_finds_that_it_was_taken_away() -> None:
    source = """
        import tracemalloc
        from outlive import _core
        class Session: pass
        stamps = _core.Stamps()
        stamps.start(sparse=True)
        stamps.tick(2)
        assert stamps.facts["lost_at"] is None
        tracemalloc.start()
        stamps.tick(3)
        print(stamps.mode, stamps.facts["lost_at"], stamps.of(Session()))
        tracemalloc.stop()
        stamps.stop()
        _core.Stamps().start(sparse=True)
        stamps.tick(2)
        print(stamps.facts["lost_at"], stamps.of(Session())[0])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(source)], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    words = done.stdout.split()
    assert words[0] == "allocator"
    assert words[-2:] == ["None", "2"]
