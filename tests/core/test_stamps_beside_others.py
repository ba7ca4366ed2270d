"""Stamps beside tracemalloc, which has the one tracer of 3.13 and wraps allocators too. Each in a process of its own:
3.13.0 leaves the tracer taken when tracemalloc stops."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

TRACER = sys.version_info >= (3, 13)
USUAL = "tracer" if TRACER else "allocator"
BEGINNING = """
import os, tempfile, tracemalloc
import numpy, outlive
from outlive import _core
class Foo: __slots__ = ()
stamps = _core.Stamps()
def seen(thing):
    folder = tempfile.mkdtemp()
    file = os.path.join(folder, "snap")
    outlive.snapshot(file)
    snap = outlive.load_snapshot(file)
    os.unlink(file); os.rmdir(folder)
    node = int(numpy.flatnonzero(snap.column("address") == numpy.uint64(id(thing)))[0])
    return int(snap.stamps.tick[node]), snap.stamps.site(node)
def make(): return Foo()
"""
MADE_AT = BEGINNING.splitlines().index("def make(): return Foo()") + 1

pytestmark = pytest.mark.slow


def run(source: str) -> list[str]:
    program = BEGINNING + textwrap.dedent(source)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_tracemalloc_that_is_there_already_is_left_alone() -> None:
    said = run("""
        tracemalloc.start()
        print(stamps.start(), stamps.facts["tracer_taken"])
        thing = make()
        print(seen(thing)[1].line, tracemalloc.get_object_traceback(thing) is not None)
    """)
    assert said == [f"allocator {TRACER}", f"{MADE_AT} True"]


def test_tracemalloc_begun_later_is_noticed_and_both_go_on() -> None:
    said = run("""
        print(stamps.start())
        stamps.tick(2)
        early = make()
        tracemalloc.start()
        stamps.tick(3)
        late = make()
        for thing in (early, late):
            tick, site = seen(thing)
            print(tick, site.line, site.approximate)
        print(tracemalloc.get_object_traceback(late) is not None, stamps.facts["lost_at"])
    """)
    assert said == [USUAL, f"2 {MADE_AT} {TRACER}", f"3 {MADE_AT} {TRACER}", f"True {2 if TRACER else None}"]


def test_a_wrapper_that_was_taken_off_is_noticed() -> None:
    said = run("""
        tracemalloc.start()
        stamps.start(allocator=True)
        stamps.tick(2)
        tracemalloc.stop()  # puts back what was there before itself, without asking
        stamps.tick(3)
        print(stamps.facts["lost_at"])
    """)
    assert said == ["2"]


def test_stopping_beneath_another_wrapper_only_passes_on() -> None:
    said = run("""
        stamps.start(allocator=True)
        tracemalloc.start()
        stamps.stop()
        kept = [make() for _ in range(1000)]
        print(tracemalloc.get_object_traceback(kept[0]) is not None)
        stamps.start(allocator=True)
        thing = make()
        print(seen(thing)[1].line)
    """)
    assert said == ["True", str(MADE_AT)]
