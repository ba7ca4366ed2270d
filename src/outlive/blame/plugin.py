"""What pytest sees: opens and closes lives around tests and wide fixtures, and reports what they left.

A test's life goes from its first fixture to the end of its last own one. When it left something its teardown fails, so
the blame is an error of the test's own, beside its outcome. What can only be told later (a plugin runs many tests in
one loop, and it still runs) becomes the same error afterwards, under the test's id; a worker of xdist sends it to the
controller, which reports it once.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import IsolatedAsyncioTestCase

import pytest

from outlive.blame import births, noticed, telling
from outlive.blame.asking import Asking
from outlive.blame.carrying import carried, living, put_back
from outlive.blame.judging import Judge, Judged
from outlive.blame.lives import Book, Life, Thing
from outlive.blame.loops import LoopWatch
from outlive.blame.wide_fixtures import WideFixtures
from outlive.lifetimes.clock import SCOPE

MARK = "outlives"
_LATE = "outlive_late"
_SHARED = "outlive_shared"
_HARNESS = ("pytest_asyncio", "anyio.", "_pytest", "xdist")
_SETUPS = ("_xunit_setup_", "_unittest_setUp")
_LIFE: pytest.StashKey[Life] = pytest.StashKey()


class Blame:
    """The plugin of one run of pytest."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._book = Book()
        self._wide = WideFixtures()
        self._asking = Asking(self._wide.in_hand)
        self._judge = Judge(self._book, self._asking)
        self._watch = LoopWatch(self._judge.loop_ends)
        self._late: list[dict[str, Any]] = []
        self._shared: list[str] = []
        self._tokens: dict[int, Any] = {}

    # --- the run --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Called once tests are known; before that nothing can be anybody's."""
        births.begin()
        noticed.listen(lambda: _own_folder(self._config))
        self._watch.begin()
        self._judge.census.look()

    def end(self) -> None:
        self._watch.end()
        noticed.stop()
        births.end()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        modules, files = set(), set()
        for item in session.items:
            if not isinstance(item, pytest.Function):
                continue
            modules.add(item.module.__name__)
            files.add(getattr(item.module, "__file__", None) or "")
            self.carry(item)
        self._asking.test_modules = frozenset(modules)
        self._asking.own_packages = _own_packages(self._config)
        self._judge.census.test_files = frozenset(files)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        if self._config.pluginmanager.has_plugin("dsession"):
            return (yield)  # the controller of xdist runs no tests
        self.begin()
        try:
            return (yield)
        finally:
            self._judge_waiting()
            self._deliver_late()
            self.end()

    def carry(self, item: pytest.Function) -> None:
        item.obj = carried(item.obj, lambda: self.life_of(item), is_test=True)
        _carry_hypothesis(item, lambda: self.life_of(item))

    # --- a test ---------------------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if not _has_life(item):
            return (yield)
        self._watch.notice_modules()
        with living(self.life_of(item)):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        if not _has_life(item):
            return (yield)
        with living(self.life_of(item)):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        if not _has_life(item):
            return (yield)
        with living(self.life_of(item)), _unittest_carried(self, item):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        if not _has_life(item):
            return (yield)
        life = self.life_of(item)
        try:
            result = yield
        except BaseException:
            text = self._end(life)
            if text:
                item.add_report_section("teardown", "left behind", text)
            raise
        text = self._end(life)
        if text and item.get_closest_marker("xfail") is not None:
            item.add_report_section("teardown", "left behind", text)
        elif text:
            pytest.fail(text, pytrace=False)
        return result

    def life_of(self, item: pytest.Item) -> Life:
        """The item's life; a new one when it is run again."""
        life = item.stash.get(_LIFE, None)
        if life is None or life.over:
            life = self._book.open(
                item.nodeid,
                "test",
                location=item.location,
                allow=_allowed(item),
                module=getattr(getattr(item, "module", None), "__name__", ""),
            )
            item.stash[_LIFE] = life
            # What came since the last life's end is nobody's.
            self._judge.census.look(quick=True)
        return life

    # --- a fixture ------------------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, object, object]:
        wide = fixturedef.scope != "function"
        if wide:
            life = self._book.open(_fixture_name(fixturedef), "fixture")
        elif _has_life(request.node):
            life = self.life_of(request.node)
        else:
            return (yield)
        function = fixturedef.func
        if wide:
            if _is_users(fixturedef):
                self._wide.begin(life.number, fixturedef)
            fixturedef.addfinalizer(lambda: self._fixture_over(life, judged=_is_users(fixturedef)))
        fixturedef.func = carried(function, lambda: life)
        if wide:
            self._judge.census.look()
        try:
            with living(life):
                return (yield)
        finally:
            fixturedef.func = function
            if wide:
                self._judge.census.look(self._book.alone(life))
                fixturedef.addfinalizer(lambda: self._fixture_ends(life))

    def _fixture_ends(self, life: Life) -> None:
        """The first of its finalizers: what the others make is still the fixture's."""
        self._tokens[life.number] = SCOPE.set(life.number)

    def _fixture_over(self, life: Life, judged: bool) -> None:
        """The last of its finalizers."""
        self._wide.end(life.number)
        token = self._tokens.pop(life.number, None)
        if token is not None:
            put_back(token)
        if not judged:
            self._book.close(life)
            return
        text = self._end(life)
        if text:
            pytest.fail(text, pytrace=False)

    # --- ends -----------------------------------------------------------------------------------------------------

    def _end(self, life: Life) -> str:
        """Judge a life that is over; "" where there is nothing to blame, or not yet."""
        judged: Judged | None = Judged()
        try:
            judged = self._judge.judge(life)
        except Exception as error:
            self._note_mistake(life.name, error)
        life.over = True
        return "" if judged is None else self._close(life, judged)

    def _note_mistake(self, name: str, error: Exception) -> None:
        """A mistake of ours is told; it fails no test and stops no run."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
        self._shared.append(f"{name}: could not be judged, by a mistake in Outlive; please report it: {told}")

    def _close(self, life: Life, judged: Judged) -> str:
        self._shared += [telling.shared(thing.maker or life, thing) for thing in (*judged.shared, *judged.harness)]
        for thing, number in judged.lent:
            self._book.lend(thing, life, number)
        for maker, things in _by_maker(judged.of_makers):
            self._tell_late(maker, telling.blame(maker, things, f"until {life.name} ended"))
        if judged.unsure:
            life.keep_only(judged.unsure)
        else:
            self._book.close(life)
        return telling.blame(life, judged.blamed) if judged.blamed else ""

    def _judge_waiting(self) -> None:
        """All tests are over: nobody turns their loops any more."""
        lives = [life for life in self._book if life.over or life.body_over]
        if not lives:
            return
        try:
            judged = self._judge.judge_late(lives)
        except Exception as error:
            self._note_mistake("what was left at the end of all tests", error)
            return
        for life in lives:
            text = self._close(life, judged[life.number])
            if text:
                self._tell_late(life, text)

    def _tell_late(self, life: Life, text: str) -> None:
        self._late.append({"nodeid": life.name, "location": list(life.location), "text": text})

    def _deliver_late(self) -> None:
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_LATE], output[_SHARED] = self._late, self._shared
            return
        for row in self._late:
            _report(self._config, row)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """The controller of xdist: what a worker knew at its end."""
        output = getattr(node, "workeroutput", {})
        self._shared += output.get(_SHARED, ())
        for row in output.get(_LATE, ()):
            _report(self._config, row)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._shared:
            terminalreporter.section("outlive: left, and blamed on nobody")
            for line in self._shared[:10]:
                terminalreporter.line(line)
            if len(self._shared) > 10:
                terminalreporter.line(f"and {len(self._shared) - 10} more")


def _report(config: pytest.Config, row: dict[str, Any]) -> None:
    """An error of the test's own, told after it was over."""
    report = pytest.TestReport(
        nodeid=row["nodeid"],
        location=tuple(row["location"]),
        keywords={},
        outcome="failed",
        longrepr=row["text"],
        when="teardown",
    )
    config.hook.pytest_runtest_logreport(report=report)


