"""Which advice fits which path: for each pattern a true one, an innocent look-alike, and what is not known."""

# ruff: noqa: E501  (a path reads best as one line)

from __future__ import annotations

import pytest

from outlive.catalogue import Facts, match
from outlive.catalogue.entries import known_leaks, patterns
from outlive.catalogue.rules import rule_of
from outlive.model.explanation import Owner, OwnerKind

from .paths import held, without_faulty

SESSION = "! [*] -> app.Session"


def task_of(problem: str) -> Facts:
    """A task that a set keeps, and what was seen of it."""
    return held("app.TASKS -> set", "! <element> -> _asyncio.Task", kind="task", problem=problem)


TRUE = {
    "cache-without-bound": [
        held("app.PROFILE_CACHE -> dict", "! [*] -> app.Profile"),
        held("app.profile -> functools._lru_cache_wrapper # function app.profile", "! <cached result> -> app.Profile"),
    ],
    "lru-cache-on-method": [
        held("app.Report -> type # class app.Report", ".total -> functools._lru_cache_wrapper", "! <cache key> -> app.Report")
    ],
    "module-registry": [held("app.SESSIONS -> dict", SESSION), held("app.HUB -> app.Hub", ".open -> set", "! <element> -> app.Session")],
    "class-level-list": [held("app.Request -> type # class app.Request", ".events -> list", "! [*] -> app.Event")],
    "bound-method-listener": [
        held("app.BUS -> app.Bus", ".listeners -> list", "! [*] -> method", ".__self__ -> app.View"),
    ],
    "closure-in-signal": [
        held("app.ON_SAVED -> list", "! [*] -> function # function app.handle.<locals>.saved (app.py:9)", "<closure variable request> -> app.Request"),
    ],
    "callbacks-list": [held("app.DONE_CALLBACKS -> list", "! [*] -> functools.partial", ".args[0] -> app.Job")],
    "logger-per-request": [
        held("logging.root -> logging.RootLogger", ".manager -> logging.Manager", ".loggerDict -> dict", "! [*] -> logging.Logger")
    ],
    "logging-handler-added": [
        held("app.LOG -> logging.Logger", ".handlers -> list", "! [*] -> logging.NullHandler"),
    ],
    "warnings-registry": [held("app.__warningregistry__ -> dict", "! <key> -> tuple")],
    "linecache-generated-code": [held("linecache.cache -> dict", "! [*] -> tuple")],
    "exception-with-traceback": [
        held("app.ERRORS -> list", "! [*] -> ValueError", ".__traceback__ -> traceback", ".tb_frame -> frame", "<local variable payload> -> app.Payload")
    ],
    "mutable-default": [
        held("app.collect -> function # function app.collect (app.py:5)", "<default argument> -> list", "! [*] -> app.Row"),
        held("app.collect -> function # function app.collect (app.py:5)", "<default of parameter rows> -> list", "! [*] -> app.Row"),
    ],
    "weak-key-holds-key": [
        held("app.INFO -> weakref.WeakKeyDictionary", ".data -> dict", "! [*] -> app.Info", ".widget -> app.Widget")
    ],
    "atexit-registration": [held("! atexit callbacks -> method", ".__self__ -> app.Connection")],
    "at-fork-registration": [held("os.register_at_fork(after_in_child=) -> list", "! [*] -> method", ".__self__ -> app.Pool")],
    "thread-local": [held("app.LOCAL -> _thread._local", ".queries -> list", "! [*] -> app.Query")],
    "orm-identity-map": [
        held("app.SESSION -> sqlalchemy.orm.session.Session", "._new -> dict", "! [*] -> app.User"),
    ],
    "pyplot-figures": [
        held("matplotlib._pylab_helpers.Gcf -> type # class matplotlib._pylab_helpers.Gcf", ".figs -> collections.OrderedDict", "! [*] -> matplotlib.backend_bases.FigureManagerBase", ".canvas -> matplotlib.backends.backend_agg.FigureCanvasAgg", root="matplotlib._pylab_helpers")
    ],
    "mock-history": [
        held("app.SEND -> unittest.mock.Mock", "._mock_mock_calls -> unittest.mock._CallList", "! [*] -> unittest.mock._Call", "[*] -> tuple", "[*] -> app.Message")
    ],
    "dynamic-classes": [held("app.REGISTRY -> list", "! [*] -> type # class app.step.<locals>.Row")],
    "interned-strings": [held("! interned strings -> str")],
    "descriptor-cache": [
        held("app.Order -> type # class app.Order", ".amount -> app.Positive", ".values -> dict", "! <key> -> app.Order")
    ],
    "contextvar-token": [held("app.TOKENS -> list", "! [*] -> _contextvars.Token", "<old value> -> app.User")],
    "contextvar-per-call": [held("context variables of thread 'MainThread' -> _contextvars.Context", "! <key> -> _contextvars.ContextVar")],
    "coroutine-never-awaited": [held("app.PENDING -> list", "! [*] -> coroutine", "<local variable payload> -> app.Payload")],
    "task-set": [held("app.TASKS -> set", "! <element> -> _asyncio.Task", ".result -> app.Job")],
    "swallowed-cancellation": [task_of("swallowed-cancellation")],
    "made-after-close": [task_of("made-after-close")],
    "fire-and-forget": [task_of("task-lost"), task_of("task-goes-on")],
    "loop-closed-with-tasks": [task_of("pending-at-end")],
    "enter-raised": [held("app.OPEN -> set", "! <element> -> app.Connection", problem="enter-raised")],
    "executor-not-shut-down": [
        held("app.DONE -> list", "! [*] -> app.Resizer", ".pool -> concurrent.futures.thread.ThreadPoolExecutor"),
        Facts("python-object", "concurrent.futures.thread.ThreadPoolExecutor", problem="executor-not-shut-down"),
    ],
    "task-never-finished": [held("app.TASKS -> list", "! [*] -> _asyncio.Task", kind="task")],
    "timer-heap": [
        held("thread 'MainThread' in app.main -> frame", "<local variable loop> -> asyncio.unix_events._UnixSelectorEventLoop", "._scheduled -> list", "! [*] -> asyncio.events.TimerHandle", "._callback -> method", ".__self__ -> app.Request")
    ],
    "queue-never-drained": [
        held("app.JOBS -> queue.Queue", ".queue -> collections.deque", "! [*] -> app.Job"),
        held("app.JOBS -> _queue.SimpleQueue", "<queue> -> list", "! [*] -> app.Job"),
    ],
    "lost-reference": [Facts("native", "app.Message", native_references=1), Facts("native", "", counters=frozenset(["references", "blocks"]))],
    "over-released": [Facts("native", "list", counters=frozenset(["over-released"]))],
    "native-memory-lost": [Facts("native", "", counters=frozenset(["native"]))],
    "hidden-references": [Facts("python-object", "app.Doc", native_references=1, hidden_cycle=True)],
    "thread-never-stopped": [Facts("thread", "Thread", counters=frozenset(["threads"]))],
    "zombie-child": [Facts("process", "", counters=frozenset(["children"]))],
    "descriptor-not-closed": [Facts("fd", "socket", counters=frozenset(["fds"]))],
    "temp-file-not-removed": [Facts("temp-file", "", counters=frozenset(["temp-files"]))],
    "unclosed-async-generator": [
        held("app.BROKER -> app.Broker", ".queues -> list", "! [*] -> asyncio.queues.Queue", "._getters -> collections.deque", "[*] -> _asyncio.Future", "<callback> -> _asyncio.Task", ".coro -> async_generator_asend", "<generator> -> async_generator")
    ],
    "exit-stack": [held("app.STACK -> contextlib.ExitStack", "._exit_callbacks -> collections.deque", "! [*] -> tuple", "[*] -> method", ".__self__ -> app.Connection")],
    "signal-handler": [held("signal handler 12 -> function # function app.guard.<locals>.handler (app.py:12)", "! <closure variable job> -> app.Job")],
    "gc-callbacks": [held("gc.callbacks -> list", "! [*] -> method", ".__self__ -> app.Meter")],
    "finalize-holds-object": [
        held("weakref.finalize -> type # class weakref.finalize", "._registry -> dict", "! [*] -> weakref.finalize._Info", ".func -> method", ".__self__ -> app.Connection", root="weakref")
    ],
    "import-path-growth": [held("sys.path -> list", "! [*] -> str"), held("app.sys -> module # module sys", ".path -> list", "! [*] -> str")],
}  # fmt: skip

