"""From a leaking program to the reference at fault: whole checks of small programs, one mistake each."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from outlive.model.explanation import Explanation, OwnerKind
from outlive.model.verdict import CheckResult, Verdict
from outlive.session import CheckSettings, check

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Program:
    """`held_by`: a part of the expression that must be blamed; `made`: the source line that made what stays."""

    name: str
    text: str
    held_by: str
    made: str = ""
    owner: OwnerKind = OwnerKind.YOURS


PROGRAMS = (
    Program(
        "registry",
        """
        SESSIONS = {}
        class Session:
            pass
        def step(i):
            SESSIONS[f"user-{i}"] = Session()
        """,
        "SESSIONS",
        'SESSIONS[f"user-{i}"] = Session()',
    ),
    Program(
        "instance-list",
        """
        class Buffer:
            pass
        class Service:
            def __init__(self):
                self.buffers = []
            def serve(self):
                self.buffers.append((1.5, Buffer()))
        SERVICE = Service()
        def step(i):
            SERVICE.serve()
        """,
        "SERVICE.buffers",
        "self.buffers.append((1.5, Buffer()))",
    ),
    Program(
        "class-attribute",
        """
        class Request:
            seen = []
            def __init__(self):
                self.seen.append(self)
        def step(i):
            Request()
        """,
        "Request.seen",
        "Request()",
    ),
    Program(
        "bound-method-listener",
        """
        class Bus:
            def __init__(self):
                self.listeners = []
        BUS = Bus()
        class Window:
            def on_close(self):
                pass
        def step(i):
            BUS.listeners.append(Window().on_close)
        """,
        "BUS.listeners",
        "BUS.listeners.append(Window().on_close)",
    ),
    Program(
        "lru-cache-method",
        """
        import functools
        class Report:
            @functools.lru_cache(maxsize=None)
            def total(self):
                return 1
        def step(i):
            Report().total()
        """,
        "Report.total",
        "Report().total()",
    ),
    Program(
        "closure",
        """
        HANDLERS = {}
        class Payload:
            pass
        def subscribe(i):
            payload = Payload()
            def handler():
                return payload
            HANDLERS[i] = handler
        def step(i):
            subscribe(i)
        """,
        "HANDLERS",
        "payload = Payload()",
    ),
    Program(
        "mutable-default",
        """
        class Row:
            pass
        def remember(row, rows=[]):
            rows.append(row)
        def step(i):
            remember(Row())
        """,
        "remember",
        "remember(Row())",
    ),
    Program(
        "logger-per-request",
        """
        import logging
        def step(i):
            logging.getLogger(f"request.{i}")
        """,
        "loggerDict",
        owner=OwnerKind.INTERPRETER,
    ),
)


def checked(folder: Path, text: str, steps: int = 400, **settings: object) -> CheckResult:
    (folder / "scenario.py").write_text(textwrap.dedent(text), encoding="utf-8")
    settings.setdefault("native", False)  # a second run has tests of its own
    # It ends with its steps; the time is for a machine that has much else to do.
    told = CheckSettings(steps=steps, time_budget_s=120, **settings)  # type: ignore[arg-type]
    return check(str(folder / "scenario.py"), told)


def why(result: CheckResult) -> Explanation:
    assert result.verdict is Verdict.LEAK, result.reason
    (finding,) = result.findings
    assert finding.explanation is not None, result.notes
    return finding.explanation


@pytest.fixture(scope="module")
def result_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Program], CheckResult]:
    """Checks a program, once."""
    return functools.cache(lambda program: checked(tmp_path_factory.mktemp(program.name), program.text))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_reference_at_fault_is_named(program: Program, result_of: Callable[[Program], CheckResult]) -> None:
    explanation = why(result_of(program))
    assert program.held_by in explanation.held_by
    assert sum(hop.faulty for hop in explanation.path) == 1
    assert explanation.owner.kind is program.owner
    assert explanation.sentence
    if program.made:
        assert explanation.site is not None
        sites = (explanation.site, *explanation.site.callers)
        assert program.made in [site.source.strip() for site in sites]


def test_without_sites_the_holder_is_named_all_the_same(tmp_path: Path) -> None:
    program = PROGRAMS[1]
    explanation = why(checked(tmp_path, program.text, sites=False))
    assert program.held_by in explanation.held_by
    assert explanation.site is None


def test_the_fingerprint_is_the_same_in_another_run(
    tmp_path: Path, result_of: Callable[[Program], CheckResult]
) -> None:
    first, second = result_of(PROGRAMS[1]), checked(tmp_path, PROGRAMS[1].text)
    assert first.findings[0].fingerprint == second.findings[0].fingerprint


def test_two_holders_of_one_object_are_both_named(tmp_path: Path) -> None:
    explanation = why(
        checked(
            tmp_path,
            """
            BY_NAME, BY_NUMBER = {}, {}
            class Job:
                pass
            def step(i):
                BY_NAME[str(i)] = BY_NUMBER[i] = Job()
            """,
            steps=2000,  # of a few hundred, the small integers among the keys are everybody's
        )
    )
    told = " ".join([explanation.held_by, *explanation.also_held_by])
    assert "BY_NAME" in told
    assert "BY_NUMBER" in told


def test_a_reference_that_native_code_lost_is_called_so(tmp_path: Path) -> None:
    explanation = why(
        checked(
            tmp_path,
            """
            import ctypes
            class Lost:
                pass
            def step(i):
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(Lost()))
            """,
        )
    )
    assert explanation.native_references >= 1
    assert not explanation.held_by or "native" in explanation.held_by


LOST_PIPE = """
import os, sys
class Runner:
    def __init__(self):
        self.read, write = os.pipe()
        os.close(write)
def step(i):
    {more}
    Runner()
"""


def test_a_descriptor_that_nobody_owns_is_told_by_the_line_that_opens_it(tmp_path: Path) -> None:
    explanation = why(checked(tmp_path, LOST_PIPE.format(more="pass")))
    assert explanation.site is not None
    assert (explanation.site.function.rpartition(".")[2], explanation.site.line) == ("__init__", 5)
    assert explanation.site.source == "self.read, write = os.pipe()"
    assert [caller.function for caller in explanation.site.callers] == ["step"]
    assert "os.pipe()" in explanation.sentence
    assert explanation.owner.kind is OwnerKind.YOURS


def test_a_scenario_that_ends_while_it_is_watched_leaves_the_verdict(tmp_path: Path) -> None:
    result = checked(tmp_path, LOST_PIPE.format(more="assert sys.getprofile() is None"))
    explanation = why(result)
    assert "no Python object" in explanation.sentence
    assert explanation.site is None


def test_beside_a_profiler_it_is_said_that_openings_were_not_watched(tmp_path: Path) -> None:
    result = checked(tmp_path, LOST_PIPE.format(more="sys.setprofile(print if i < 0 else lambda *told: None)"))
    assert why(result).site is None
    assert "profiler" in " ".join(note.text for note in result.notes)


def test_no_step_is_run_beyond_the_users_own_limit(tmp_path: Path) -> None:
    count = tmp_path / "count"
    result = checked(tmp_path, LOST_PIPE.format(more=f"open({str(count)!r}, 'a').write('.')"), steps=400)
    assert result.verdict is Verdict.LEAK, result.reason
    assert count.stat().st_size <= 400