def _by_maker(things: Sequence[Thing]) -> Iterator[tuple[Life, list[Thing]]]:
    makers = {thing.maker.number: thing.maker for thing in things if thing.maker is not None}
    for number, maker in makers.items():
        yield maker, [thing for thing in things if thing.maker is not None and thing.maker.number == number]


def _has_life(item: Any) -> bool:
    """Every test but those that are checked in a process of their own."""
    return isinstance(item, pytest.Item) and item.get_closest_marker("outlive") is None


@contextmanager
def _unittest_carried(blame: Blame, item: Any) -> Iterator[None]:
    """An async test case takes its method from itself, and is made anew for each run."""
    case = getattr(item, "instance", None)
    if not isinstance(case, IsolatedAsyncioTestCase):
        yield
        return
    blame.carry(item)
    setattr(case, item.name, item.obj)
    try:
        yield
    finally:
        vars(case).pop(item.name, None)


def _carry_hypothesis(item: pytest.Function, begun: Any) -> None:
    """An async body inside `@given`: one function for all its parameters, so it asks whose turn it is."""
    inner = getattr(getattr(item.obj, "hypothesis", None), "inner_test", None)
    if inner is not None and inspect.iscoroutinefunction(inner):
        item.obj.hypothesis.inner_test = carried(inner, begun)


def _allowed(item: pytest.Item) -> frozenset[str]:
    words = {kind.word for kind in telling.KINDS.values()}
    asked: set[str] = set()
    for mark in item.iter_markers(MARK):
        asked |= set(mark.args) or words
    unknown = asked - words
    if unknown:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.{MARK} takes {', '.join(sorted(words))}")
    return frozenset(asked)


def _fixture_name(fixturedef: Any) -> str:
    if str(fixturedef.argname).startswith(_SETUPS):
        return f"'setup' ({fixturedef.scope} scope, {fixturedef.baseid})"
    return f"{fixturedef.argname!r} ({fixturedef.scope} scope, {fixturedef.baseid or _file_of(fixturedef)})"


def _file_of(fixturedef: Any) -> str:
    """Where a fixture of the root folder, or of a plugin, is written."""
    code = getattr(inspect.unwrap(fixturedef.func), "__code__", None)
    return "a plugin" if code is None else code.co_filename.rpartition("/")[2]


def _is_users(fixturedef: Any) -> bool:
    """Whether a fixture is anybody's to mend: not pytest's, not that of a plugin that runs loops.

    What pytest makes of a module's or class' own setup and teardown is theirs.
    """
    module = getattr(fixturedef.func, "__module__", "") or ""
    return str(fixturedef.argname).startswith(_SETUPS) or not f"{module}.".startswith(_HARNESS)


def _own_packages(config: pytest.Config) -> frozenset[str]:
    """Names of the packages whose source lies in the root folder, also where they are tested as installed."""
    folders = [folder for folder in (config.rootpath, config.rootpath / "src") if folder.is_dir()]
    return frozenset(one.name.removesuffix(".py") for folder in folders for one in folder.iterdir())


def _own_folder(config: pytest.Config) -> str:
    """Where `tmp_path` makes its folders, once it has made any: what lies below is kept on purpose."""
    base = getattr(getattr(config, "_tmp_path_factory", None), "_basetemp", None)
    return "" if base is None else f"{base}/"