INNOCENT = {
    # The outliver is held by what the cached object gives out, not by the cache.
    "cache-without-bound": [
        held("app.CACHE -> dict", "[*] -> app.Hub", ".open -> list", SESSION),
        held("app.SESSIONS -> dict", SESSION),
    ],
    # Cached on a module's function: there is no self.
    "lru-cache-on-method": [
        held("app.total -> functools._lru_cache_wrapper # function app.total", "! <cached result> -> app.Report"),
    ],
    # An attribute holds it, no collection; and a frame's list ends with its function.
    "module-registry": [
        held("app.HUB -> app.Hub", "! .last -> app.Session"),
        held("thread 'MainThread' in app.main -> frame", "<local variable rows> -> list", SESSION),
    ],
    # The list is the instance's.
    "class-level-list": [held("app.R -> app.Request # object", ".events -> list", "! [*] -> app.Event")],
    # The method is rightly there; what its object collects is the mistake.
    "bound-method-listener": [
        held("app.BUS -> app.Bus", ".listeners -> list", "[*] -> method", ".__self__ -> app.View", ".rows -> list", "! [*] -> app.Row")
    ],
    # A closure on the way, before the reference that should not be there.
    "closure-in-signal": [
        held("app.HOOKS -> list", "[*] -> function # function app.f", "<closure variable rows> -> list", "! [*] -> app.Row"),
    ],
    # A list called like that, of something that nobody calls.
    "callbacks-list": [held("app.CALLBACKS -> list", "! [*] -> app.Session"), held("app.ROWS -> list", "! [*] -> function")],
    # A logger on the way to what a handler of it keeps.
    "logger-per-request": [
        held("logging.root -> logging.RootLogger", ".manager -> logging.Manager", ".loggerDict -> dict", "[*] -> logging.Logger", ".buffer -> list", "! [*] -> logging.LogRecord")
    ],
    "logging-handler-added": [
        held("app.LOG -> logging.Logger", ".handlers -> list", "[*] -> logging.handlers.MemoryHandler", ".buffer -> list", "! [*] -> logging.LogRecord")
    ],
    "warnings-registry": [held("app.REGISTRY -> dict", "! <key> -> tuple")],
    "linecache-generated-code": [
        held("app.cache -> dict", "! [*] -> tuple"),
        held("linecache.cache -> dict", "[*] -> app.Lines", ".rows -> list", "! [*] -> app.Row"),
    ],
    # A dict in a frame of an exception that is rightly kept: the mistake lies further on.
    "exception-with-traceback": [
        held("app.LAST -> ValueError", ".__traceback__ -> traceback", ".tb_frame -> frame", "<local variable rows> -> list", "! [*] -> app.Row"),
        held("app.ERRORS -> list", "! [*] -> ValueError", ".args[0] -> app.Payload"),
    ],
    # A default that is not filled by calls.
    "mutable-default": [held("app.collect -> function", "! <default argument> -> app.Row")],
    # The value itself grows: its key is held elsewhere.
    "weak-key-holds-key": [
        held("app.INFO -> weakref.WeakKeyDictionary", ".data -> dict", "! [*] -> app.Info"),
        held("app.INFO -> weakref.WeakValueDictionary", ".data -> dict", "! [*] -> app.Info", ".widget -> app.Widget"),
    ],
    "atexit-registration": [
        held("app.atexit_callbacks -> list", "! [*] -> method"),
        held("atexit callbacks -> method", ".__self__ -> app.Server", ".sessions -> dict", SESSION),
    ],
    "at-fork-registration": [
        held("os.environ -> os._Environ", "! ._data -> dict"),
        held("os.register_at_fork(before=) -> list", "[*] -> method", ".__self__ -> app.Server", ".sessions -> list", SESSION),
    ],
    "thread-local": [
        held("app.LOCAL -> _thread._local", ".hub -> app.Hub", ".inner -> app.Inner", ".rows -> list", "! [*] -> app.Row")
    ],
    # A session of somebody else's making.
    "orm-identity-map": [held("app.S -> app.Session", "._new -> dict", "! [*] -> app.User")],
    "pyplot-figures": [held("app.FIGURES -> list", "! [*] -> matplotlib.figure.Figure")],
    "mock-history": [held("app.CALLS -> list", "! [*] -> app.Call")],
    "dynamic-classes": [held("app.ROWS -> list", "! [*] -> app.Row")],
    "interned-strings": [held("! interned strings -> str", python="3.12.7"), held("! interned strings -> str", python="3.11.7")],
    # Values and not keys, and an object that stands in no class body.
    "descriptor-cache": [
        held("app.Order -> type # class app.Order", ".amount -> app.Positive", ".values -> dict", "! [*] -> app.Amount"),
        held("app.P -> app.Positive", ".values -> dict", "! <key> -> app.Order"),
    ],
    "contextvar-token": [held("app.TOKENS -> list", "! [*] -> app.Token")],
    "contextvar-per-call": [held("context variables -> _contextvars.Context", "! <context variable user> -> app.User")],
    # Its task holds it: it runs.
    "coroutine-never-awaited": [held("app.TASKS -> set", "! <element> -> _asyncio.Task", ".coro -> coroutine")],
    # A waiter in an asyncio queue; and a task that has not finished.
    "task-set": [
        held("app.TASKS -> list", "! [*] -> _asyncio.Task", ".coro -> coroutine", "<local variable job> -> app.Job"),
        held("app.Q -> asyncio.queues.Queue", "._getters -> collections.deque", "! [*] -> _asyncio.Future"),
    ],
    # The same path, and nothing of the kind was seen; or something else was.
    "swallowed-cancellation": [task_of(""), task_of("stuck")],
    "made-after-close": [task_of(""), task_of("task-goes-on")],
    "fire-and-forget": [task_of(""), task_of("made-after-close")],
    "loop-closed-with-tasks": [task_of(""), task_of("stuck")],
    "enter-raised": [held("app.OPEN -> set", "! <element> -> app.Connection", problem="outlived")],
    "executor-not-shut-down": [
        held("app.POOL -> concurrent.futures.thread.ThreadPoolExecutor", "._threads -> set", "! <element> -> threading.Thread")
    ],
    "task-never-finished": [held("app.TASKS -> set", "! <element> -> _asyncio.Task")],
    # The path comes through the heap, and goes wrong behind it.
    "timer-heap": [
        held("app.LOOP -> asyncio.unix_events._UnixSelectorEventLoop", "._scheduled -> list", "[*] -> asyncio.events.TimerHandle", "._callback -> method", ".__self__ -> app.Server", ".sessions -> dict", SESSION)
    ],
    "queue-never-drained": [held("app.JOBS -> app.Queue", ".queue -> collections.deque", "! [*] -> app.Job")],
    # It has a holder beside.
    "lost-reference": [held("app.SESSIONS -> dict", SESSION, native_references=1), Facts("native", "", counters=frozenset(["blocks"]))],
    "over-released": [Facts("native", "list", native_references=1, counters=frozenset(["references"]))],
    "native-memory-lost": [Facts("native", "app.Message", native_references=1), Facts("fd", "")],
    "hidden-references": [Facts("python-object", "app.Doc", native_references=1)],
    "thread-never-stopped": [held("app.THREADS -> list", "! [*] -> threading.Thread")],
    "zombie-child": [held("app.JOBS -> list", "! [*] -> subprocess.Popen")],
    "descriptor-not-closed": [held("app.FILES -> list", "! [*] -> _io.TextIOWrapper")],
    "temp-file-not-removed": [held("app.FILES -> list", "! [*] -> str")],
    "unclosed-async-generator": [held("app.GENERATORS -> list", "! [*] -> generator")],
    "exit-stack": [held("app.STACK -> contextlib.ExitStack", "._exit_callbacks -> collections.deque", "[*] -> tuple", "[*] -> method", ".__self__ -> app.Hub", ".rows -> list", "! [*] -> app.Row")],
    "signal-handler": [
        held("signal.HANDLERS -> dict", "! [*] -> function"),
        held("signal handler 15 -> method", ".__self__ -> app.Server", ".sessions -> dict", SESSION),
    ],
    "gc-callbacks": [
        held("app.callbacks -> list", "! [*] -> method"),
        held("gc.callbacks -> list", "[*] -> method", ".__self__ -> app.Meter", ".rows -> list", "! [*] -> app.Row"),
    ],
    "finalize-holds-object": [held("app.finalize -> dict", "! [*] -> app.Connection")],
    "import-path-growth": [held("app.path -> list", "! [*] -> str")],
}  # fmt: skip

