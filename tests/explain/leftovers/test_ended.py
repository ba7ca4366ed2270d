"""Ended and alive: the four answers are never mixed, and what keeps the object in earnest is named with its way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from seen_programs import Seen, about, accused, no_word_of, run

from outlive.model.explanation import OwnerKind, Site
from outlive.model.leftovers import Answer, Category, Leftover
from outlive.model.look import Ended, Event

pytestmark = pytest.mark.slow
PROGRAM = """
import asyncio, functools, gc, sys, threading
from noting import ends, look
gc.disable()

class Thing:
    def close(self): ends(self, "session closed")
    def on_event(self, *_): pass
    async def go_on(self):
        while True: await asyncio.sleep(1000)

NAMES = '''InList InGlobal InCycle AsListener AfterClose TaskGoesOn InTimer InReady InFrame InAttribute InMainLocal
LastExc ToldHarness InThread InDict InSettings InClosure AsPartial InDoneTask Reused InOld'''.split()
for name in NAMES:
    globals()[name] = type(name, (Thing,), {"__module__": __name__})

class App: pass
app, old = App(), App()
kept, listeners, sessions, HARNESS, callbacks, done = [], [], {}, [], [], []
settings = {"debug": True, "session": None, "port": 80}
stop = threading.Event()

def made():
    global alone
    for _ in range(3):
        thing = InList(); kept.append(thing); thing.close()
    alone = InGlobal(); alone.close()
    app.session = InAttribute(); app.session.close()
    thing = InCycle(); thing.me = thing; thing.close()
    thing = AsListener(); listeners.append(thing.on_event); thing.close()
    thing = AsPartial(); callbacks.append(functools.partial(Thing.on_event, thing)); thing.close()
    thing = InClosure(); app.on_close = lambda of=None, thing=thing: thing; thing.close()
    sessions["u1"] = InDict(); sessions["u1"].close()
    settings["session"] = InSettings(); settings["session"].close()
    thing = ToldHarness(); HARNESS.append(thing); thing.close()
    thing = InThread(); threading.Thread(target=work, args=(thing,), daemon=True, name="worker").start(); thing.close()
    raised()
    thing = Reused(); kept.append(thing); ends(thing, "session closed", made_tick=999_999)
    thing = InOld(); kept.append(thing); ends(thing, "session closed", ("tasks",))

def raised():
    thing = LastExc(); thing.close()
    try:
        raise ValueError
    except ValueError as error:
        sys.last_value = error

def work(thing): stop.wait()

async def give(thing): return thing

async def main():
    mine = InMainLocal(); mine.close()
    loop = asyncio.get_running_loop()
    thing = AfterClose(); thing.close(); loop.create_task(thing.go_on())
    thing = TaskGoesOn(); loop.create_task(thing.go_on()); thing.close()
    thing = InTimer(); loop.call_later(1000, thing.on_event, 1); thing.close()
    thing = InDoneTask(); task = loop.create_task(give(thing)); await task; done.append(task); thing.close()
    del thing, task
    await asyncio.sleep(0.001)
    loop.call_soon(at_look)
    thing = InReady(); loop.call_soon(thing.on_event); thing.close()
    del thing
    await asyncio.sleep(0.001)

def at_look():
    thing = InFrame(); thing.close()
    look("now", harness=[id(HARNESS)])

made()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return run(PROGRAM, tmp_path_factory.mktemp("ended"))["now"]


@pytest.fixture(scope="module")
def found(seen: Seen) -> tuple[Leftover, ...]:
    return seen.leftovers()


@pytest.mark.parametrize(
    ("name", "problem", "words"),
    [
        ("InList", "outlived", "held by `__main__.kept`"),
        ("InDict", "outlived", "held by `__main__.sessions`"),
        ("AsListener", "listener-not-removed", "held by `__main__.listeners` through the listener"),
        ("AsPartial", "listener-not-removed", "held by `__main__.callbacks`"),
        ("InClosure", "outlived", "held by "),
        ("InDoneTask", "outlived", "held by `__main__.done`"),
        ("AfterClose", "made-after-close", "by the loop's timers through the task `Thing.go_on`, made at app.py:"),
        ("TaskGoesOn", "task-goes-on", "by the loop's timers through the task `Thing.go_on`"),
        ("InTimer", "timer-not-cancelled", "by the loop's timers through the timer"),
        ("InThread", "thread-goes-on", "through the thread `worker`"),
    ],
)
def test_what_is_held_from_a_root_is_accused(found: tuple[Leftover, ...], name: str, problem: str, words: str) -> None:
    one = about(found, f"{name} closed")
    assert one.answer is Answer.HELD
    assert not one.harmless
    assert one.problem == problem
    assert words in one.sentence


