"""Growth inside a bounded container is excused exactly as far as the container explains it."""

from __future__ import annotations

from typing import Any

from outlive.judge.filling import filling_of
from outlive.model.series import CounterKey, Series

OBJECTS = CounterKey("objects", "app.Page")
ITEMS = CounterKey("items", "dict")
BLOCKS = CounterKey("blocks")
THREADS = CounterKey("threads")
FDS = CounterKey("fds", "socket")


def growing(*keys: CounterKey, by: int = 1) -> dict[CounterKey, Series]:
    steps = tuple(range(0, 110, 10))
    return {key: Series(key, steps, tuple(by * step for step in steps)) for key in keys}


def cache(
    *, length: int = 100, bound: int = 1000, threads: int = 0, grown: int = 200, type: str = "dict"
) -> dict[str, Any]:
    return {"type": type, "how": f"lru_cache(maxsize={bound}) on page", "bound": bound, "length": 100,
            "grown": grown, "threads": threads}  # fmt: skip


def test_growth_that_the_container_keeps_is_filling() -> None:
    analysis = {"containers": [cache()], "retained": {"app.Page": 100}}
    found = filling_of(analysis, growing(OBJECTS, BLOCKS), [OBJECTS, BLOCKS], 0)
    assert set(found) == {OBJECTS, BLOCKS}
    assert "lru_cache(maxsize=1000) on page holds 100 of 1,000" in found[OBJECTS]


def test_growth_beyond_what_the_container_keeps_is_not() -> None:
    analysis = {"containers": [cache()], "retained": {"app.Page": 50}}
    assert filling_of(analysis, growing(OBJECTS, BLOCKS), [OBJECTS, BLOCKS], 0) == {}


def test_totals_are_excused_only_when_every_type_is() -> None:
    leaking = CounterKey("objects", "app.Session")
    analysis = {"containers": [cache()], "retained": {"app.Page": 100}}
    found = filling_of(analysis, growing(OBJECTS, BLOCKS, leaking), [OBJECTS, BLOCKS, leaking], 0)
    assert set(found) == {OBJECTS}


def test_without_a_bounded_container_nothing_is_excused() -> None:
    assert filling_of({"containers": [], "retained": {}}, growing(OBJECTS), [OBJECTS], 0) == {}


def test_a_container_that_only_grows_longer_is_excused_by_its_own_growth() -> None:
    analysis = {"containers": [cache(grown=100)], "retained": {}}
    assert set(filling_of(analysis, growing(ITEMS), [ITEMS], 0)) == {ITEMS}
    analysis = {"containers": [cache(grown=40)], "retained": {}}
    assert filling_of(analysis, growing(ITEMS), [ITEMS], 0) == {}


def test_threads_of_a_bounded_pool_are_excused_and_more_are_not() -> None:
    pool = cache(threads=100, type="set")
    assert THREADS in filling_of({"containers": [pool], "retained": {}}, growing(THREADS), [THREADS], 0)
    pool = cache(threads=20, type="set")
    assert filling_of({"containers": [pool], "retained": {}}, growing(THREADS), [THREADS], 0) == {}


def test_descriptors_are_never_excused_by_a_cache() -> None:
    analysis = {"containers": [cache()], "retained": {"app.Page": 100}}
    found = filling_of(analysis, growing(OBJECTS, FDS), [OBJECTS, FDS], 0)
    assert FDS not in found


def test_only_growth_since_the_mark_counts() -> None:
    series = {OBJECTS: Series(OBJECTS, (0, 50, 100), (0, 1000, 1100))}
    analysis = {"containers": [cache()], "retained": {"app.Page": 100}}
    assert OBJECTS in filling_of(analysis, series, [OBJECTS], 50)
    assert OBJECTS not in filling_of(analysis, series, [OBJECTS], 0)