# Patterns that speak of a resource's kind or of native code need no path.
PATHLESS = [
    "atexit-registration", "at-fork-registration", "signal-handler", "gc-callbacks", "warnings-registry",
    "interned-strings", "contextvar-per-call", "timer-heap", "lost-reference", "native-memory-lost", "hidden-references", "over-released",
    "swallowed-cancellation", "made-after-close", "fire-and-forget", "loop-closed-with-tasks", "enter-raised",
    "thread-never-stopped", "zombie-child", "descriptor-not-closed", "temp-file-not-removed", "task-never-finished",
]  # fmt: skip


def ids(facts: Facts) -> list[str]:
    return [advice.id for advice in match(facts)]


def cases(table: dict[str, list[Facts]]) -> list[object]:
    return [
        pytest.param(name, facts, id=f"{name}-{number}")
        for name, every in table.items()
        for number, facts in enumerate(every, 1)
    ]


def test_every_pattern_has_a_true_path_and_a_look_alike() -> None:
    names = {pattern.id for pattern in patterns()}
    assert set(TRUE) == names
    assert set(INNOCENT) == names


@pytest.mark.parametrize(("name", "facts"), cases(TRUE))
def test_true_path_gets_its_advice(name: str, facts: Facts) -> None:
    assert name in ids(facts)


