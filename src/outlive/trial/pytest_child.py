"""The watched pytest: sets one test up, then runs its body as a step whenever the parent says so, then tears it down.

The body is run through `pytest_pyfunc_call` each time, so that pytest-asyncio, anyio and their like run it as they
always do, in the loop that their fixtures made. What pytest gathers per test (log records, captured output, recorded
warnings, what `monkeypatch` will undo) is put back after every step: it is pytest's to keep, not the test's to leak.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest

from outlive.trial import board, line, lives, stamping, trouble
from outlive.trial.pytest_launch import TEST_VARIABLE
from outlive.trial.scenario import modules_beside
from outlive.trial.service import CountingFailed, converse


def main() -> NoReturn:
    """Run the one test that the environment names, and exit as pytest does."""
    wire = line.from_environment()
    line.prepare_process(wire)
    wire.board.enter(board.LOADING)
    test = json.loads(os.environ.pop(TEST_VARIABLE))
    stamping.begin()
    lives.begin()
    sys.path[:] = test["path"]
    # No capturing, which would gather all steps' output in a file; no cache in the user's folder; and no complaint
    # that outlive was imported before pytest, which under `filterwarnings = error` would be the end.
    own = ["-s", "-q", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    if test["caches"]:
        own += ["-o", f"cache_dir={os.path.dirname(os.environ['TMPDIR'])}/cache"]
    for name in [name for name in os.environ if name.startswith("PYTEST_") and not os.environ[name]]:
        del os.environ[name]
    status = pytest.main([*test["args"], *own], plugins=[OneTest(wire, test["nodeid"], test["options"])])
    wire.leave_if_copy()
    line.flush_output()
    wire.end(how="not-loaded", what=f"pytest ended with status {int(status)} before the test", traceback="")
    wire.board.enter(board.LEAVING)
    sys.exit(0)


class OneTest:
    """The plugin that keeps one test, and tells the parent how it fared."""

    def __init__(self, wire: line.Line, nodeid: str, options: dict[str, Any]) -> None:
        self._line = wire
        self._nodeid = nodeid
        self._options = options
        self._body = _Body(wire)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        known = vars(config.option)
        known.update({name: value for name, value in self._options.items() if name in known})
        known["outlive"] = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid == self._nodeid][:1]
        if not items:
            self._end("not-loaded", f"pytest does not find {self._nodeid}", "")
        # Registered last of all, so that it is asked before those who would run the body.
        config.pluginmanager.register(self._body)

    def pytest_runtest_setup(self) -> None:
        self._line.board.enter(board.SETUP)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._end("not-loaded", _last_line(report.longreprtext), report.longreprtext)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Failures of the body are told by the body itself; those of the fixtures only appear here."""
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            self._end("skipped", str(reason).removeprefix("Skipped: "), "")
        elif report.failed and report.when != "call":
            self._end("raised", _last_line(report.longreprtext), report.longreprtext)

    def pytest_sessionfinish(self) -> None:
        if self._body.done_with:
            self._end("finished", "", "")

    def _end(self, how: str, what: str, trace: str) -> None:
        self._line.leave_if_copy()
        line.flush_output()
        self._line.end(how=how, what=what, traceback=trace)


class _Body:
    """Runs the test's body as steps; what the conversation with the parent needs."""

    def __init__(self, wire: line.Line) -> None:
        self._line = wire
        self._item: Any = None
        self._stepping = False
        self.done = 0
        self.done_with = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Called by pytest for the test, and by ourselves for each step: the latter is left to everybody else."""
        if self._stepping:
            return None
        import faulthandler

        faulthandler.enable(self._line.stacks, all_threads=True)  # pytest's own plugin had turned it to stderr
        self._item = pyfuncitem
        try:
            with _warnings_dropped():
                converse(self._line, self, modules_beside(pyfuncitem.module))
        except BaseException as error:
            self._tell(error)
            raise
        self._line.board.enter(board.TEARDOWN)
        self.done_with = True
        return True

    def steps(self, count: int) -> None:
        """Run the body so many more times."""
        self._line.board.enter(board.STEPPING)
        item, leave_if_copy, stepped = self._item, self._line.leave_if_copy, self._line.board.stepped
        for index in range(self.done, self.done + count):
            stamping.tick(stamping.FIRST_STEP + index)
            with _fixtures_renewed(item):
                self._stepping = True
                try:
                    item.ihook.pytest_pyfunc_call(pyfuncitem=item)
                finally:
                    self._stepping = False
            leave_if_copy()
            self.done = index + 1
            stepped(self.done)
        stamping.tick(stamping.BETWEEN)

    @property
    def loop(self) -> Any:
        """The loop that async steps ran in, where a fixture keeps one open between them."""
        events: Any = sys.modules.get("asyncio.events")
        policy = getattr(events, "_event_loop_policy", None)
        return getattr(getattr(policy, "_local", None), "_loop", None)

    def _tell(self, error: BaseException) -> None:
        self._line.leave_if_copy()
        line.flush_output()
        if isinstance(error, CountingFailed):
            told = {"how": "not-counted", "what": str(error), "traceback": ""}
        elif isinstance(error, (pytest.skip.Exception, pytest.xfail.Exception)):
            how = "skipped" if isinstance(error, pytest.skip.Exception) else "xfailed"
            told = {"how": how, "what": str(error), "traceback": ""}
        else:
            told = trouble.describe(error)
        self._line.end(**told)


@contextmanager
def _fixtures_renewed(item: Any) -> Iterator[None]:
    """Give the body the fixtures that gather things as if it ran for the first time."""
    asked = item.funcargs
    patch = pytest.MonkeyPatch() if "monkeypatch" in asked else None
    if patch is not None:
        asked["monkeypatch"] = patch
    try:
        yield
    finally:
        if patch is not None:
            patch.undo()
        for name in ("capsys", "capfd", "capsysbinary", "capfdbinary"):
            if name in asked:
                asked[name].readouterr()
        for name in ("caplog", "recwarn"):
            if name in asked:
                asked[name].clear()
        logging = item.config.pluginmanager.get_plugin("logging-plugin")
        for handler in (getattr(logging, "caplog_handler", None), getattr(logging, "report_handler", None)):
            if handler is not None:
                handler.reset()


@contextmanager
def _warnings_dropped() -> Iterator[None]:
    """pytest records each warning of a test for its summary; over a thousand steps that list would be the leak."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda *seen, **more: None
        yield


def _last_line(text: str) -> str:
    """The line of a report that says most: the last of those that pytest marks as the error."""
    marked = [row[1:].strip() for row in text.splitlines() if row.startswith("E ")]
    return marked[-1] if marked else (text.strip().splitlines() or ["no reason given"])[-1]
