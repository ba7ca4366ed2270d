"""The census: exact counts, no noise, and nothing of ours in them."""

from __future__ import annotations

import collections
import functools
import gc
import subprocess
import sys

import pytest

from outlive import _core
from outlive.capture.census_frame import CensusDecoder
from outlive.model.series import CounterKey


class Session:
    pass


class Watch:
    """A census that reads one type's counters."""

    def __init__(self) -> None:
        self._census = _core.Census()
        self._decoder = CensusDecoder()
        self._now: dict[CounterKey, int] = {}

    def read(self, counter: str, type_name: str) -> int:
        gc.collect()
        self._census.take()
        self._now.update(self._decoder.decode(self._census.frame()))
        unit = "bytes" if counter == "bytes" else ""
        return self._now.get(CounterKey(counter, type_name, unit), 0)


def test_objects_of_a_class_are_counted_exactly() -> None:
    watch = Watch()
    name = f"{__name__}.Session"
    kept = [Session() for _ in range(30)]
    assert watch.read("objects", name) == 30
    del kept[:10]
    assert watch.read("objects", name) == 20


def test_untracked_objects_are_counted() -> None:
    watch = Watch()
    watch.read("objects", "bytes")
    before = watch.read("objects", "bytes")
    kept = [bytes([65, number, 3]) for number in range(200)]
    assert watch.read("objects", "bytes") - before == len(kept)


def test_a_list_of_nones_grows_in_items_only() -> None:
    watch = Watch()
    kept: list[None] = []
    watch.read("items", "list")
    items, objects = watch.read("items", "list"), watch.read("objects", "list")
    kept.extend([None] * 1000)
    assert watch.read("items", "list") - items == 1000
    assert watch.read("objects", "list") == objects


def test_classes_of_one_name_count_as_one_type() -> None:
    watch = Watch()
    made = [type("MadeInAStep", (), {"__module__": "app"})() for _ in range(25)]
    assert watch.read("objects", "app.MadeInAStep") == len(made)


STANDS_STILL = """
import gc
from outlive import _core
from outlive.capture.census_frame import CensusDecoder
census, decoder = _core.Census(), CensusDecoder()
frames = [b""] * 6
for place in range(len(frames)):
    gc.collect()
    census.take()
    frames[place] = census.frame()
values = {}
for frame in frames[:-1]:
    values.update(decoder.decode(frame))
last = decoder.decode(frames[-1])
print(*{key.type for key, value in last.items() if key.counter == "objects" and values[key] != value})
"""


def test_counts_stand_still_when_nothing_happens() -> None:
    """In a process of its own: here, threads of the tests' own machinery may happen."""
    done = subprocess.run([sys.executable, "-c", STANDS_STILL], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["bytes"]  # the frame itself


def test_controls_are_seen_and_their_blocks_known() -> None:
    watch = Watch()
    controls = _core.Controls()
    watch.read("objects", "outlive.control.Leaked")
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(10):
        controls.plant()
    planted = sys.getallocatedblocks() - before
    assert watch.read("objects", "outlive.control.Leaked") == 10
    assert watch.read("objects", "outlive.control.Dropped") == 0
    assert controls.blocks == 10
    assert abs(planted - 10) < 60


def test_dropped_controls_are_seen_while_the_collector_sleeps() -> None:
    watch = Watch()
    controls = _core.Controls()
    gc.disable()
    try:
        controls.plant()
        watch._census.take()
        counted = watch._decoder.decode(watch._census.frame())
    finally:
        gc.enable()
    assert counted[CounterKey("objects", "outlive.control.Dropped")] == 1


def test_grown_containers_are_found_with_their_growth() -> None:
    census = _core.Census()
    growing: list[int] = []
    still = list(range(500))
    census.mark()
    growing.extend(range(1000, 1100))
    found = {id(container): (before, after) for container, before, after in census.grown()}
    assert found[id(growing)] == (0, 100)
    assert id(still) not in found


def test_growth_is_told_since_the_mark_before_the_latest() -> None:
    census = _core.Census()
    growing: list[int] = []
    census.mark()
    growing.extend(range(100))
    census.mark()
    growing.extend(range(4))
    assert (growing, 0, 104) in census.grown()


def test_holders_are_what_refers_to_an_object() -> None:
    census = _core.Census()
    held = [1, 2, 3]
    holder = {"held": held}
    assert any(one is holder for one in census.holders((held,))[0])


def test_retained_is_what_only_the_container_keeps() -> None:
    census = _core.Census()
    registry = {number: Session() for number in range(40)}
    shared = registry[0]
    name = f"{__name__}.Session"
    assert census.retained((registry,), frozenset())[name] == 39
    assert shared is registry[0]


@pytest.mark.parametrize("size", [10, 1000])
def test_links_of_an_lru_cache_go_with_it(size: int) -> None:
    @functools.lru_cache(maxsize=size)
    def cached(number: int) -> list[int]:
        return [number]

    for number in range(size):
        cached(number)
    retained = _core.Census().retained((cached,), frozenset())
    assert retained["list"] >= size
    assert retained["functools._lru_list_elem"] == size


def test_deques_of_all_sizes_are_walked() -> None:
    kept = [collections.deque([Session() for _ in range(size)]) for size in (0, 1, 63, 64, 65, 1000)]
    assert Watch().read("objects", f"{__name__}.Session") == sum(map(len, kept))


def test_a_frame_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not a census frame"):
        CensusDecoder().decode(b"\xff\xff\xff\xff garbage")


def test_suspended_coroutines_are_walked_within_their_bounds() -> None:
    """Where a variable-size object counts its items, a coroutine keeps something else: a walk once read past it."""
    code = (
        "import types, weakref\n"
        "from outlive import _core\n"
        "@types.coroutine\n"
        "def wait(): yield\n"
        "async def work(number):\n"
        "    await wait()\n"
        "census, kept = _core.Census(), []\n"
        "for round in range(60):\n"
        "    for number in range(400):\n"
        "        one = work(number)\n"
        "        one.send(None)\n"
        "        kept.append((one, weakref.ref(one)))\n"
        "    census.take()\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