@pytest.mark.parametrize(("name", "facts"), cases(INNOCENT))
def test_look_alike_does_not(name: str, facts: Facts) -> None:
    assert name not in ids(facts)


@pytest.mark.parametrize("name", [name for name in TRUE if name not in PATHLESS])
def test_nothing_is_advised_while_no_reference_is_known_to_be_faulty(name: str) -> None:
    assert ids(without_faulty(TRUE[name][0])) == []


def test_what_nothing_is_known_of_gets_no_advice() -> None:
    assert match(Facts("python-object", "app.Session")) == ()


def test_what_a_family_accounts_for_gets_no_advice() -> None:
    assert match(held("app.SESSIONS -> dict", SESSION, family="debugger")) == ()


def test_family_with_a_remedy_of_its_own_gets_it() -> None:
    assert ids(held("linecache.cache -> dict", "! [*] -> tuple", family="linecache")) == ["linecache-generated-code"]


def test_broad_pattern_is_left_out_beside_a_narrower_one() -> None:
    assert ids(held("app.SESSION_CACHE -> dict", SESSION)) == ["cache-without-bound"]


def test_broad_pattern_wants_the_one_faulty_reference_to_be_certain() -> None:
    assert ids(held("app.HUBS -> dict", "! [*] -> app.Hub", "! .last -> app.Session")) == []


