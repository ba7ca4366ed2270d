"""Stamps: each object's line and tick, in whatever way it was made; and nobody else is disturbed."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Generator
from typing import Any

import pytest

from outlive import _core
from outlive.capture.snapshot import load, take

Begin = Callable[..., Any]
TRACER = sys.version_info >= (3, 13)
KEPT_FOR_REUSE = (list, dict, tuple, float)


class Session:
    def method(self) -> None: ...


def instance() -> object:
    return Session()


def a_list() -> object:
    return [1, 2, 3]


def a_dict() -> object:
    return {"one": 1}


def a_set() -> object:
    return {1, 2}


def a_string() -> object:
    return str(10**20)


def some_bytes() -> object:
    return bytes(300)


def an_int() -> object:
    return int("12345678901234567890")


def a_float() -> object:
    return float("1.5")


def a_tuple() -> object:
    return (object(), 2)


def a_closure() -> object:
    return lambda: Session


def an_exception() -> object:
    return ValueError("why")


def a_method() -> object:
    return Session().method


def a_class() -> object:
    return type("Made", (), {})


def huge() -> object:
    return bytearray(10).join([b"x" * 3_000_000])


MAKERS = [instance, a_list, a_dict, a_set, a_string, some_bytes, an_int, a_float, a_tuple, a_closure, an_exception,
          a_method, a_class, huge]  # fmt: skip


def line_of(maker: Callable[..., object]) -> tuple[str, int]:
    """Function and line of the one line of its body."""
    return maker.__name__, maker.__code__.co_firstlineno + 1


def generated() -> Generator[object, None, None]:
    yield Session()


async def awaited() -> object:
    return Session()


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_an_object_knows_the_line_that_made_it(begin: Begin, maker: Callable[[], object]) -> None:
    stamps = begin()
    stamps.tick(7)
    thing = maker()
    (seen,) = stamps.look(thing)
    if stamps.native.mode == "tracer" or type(thing) not in KEPT_FOR_REUSE:
        assert seen.place == line_of(maker)
        assert seen.site.file == __file__
        assert seen.tick == 7
        assert not seen.approximate
    else:
        assert seen.approximate


@pytest.mark.parametrize("kind", KEPT_FOR_REUSE, ids=lambda kind: kind.__name__)
def test_types_with_free_lists_are_approximate_where_the_allocator_tells(begin: Begin, kind: type) -> None:
    stamps = begin(allocator=True)
    thing, other = kind(), Session()
    seen, seen_other = stamps.look(thing, other)
    assert seen.approximate
    assert not seen_other.approximate


def test_a_reused_list_has_the_line_of_its_second_life(begin: Begin) -> None:
    stamps = begin()
    if stamps.native.mode != "tracer":
        pytest.skip("needs the tracer of 3.13, and that no one has it")
    first = a_list()
    address = id(first)
    del first
    second = [0]
    (seen,) = stamps.look(second)
    assert id(second) == address
    assert seen.place[0] == "test_a_reused_list_has_the_line_of_its_second_life"


@pytest.mark.parametrize("allocator", [False, True], ids=["usual", "by allocator"])
def test_ticks_say_which_step_made_an_object(begin: Begin, allocator: bool) -> None:
    before = Session()
    stamps = begin(allocator=allocator)
    setup = Session()
    made = []
    for step in range(4):
        stamps.tick(2 + step)
        made.append(Session())
    stamps.tick(0xFFFFFFFF)
    between = Session()
    seen = stamps.look(before, setup, *made, between)
    assert [one.tick for one in seen] == [0, 1, 2, 3, 4, 5, 0xFFFFFFFF]
    assert seen[0].site is None


def test_objects_of_one_line_have_one_site_number(begin: Begin) -> None:
    stamps = begin()
    first, second, other = stamps.look(*(keep := [instance(), instance(), a_closure()]))
    assert first.number == second.number != other.number
    assert len(keep) == 3


def test_a_generator_is_made_where_it_is_called_and_makes_within(begin: Begin) -> None:
    stamps = begin()
    generator = generated()
    thing = next(generator)
    made, within = stamps.look(generator, thing)
    assert made.place[0] == "test_a_generator_is_made_where_it_is_called_and_makes_within"
    assert within.place == line_of(generated)


def test_a_coroutine_is_made_where_it_is_called(begin: Begin) -> None:
    stamps = begin()
    coroutine: Any = awaited()
    (seen,) = stamps.look(coroutine)
    coroutine.close()
    assert seen.place[0] == "test_a_coroutine_is_made_where_it_is_called"


def outer() -> object:
    return middle()


def middle() -> object:
    return instance()


def test_depth_gives_the_callers_outwards(begin: Begin) -> None:
    stamps = begin(3)
    (seen,) = stamps.look(thing := outer())
    assert seen.place == line_of(instance)
    assert [(caller.function, caller.line) for caller in seen.site.callers] == [line_of(middle), line_of(outer)]
    assert thing


def test_depth_can_be_changed_meanwhile(begin: Begin) -> None:
    stamps = begin()
    shallow = outer()
    stamps.native.depth(2)
    deep = outer()
    seen_shallow, seen_deep = stamps.look(shallow, deep)
    assert seen_shallow.site.callers == ()
    assert len(seen_deep.site.callers) == 1


def test_recursion_is_kept_no_deeper_than_asked(begin: Begin) -> None:
    def dive(depth: int) -> object:
        return dive(depth - 1) if depth else Session()

    stamps = begin(64)
    (seen,) = stamps.look(thing := dive(200))
    assert len(seen.site.callers) == 63
    assert thing


@pytest.mark.parametrize("depth", [0, 65])
def test_an_impossible_depth_is_refused(depth: int) -> None:
    with pytest.raises(ValueError, match="depth must be 1 to 64"):
        _core.Stamps().start(depth)


def run_as(file: str, source: str) -> dict[str, Any]:
    names: dict[str, Any] = {"Session": Session}
    exec(compile(textwrap.dedent(source), file, "exec"), names)
    return names


def test_code_in_our_folder_is_passed_over(begin: Begin) -> None:
    names = run_as("/ours/part.py", "def make(): return Session()")
    stamps = begin(2, ours=b"/ours/")
    (seen,) = stamps.look(thing := names["make"]())
    assert seen.place[0] == "test_code_in_our_folder_is_passed_over"
    assert thing


def test_the_watcher_ends_the_chain_and_makes_nothing_of_the_programs(begin: Begin) -> None:
    names = run_as("/ours/trial/part.py", "def own(): return Session()\ndef run(step): return step()")
    stamps = begin(8, ours=b"/ours/", watcher=b"/ours/trial/")
    own, theirs = names["own"](), names["run"](instance)
    seen_own, seen_theirs = stamps.look(own, theirs)
    assert seen_own.site is None
    assert seen_own.tick == 1
    assert seen_theirs.place == line_of(instance)
    assert seen_theirs.site.callers == ()


def test_executed_text_has_its_own_lines(begin: Begin) -> None:
    stamps = begin()
    names = run_as("<böse zeile>", "a = 1\nb = Session()\n")
    (seen,) = stamps.look(names["b"])
    assert (seen.site.file, seen.place) == ("<böse zeile>", ("<module>", 2))


def test_a_dead_code_objects_site_is_not_given_to_its_successor(begin: Begin) -> None:
    stamps = begin()
    made = []
    for line in range(1, 60):
        names = run_as("<text>", "\n" * line + "made = Session()")
        made.append(names.pop("made"))
        del names
        if line % 20 == 0:
            gc.collect()
    assert [seen.place[1] for seen in stamps.look(*made)] == list(range(2, 61))


def test_threads_have_their_own_lines(begin: Begin) -> None:
    stamps = begin()
    made: list[object] = []
    threads = [threading.Thread(target=lambda: made.append(instance())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {seen.place for seen in stamps.look(*made)} == {line_of(instance)}


def test_an_object_that_moves_when_it_grows_keeps_a_line(begin: Begin) -> None:
    stamps = begin()
    text = str(10**20)
    for _ in range(2000):
        text += "x"
    (seen,) = stamps.look(text)
    assert seen.place[0] == "test_an_object_that_moves_when_it_grows_keeps_a_line"


def test_a_snapshot_without_stamps_says_so(tmp_path: Any) -> None:
    take(tmp_path / "plain.outlive")
    assert load(tmp_path / "plain.outlive").stamps is None


def test_stopped_stamps_are_forgotten_and_can_begin_again(begin: Begin) -> None:
    stamps = begin()
    stamps.native.stop()
    assert stamps.native.mode == "off"
    assert stamps.native.mapped_bytes == 0
    stamps.native.start()
    (seen,) = stamps.look(thing := instance())
    assert seen.place == line_of(instance)
    assert thing


def test_starting_twice_is_refused(begin: Begin) -> None:
    begin()
    with pytest.raises(RuntimeError, match="already"):
        _core.Stamps().start()


def test_there_is_one_set_of_stamps() -> None:
    assert _core.Stamps() is _core.Stamps()


def run_program(source: str) -> str:
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(source)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_blocks_and_native_bytes_are_those_of_the_program() -> None:
    """In a process of its own, where nobody else takes any."""
    grown = run_program("""
        import gc, sys
        from outlive import _core
        class Session: pass
        def count():
            gc.collect()
            heap = _core.native_heap()
            return sys.getallocatedblocks(), heap[0] + heap[1]
        stamps = _core.Stamps()
        count()
        before = count()
        stamps.start()
        kept = [Session() for _ in range(20_000)]
        del kept
        after = count()
        print(after[0] - before[0], after[1] - before[1])
    """)
    blocks, native_bytes = map(int, grown.split())
    assert abs(blocks) < 100
    assert abs(native_bytes) < 100_000


@pytest.mark.slow
@pytest.mark.parametrize("allocator", [False, True], ids=["usual", "by allocator"])
def test_a_forked_child_goes_on_for_itself(allocator: bool) -> None:
    source = f"""
        import os, numpy, outlive
        from outlive import _core
        class Foo: pass
        stamps = _core.Stamps(); stamps.start(allocator={allocator}); stamps.tick(5)
        child = os.fork()
        if child == 0:
            stamps.tick(6)
        kept = [Foo() for _ in range(50_000)]
        file = f"/tmp/outlive-stamps-{{os.getpid()}}.snap"
        outlive.snapshot(file)
        snap = outlive.load_snapshot(file)
        os.unlink(file)
        node = int(numpy.flatnonzero(snap.column("address") == numpy.uint64(id(kept[-1])))[0])
        if child: os.waitpid(child, 0)
        print(snap.stamps.tick[node], snap.stamps.site(node).line, flush=True)
    """
    assert run_program(source).splitlines() == ["6 9", "5 9"]


@pytest.mark.slow
def test_another_interpreter_is_survived() -> None:
    module = "_interpreters" if TRACER else "_xxsubinterpreters"
    source = f"""
        import {module} as interpreters
        from outlive import _core
        stamps = _core.Stamps()
        stamps.start(allocator=True)
        number = interpreters.create()
        interpreters.run_string(number, "kept = [object() for _ in range(20000)]; print(len(kept), flush=True)")
        interpreters.destroy(number)
        print(stamps.mode, flush=True)
    """
    assert run_program(source).split() == ["20000", "allocator"]


@pytest.mark.slow
@pytest.mark.parametrize("allocator", [False, True], ids=["usual", "by allocator"])
def test_a_million_objects_have_their_stamps(begin: Begin, tmp_path: Any, allocator: bool) -> None:
    stamps = begin(allocator=allocator)
    stamps.tick(9)
    kept = [str(number) for number in range(1_000_000, 2_000_000)]
    take(tmp_path / "many.outlive")
    snapshot = load(tmp_path / "many.outlive")
    found = snapshot.stamps
    assert found is not None
    assert (found.tick == 9).sum() >= len(kept)
    assert stamps.native.facts["unstamped"] == 0