@pytest.mark.parametrize("name", ["InGlobal", "InAttribute", "InMainLocal", "InSettings"])
def test_what_one_variable_keeps_is_told_and_harmless(found: tuple[Leftover, ...], name: str) -> None:
    one = about(found, f"{name} closed")
    assert (one.answer, one.harmless) == (Answer.HELD, True)
    assert any("one variable keeps it" in line for line in one.evidence)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("InCycle", Answer.CYCLE, "waiting for the garbage collector"),
        ("InReady", Answer.IN_FLIGHT, "next turn of the loop"),
        ("InFrame", Answer.IN_FLIGHT, "held only by what runs just now"),
        ("LastExc", Answer.HARNESS, "the last uncaught exception"),
        ("ToldHarness", Answer.HARNESS, "what looks at the program"),
    ],
)
def test_the_other_three_answers_are_harmless(
    found: tuple[Leftover, ...], name: str, answer: Answer, words: str
) -> None:
    one = about(found, f"{name} closed")
    assert (one.answer, one.harmless) == (answer, True)
    assert words in one.sentence


def test_nothing_else_is_accused(found: tuple[Leftover, ...]) -> None:
    assert len(accused(found)) == 10


def test_object_at_the_same_address_but_of_another_tick_is_another_one(found: tuple[Leftover, ...]) -> None:
    assert no_word_of(found, "Reused")


def test_contract_that_does_not_ask_for_garbage_accuses_no_object(found: tuple[Leftover, ...]) -> None:
    assert no_word_of(found, "InOld")


def test_three_in_one_list_are_one_mistake(found: tuple[Leftover, ...]) -> None:
    one = about(found, "InList closed")
    assert one.count == 3
    assert one.sentence.startswith("3 InList closed at app.py:")


def test_faulty_reference_is_marked_and_the_loop_is_expected(found: tuple[Leftover, ...]) -> None:
    why = about(found, "AfterClose closed").explanation
    assert why is not None
    states = {hop.label: hop.state.value for hop in why.path}
    assert states["._scheduled"] == "expected"
    assert next(hop.state.value for hop in why.path if hop.type == "asyncio.events.TimerHandle") == "expected"
    assert [hop.type for hop in why.path if hop.faulty] == ["_asyncio.Task"]
    assert why.path[-1].type == "__main__.AfterClose"


def test_states_along_the_path_are_told_in_words_of_ends(found: tuple[Leftover, ...]) -> None:
    """The explaining room speaks of steps, of which there are none here."""
    paths = [hop for one in found if one.explanation for hop in one.explanation.path]
    assert not [hop.reason for hop in paths if "step" in hop.reason]
    why = about(found, "AfterClose closed").explanation
    assert why is not None
    reasons = {hop.type: hop.reason for hop in why.path}
    assert "session closed, and still alive" in reasons["__main__.AfterClose"]
    assert "made after its owner was closed" in reasons["_asyncio.Task"]
    assert reasons["list"] == "lives longer than it"


def test_task_made_before_the_end_is_not_called_made_after_it(found: tuple[Leftover, ...]) -> None:
    assert any("before the end" in line for line in about(found, "TaskGoesOn closed").evidence)


def test_without_ticks_it_is_not_known_whether_the_task_was_made_after_the_end(seen: Seen) -> None:
    ended = tuple(replace(row, tick=0) for row in seen.look.ended)
    one = about(seen.leftovers(ended=ended), "AfterClose closed")
    assert one.problem == "task-goes-on"
    assert any("is not known" in line for line in one.evidence)


def test_what_ended_only_just_before_a_look_at_a_running_program_is_too_early_to_tell(seen: Seen) -> None:
    ended = tuple(replace(row, at=seen.look.at - 0.01) for row in seen.look.ended)
    found = seen.leftovers(ended=ended)
    one = about(found, "InDict closed")
    assert (one.answer, one.harmless) == (Answer.HELD, True)
    assert any("too early to tell" in line for line in one.evidence)
    assert [row.problem for row in accused(found)] == ["made-after-close"]  # which is certain at once


def test_what_ended_just_before_the_program_is_judged(seen: Seen) -> None:
    ended = tuple(replace(row, at=seen.look.at - 0.01) for row in seen.look.ended)
    assert accused([about(seen.leftovers(ended=ended, reason="exit"), "InDict closed")])


