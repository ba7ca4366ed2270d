"""The sentence names what holds, what is held and where it was made; it says what is not certain."""

from __future__ import annotations

import pytest
from small_heap import heap

from outlive.explain.explain import explain_asked

MADE = "each Row that app.handle (app.py:88) makes"
CASES = [
    (
        "app.d: dict old\napp.d['u1']: app.Row new",
        f"`app.d` (a dict in module app) keeps {MADE}; nothing removes them.",
    ),
    ("app.l: list old\napp.l[0]: app.Row new", f"`app.l` (a list in module app) keeps {MADE}; nothing removes them."),
    ("app.last: app.Row new", f"`app.last` still refers to {MADE}."),
    (
        'app.f: function old what="function app.f (app.py:3)"\napp.f<closure variable rows>: app.Row new',
        f"`app.f` (app.py:3) is kept, and its closure variable rows keeps {MADE}.",
    ),
    (
        'app.f: function old what="function app.f (app.py:3)"\napp.f<default of parameter x>: app.Row new',
        f"The default of parameter x of `app.f` (app.py:3) keeps {MADE}.",
    ),
    (
        "app.get: functools._lru_cache_wrapper old\napp.get<cached result>: app.Row new",
        f"The cache of `app.get` (functools.lru_cache) keeps {MADE} as a result.",
    ),
    (
        "app.get: functools._lru_cache_wrapper old\napp.get<cache key>: app.Row new",
        f"The cache of `app.get` (functools.lru_cache) keeps {MADE} as a key.",
    ),
    (
        'app.g: generator old what="generator app.g (app.py:3)"\napp.g<local variable row>: app.Row new',
        (
            f"The suspended generator `app.g` (app.py:3) keeps {MADE} in its local variable row until it goes on or is"
            " closed."
        ),
    ),
    (
        "app.jobs: list old\napp.jobs[0]: app.Job new\napp.jobs[0].row: app.Row new",
        (
            "`app.jobs` (a list in module app) keeps each Job, and with it the Row that app.handle (app.py:88) makes;"
            " nothing removes them."
        ),
    ),
]


@pytest.mark.parametrize(("lines", "text"), CASES)
def test_sentence_fits_the_holder(lines: str, text: str) -> None:
    small = heap(f"app: module old\n{lines}")
    (found,) = explain_asked(small, small.nodes("app.Row"), small.context())
    assert found.sentence == text


def test_running_frame_is_named_with_its_variable() -> None:
    small = heap('f: frame root=frame what="frame app.run (app.py:30)"\nf<local variable row>: app.Row new')
    (found,) = explain_asked(small, small.nodes("app.Row"), small.context())
    assert found.sentence == f"`f` is still running, and its local variable row keeps {MADE}."


def test_native_references_are_counted_in_the_sentence() -> None:
    small = heap("x: app.Row new free extra=2")
    (found,) = explain_asked(small, [1], small.context())
    assert found.sentence == f"2 references owned by native code keep {MADE}; no Python object holds it."
    assert found.native_references == 2


def test_garbage_is_called_garbage() -> None:
    small = heap("x: app.Row new free\nx.self: app.Other new")
    (found,) = explain_asked(small, [1], small.context())
    assert "has not collected yet" in found.sentence


def test_native_references_beside_a_python_holder_are_said() -> None:
    small = heap("app: module old\napp.l: list old\napp.l[0]: app.Row new extra=3")
    (found,) = explain_asked(small, small.nodes("app.Row"), small.context())
    assert "native code owns 3 more references to it" in found.sentence


def test_unnamed_reference_on_the_path_is_said() -> None:
    small = heap("app: module old\napp.c: ext.Box old\napp.c<unknown>: app.Row new")
    (found,) = explain_asked(small, small.nodes("app.Row"), small.context())
    assert "one reference on it has no name" in found.sentence


def test_thread_that_a_step_started_is_the_mistake_and_not_its_innermost_frame() -> None:
    small = heap(
        'x: threading.Thread new free\nf: frame root=frame thread=x entry=app.poll what="frame queue.get"\n'
        "f<local variable row>: app.Row new"
    )
    (found,) = explain_asked(small, small.nodes("app.Row"), small.context())
    started = "A thread that runs `app.poll` was started by a step and nothing has stopped it"
    assert found.sentence == f"{started}; it keeps {MADE}."
    assert found.held_by == "a thread in app.poll"
    assert found.owner.name == "app"


def test_thread_is_told_with_whom_it_works_for() -> None:
    small = heap(
        "x: threading.Thread new free\nf: frame root=frame thread=x entry=logging.Listener.work\n"
        "f<local variable self>: logging.Listener new\nf<local variable self>._thread: threading.Thread new"
    )
    (found,) = explain_asked(small, small.nodes("threading.Thread")[1:], small.context())
    assert "; it keeps the Listener that should have stopped it, and each Thread" in found.sentence


def test_main_threads_own_frame_is_no_thread_that_was_started() -> None:
    small = heap("f: frame root=frame\nf<local variable rows>: list\nf<local variable rows>[0]: app.Row new")
    (found,) = explain_asked(small, small.nodes("app.Row"), small.context())
    assert "was started by a step" not in found.sentence


def test_thread_that_was_there_before_the_steps_holds_by_its_frame() -> None:
    small = heap(
        'x: threading.Thread old free\nf: frame root=frame thread=x entry=app.poll what="frame queue.get"\n'
        "f<local variable row>: app.Row new"
    )
    (found,) = explain_asked(small, small.nodes("app.Row"), small.context())
    assert "was started by a step" not in found.sentence
    assert found.path[-1].faulty