def test_at_most_three_are_told_known_leaks_first() -> None:
    facts = held(
        "flake8.style_guide.StyleGuideManager -> type # class flake8.style_guide.StyleGuideManager",
        ".style_guide_for -> functools._lru_cache_wrapper",
        "! <cache key> -> flake8.style_guide.StyleGuideManager",
        root="flake8.style_guide",
        versions={"flake8": "4.0.1"},
    )
    assert ids(facts) == ["flake8-style-guide-cache", "lru-cache-on-method"]


def test_interpreters_own_collection_is_nobodys_registry() -> None:
    facts = held("codecs.CACHE_OF_IT -> dict", "! [*] -> app.Codec", owner=Owner(OwnerKind.INTERPRETER))
    assert "module-registry" not in ids(facts)


def test_types_may_be_written_with_or_without_builtins() -> None:
    assert ids(held("app.SESSIONS -> builtins.dict", SESSION)) == ids(held("app.SESSIONS -> dict", SESSION))


def test_module_may_be_a_hop_of_its_own() -> None:
    assert ids(held("app -> module", ".SESSIONS -> dict", SESSION, root="app")) == ["module-registry"]


@pytest.mark.parametrize("table", [{}, {"no such": 1}, {"faulty": {}}, {"holder": {"colour": "red"}}])
def test_rule_that_says_nothing_or_what_nobody_knows_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"condition|reference"):
        rule_of(table)


def test_ids_are_unique() -> None:
    names = [one.id for one in (*patterns(), *known_leaks())]
    assert len(names) == len(set(names))