def test_one_fresh_among_older_ones_is_accused_with_them(seen: Seen) -> None:
    last = [row for row in seen.look.ended if row.type.endswith("InList")][-1]
    ended = tuple(replace(row, at=seen.look.at) if row is last else row for row in seen.look.ended)
    one = about(seen.leftovers(ended=ended), "InList closed")
    assert one.count == 3
    assert accused([one])


def test_what_was_made_while_it_was_being_closed_is_made_too_late(seen: Seen) -> None:
    """Nobody will end it: its owner had begun to close."""
    found = about(seen.leftovers(ended=_closing(seen, "TaskGoesOn", begun=-2)), "TaskGoesOn closed")
    assert found.problem == "made-after-close"
    assert "after the close had begun" in found.sentence


def test_what_was_made_in_the_turn_before_the_closing_call_is_not_made_too_late(seen: Seen) -> None:
    found = about(seen.leftovers(ended=_closing(seen, "TaskGoesOn", begun=0)), "TaskGoesOn closed")
    assert found.problem == "task-goes-on"


def test_ticks_of_steps_do_not_tell_what_was_made_while_it_was_being_closed(seen: Seen) -> None:
    rows = _closing(seen, "TaskGoesOn", begun=-2)
    assert about(seen.leftovers(ended=rows, reason="steps"), "TaskGoesOn closed").problem == "task-goes-on"


def _closing(seen: Seen, name: str, begun: int) -> tuple[Ended, ...]:
    """The ends of this look, as if the ending calls of the type had begun so many ticks from their end."""
    return tuple(
        replace(row, closing_tick=row.tick + begun) if row.type.endswith(f".{name}") else row for row in seen.look.ended
    )


def test_swallowed_cancellation_that_let_it_be_made_is_told_in_the_same_sentence(seen: Seen) -> None:
    site = about(seen.leftovers(), "AfterClose closed").made_at
    assert site is not None
    what = "poll (AfterClose.on_connected)"
    event = Event("swallowed-cancellation", 1.0, what, type="_asyncio.Task", site=site)
    found = seen.leftovers(events=(event,))
    one = about(found, "AfterClose closed")
    assert f"after the close, by the task `{what}`, which swallowed its cancellation" in one.sentence
    assert one.remedy.startswith("Let asyncio.CancelledError through")
    assert not [row for row in found if row.problem == "swallowed-cancellation"]


def test_swallowed_cancellation_in_another_function_is_no_cause(seen: Seen) -> None:
    event = Event("swallowed-cancellation", 1.0, "poll (AfterClose.other)", site=Site("app.py", 1, "AfterClose.other"))
    found = seen.leftovers(events=(event,))
    assert "swallowed" not in about(found, "AfterClose closed").sentence
    assert [row for row in found if row.problem == "swallowed-cancellation"]


def test_cycle_says_where_it_closes(found: tuple[Leftover, ...]) -> None:
    one = about(found, "InCycle closed")
    assert "the cycle closes at `InCycle.me`, which is the InCycle again" in one.evidence


def test_what_to_do_is_no_proof_and_harmless_things_have_none(found: tuple[Leftover, ...]) -> None:
    assert about(found, "AfterClose closed").remedy.startswith("Set a closed flag")
    assert about(found, "InCycle closed").remedy == ""


def test_what_had_ended_before_matters_while_the_program_runs_whenever_it_is_looked_at(seen: Seen) -> None:
    found = seen.leftovers(category=Category.SHUTDOWN)
    assert {row.category for row in found if row.lifetime == "session closed"} == {Category.RUNTIME}


@pytest.mark.parametrize(("fate", "answer"), [("collect", Answer.CYCLE), ("turn", Answer.IN_FLIGHT)])
def test_what_was_seen_to_go_is_no_leak_whatever_the_heap_looks_like(seen: Seen, fate: str, answer: Answer) -> None:
    ended = tuple(replace(row, fate=fate) for row in seen.look.ended if row.type.endswith("InDict"))
    one = about(seen.leftovers(ended=ended), "InDict closed")
    assert (one.answer, one.harmless) == (answer, True)


def test_sites_and_owners_are_yours(found: tuple[Leftover, ...]) -> None:
    one = about(found, "AfterClose closed")
    assert one.made_at is not None
    assert one.made_at.file.endswith("app.py")
    assert one.made_by.kind is OwnerKind.YOURS


def test_fingerprints_differ_by_mistake(found: tuple[Leftover, ...]) -> None:
    prints = [one.fingerprint for one in found]
    assert all(prints)
    assert len(set(prints)) == len(prints)


def test_the_serious_come_first(found: tuple[Leftover, ...]) -> None:
    assert found[0].problem == "made-after-close"
    harmless = [one.harmless for one in found]
    assert harmless == sorted(harmless)
