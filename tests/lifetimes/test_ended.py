"""`outlive.ends`: noted, weakly, and never a reason to fail."""

from __future__ import annotations

import gc
import threading
import weakref

import outlive
from outlive.lifetimes import clock
from outlive.lifetimes.ended import REGISTRY, Row
from outlive.lifetimes.notebook import NOTEBOOK


class Session:
    pass


class Slotted:
    __slots__ = ("value",)


def row_of(obj: object) -> Row:
    row = REGISTRY.row_of(obj)
    assert row is not None
    return row


def closings_of(obj: object) -> list[tuple[int, str]]:
    key = row_of(obj).key
    return [(row["times"], row["trouble"]) for row in NOTEBOOK.closing_rows() if row.get("key") == key]


def test_the_object_comes_back() -> None:
    session = Session()
    assert outlive.ends(session, "session closed") is session


def test_an_ended_object_is_not_kept_alive_and_leaves_no_row() -> None:
    session = outlive.ends(Session(), "session closed")
    key, gone = row_of(session).key, weakref.ref(session)
    del session
    assert gone() is None
    assert key not in [row.key for row in REGISTRY.alive()]


def test_an_ended_object_that_lives_has_a_row_with_the_line_that_ended_it() -> None:
    session = Session()
    outlive.ends(session, "session closed", must=("garbage", "tasks"), matters="its socket stays open")
    told = row_of(session).as_dict()
    assert told["address"] == id(session)
    assert told["type"] == f"{__name__}.Session"
    assert told["lifetime"] == "session closed"
    assert told["must"] == ["garbage", "tasks"]
    assert told["matters"] == "its socket stays open"
    assert told["site"]["function"].endswith("test_an_ended_object_that_lives_has_a_row_with_the_line_that_ended_it")
    assert told["site"]["file"] == __file__


def test_a_second_end_of_one_object_is_trouble() -> None:
    session = Session()
    outlive.ends(session)
    outlive.ends(session)
    assert closings_of(session) == [(1, ""), (2, "twice")]


def test_another_object_at_the_same_address_has_not_ended_twice() -> None:
    for _ in range(100):
        session = Session()
        outlive.ends(session)
        assert closings_of(session) == [(1, "")]
        del session


def test_what_is_made_after_an_end_is_of_a_later_tick() -> None:
    session = Session()
    made_with = clock.tick()
    outlive.ends(session)
    assert row_of(session).tick == made_with
    assert clock.tick() > row_of(session).tick


def test_the_tick_of_the_first_end_stays() -> None:
    session = Session()
    outlive.ends(session)
    first = row_of(session).tick
    outlive.ends(session)
    assert row_of(session).tick == first


def test_what_never_ends_is_not_noted() -> None:
    before = len(REGISTRY.alive())
    assert outlive.ends(None) is None
    assert outlive.ends(5) == 5
    assert outlive.ends(gc) is gc
    assert outlive.ends(Session) is Session
    assert len(REGISTRY.alive()) == before


def test_an_object_without_weak_references_is_known_by_address_alone() -> None:
    slotted = Slotted()
    outlive.ends(slotted)
    row = next(row for row in REGISTRY.alive() if row.address == id(slotted))
    assert row.is_alive is None
    assert row.type == f"{__name__}.Slotted"


def test_a_wrong_argument_does_not_fail_into_the_program() -> None:
    session = Session()
    assert outlive.ends(session, must=5) is session


def test_a_class_whose_metaclass_answers_for_everything_is_not_asked() -> None:
    class Strange(type):
        def __getattribute__(cls, name: str) -> object:
            raise RuntimeError(name)

    strange = Strange("Odd", (), {})()
    assert outlive.ends(strange) is strange
    assert row_of(strange).type.endswith(".Odd")


def test_objects_ended_in_many_threads_are_all_noted_once() -> None:
    sessions = [[Session() for _ in range(200)] for _ in range(8)]

    def end_all(some: list[Session]) -> None:
        for session in some:
            outlive.ends(session)

    threads = [threading.Thread(target=end_all, args=(some,)) for some in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = [row_of(session) for some in sessions for session in some]
    assert {row.times for row in rows} == {1}
    assert len({row.key for row in rows}) == 1600


def test_settled_counts_ended_objects_that_are_held_and_not_those_in_a_cycle() -> None:
    before = outlive.settled()
    held, cycle = outlive.ends(Session()), outlive.ends(Session())
    cycle.me = cycle  # type: ignore[attr-defined]
    del cycle
    assert outlive.settled() == before + 1
    assert held is not None
