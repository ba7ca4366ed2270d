"""`pytest --outlive`: tests marked `@pytest.mark.outlive` are run over and over and fail when they leave things behind.

Theory of operation. A marked test is not run here: its item is replaced by one that runs the test in a fresh pytest of
its own (`outlive.trial.pytest_child`), where the fixtures are set up once and the body is the step. So a test's
fixtures are never set up twice at once, and what pytest and its other plugins keep is not counted among the leaks.
Names, marks and places stay as they were; `-k`, `skipif`, `xfail` and xdist see the same test.

Without `--outlive` this only makes the mark known. Nothing else is imported then.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from outlive.model.verdict import CheckResult
    from outlive.trial.supervisor import Ended

MARK = "outlive"
_DEFAULT_SECONDS = 10.0


class CouldNotTell(UserWarning):
    """A marked test ran well, and whether it leaks stayed open."""


class LeakFound(Exception):
    """Carries a check's result to the report."""

    def __init__(self, result: CheckResult) -> None:
        super().__init__(result.reason)
        self.result = result


@dataclass(frozen=True)
class Wanted:
    """What a test's mark asks for."""

    steps: int | None
    time_budget_s: float
    allow: tuple[str, ...]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    group = parser.getgroup("outlive", "leak checks (outlive)")
    group.addoption(
        "--outlive",
        action="store_true",
        help="fail tests that leave tasks, timers, threads, sockets, files … behind, and check those marked with "
        "@pytest.mark.outlive for leaks",
    )
    group.addoption(
        "--outlive-time-budget",
        type=float,
        default=_DEFAULT_SECONDS,
        metavar="S",
        help=f"seconds for each of them, unless its mark says otherwise (default: {_DEFAULT_SECONDS:g})",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, with or without --outlive: marked tests are ordinary ones without it."""
    config.addinivalue_line(
        "markers",
        "outlive(steps=None, allow=(), time_budget=None): under --outlive, run the test's body as steps and fail if "
        "they leave things behind; `allow` names counters or types that may grow",
    )
    config.addinivalue_line(
        "markers",
        "outlives(*kinds): under --outlive, what of these kinds (tasks, timers, threads, sockets, files …; none named: "
        "all) may outlive the test",
    )
    if config.option.outlive:
        from outlive.blame.plugin import Blame

        config.pluginmanager.register(Blame(config), "outlive-blame")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put a leak check in the place of each marked test, after everybody else has chosen and ordered."""
    if config.option.outlive:
        items[:] = [item if item.get_closest_marker(MARK) is None else LeakCheck.of(item) for item in items]


class LeakCheck(pytest.Item):
    """A marked test, run as a check in a process of its own."""

    original: pytest.Item
    wanted: Wanted

    @classmethod
    def of(cls, original: pytest.Item) -> LeakCheck:
        """The check of a test: same name, marks and place."""
        wanted = _wanted(original)
        item: LeakCheck = cls.from_parent(cast("pytest.Collector", original.parent), name=original.name)
        item.original, item.wanted = original, wanted
        item.own_markers.extend(original.own_markers)
        item.keywords.update(dict(original.keywords))
        # Where a condition in `skipif` finds its names.
        item.obj = getattr(original, "obj", None)  # type: ignore[attr-defined]
        return item

    def reportinfo(self) -> Any:
        return self.original.reportinfo()

    def runtest(self) -> None:
        """Check; raises LeakFound for a leak and for a test that could not be run."""
        from outlive.model.verdict import Outcome, Verdict

        result, ended = self._check()
        if ended is not None and ended.how == "skipped":
            pytest.skip(ended.reason.partition(": ")[2])
        if ended is not None and ended.how == "xfailed":
            pytest.xfail(ended.reason.partition(": ")[2])
        if result.verdict is Verdict.LEAK or result.outcome is not Outcome.FINISHED:
            raise LeakFound(result)
        if result.verdict is Verdict.COULD_NOT_TELL:
            warnings.warn(CouldNotTell(f"{self.nodeid}: {result.reason}"), stacklevel=1)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The check's own report stands for its failure."""
        if not isinstance(excinfo.value, LeakFound):
            return super().repr_failure(excinfo, style)
        from outlive.reports import check_text

        result = excinfo.value.result
        if result.output_tail.strip():
            self.add_report_section("call", "output of the checked test", result.output_tail)
        return check_text.render(result)

    def _check(self) -> tuple[CheckResult, Ended | None]:
        from outlive.session import CheckSettings, run_check
        from outlive.trial.pytest_launch import options_for
        from outlive.trial.supervisor import Trial

        settings = CheckSettings(
            steps=self.wanted.steps, time_budget_s=self.wanted.time_budget_s, allow=self.wanted.allow
        )
        with Trial(self.nodeid, options_for(self.config, self.nodeid, str(self.path))) as trial:
            return run_check(trial, settings, scenario=self.nodeid), trial.ended


def _wanted(item: pytest.Item) -> Wanted:
    """Read the mark. Raises UsageError for what it does not know, before anything is run."""
    if not isinstance(item, pytest.Function) or _is_unittest(item):
        raise pytest.UsageError(f"{item.nodeid}: only test functions and methods of plain classes can be leak checks")
    mark = item.get_closest_marker(MARK)
    assert mark is not None
    unknown = set(mark.kwargs) - {"steps", "allow", "time_budget"}
    if unknown or mark.args:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.outlive takes steps=, allow= and time_budget= only")
    allow: str | Sequence[str] = mark.kwargs.get("allow", ())
    seconds = mark.kwargs.get("time_budget") or item.config.option.outlive_time_budget
    return Wanted(
        steps=mark.kwargs.get("steps"),
        time_budget_s=float(seconds),
        allow=(allow,) if isinstance(allow, str) else tuple(allow),
    )


def _is_unittest(item: pytest.Function) -> bool:
    import unittest

    return item.cls is not None and issubclass(item.cls, unittest.TestCase)
