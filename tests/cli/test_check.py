"""`outlive check` as a door: arguments in, exit code and streams out. The session is a fake with a known answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from outlive.cli import last_result
from outlive.cli.main import main
from outlive.model.verdict import CheckResult, Outcome, Verdict


@dataclass(frozen=True)
class FakeSettings:
    """The settings by the names that the session declares."""

    steps: int | None = None
    time_budget_s: float | None = None
    timeout_s: float = 60
    memory_limit_bytes: int | None = None
    allow: tuple[str, ...] = ()
    sites: bool = True
    mine: tuple[str, ...] = ()
    contracts: Path | None = None
    use_contracts: bool = True
    native: bool | None = None
    progress: Callable[..., None] | None = None


@dataclass
class FakeSession:
    """Answers with `verdict` and remembers what it was asked."""

    verdict: Verdict = Verdict.NO_LEAK
    asked: list[tuple[str, FakeSettings]] = field(default_factory=list)

    def check(self, target: str, settings: FakeSettings) -> CheckResult:
        self.asked.append((target, settings))
        return CheckResult(target, self.verdict, "because", Outcome.FINISHED, output_tail="hello from the scenario\n")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    fake = FakeSession()
    module: Any = ModuleType("outlive.session")
    module.check = fake.check
    module.CheckSettings = FakeSettings
    monkeypatch.setitem(sys.modules, "outlive.session", module)
    monkeypatch.setattr("outlive.session", module, raising=False)
    return fake


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenario.py").write_text("def step(i): pass\n")
    return "scenario.py"


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.NO_LEAK, 0), (Verdict.LEAK, 1), (Verdict.COULD_NOT_TELL, 3)])
def test_exit_code_says_the_verdict(session: FakeSession, scenario: str, verdict: Verdict, code: int) -> None:
    session.verdict = verdict
    assert main(["check", scenario]) == code


def test_defaults_leave_the_choice_to_the_session(session: FakeSession, scenario: str) -> None:
    main(["check", scenario])
    assert session.asked == [("scenario.py", FakeSettings())]


@pytest.mark.parametrize(("word", "native"), [("--native", True), ("--no-native", False)])
def test_whether_to_look_at_native_memory_reaches_the_session(
    session: FakeSession, scenario: str, word: str, native: bool
) -> None:
    main(["check", scenario, word])
    assert session.asked == [("scenario.py", FakeSettings(native=native))]


def test_options_reach_the_session_in_its_units(session: FakeSession, scenario: str) -> None:
    words = ["--steps", "500", "--time-budget", "5.5", "--timeout", "9", "--memory-limit", "64"]
    main(["check", scenario, *words, "--allow", "fds", "--allow", "app.Cache"])
    assert session.asked[0][1] == FakeSettings(500, 5.5, 9.0, 64 * 1024 * 1024, ("fds", "app.Cache"))


@pytest.mark.parametrize("target", ["missing.py", "no/such/dir/x.py", "app", "app:", ":step", "."])
def test_target_that_cannot_be_is_wrong_usage_and_nothing_runs(
    session: FakeSession, scenario: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", target]) == 2
    assert session.asked == []
    assert capsys.readouterr().err.startswith("outlive: ")


def test_module_and_function_are_left_to_the_session(session: FakeSession, scenario: str) -> None:
    assert main(["check", "app.checks:one_request"]) == 0
    assert session.asked[0][0] == "app.checks:one_request"


@pytest.mark.parametrize("words", [["--steps", "0"], ["--time-budget", "-1"], ["--timeout", "nan"], ["--steps", "x"]])
def test_amount_that_makes_no_sense_is_wrong_usage(session: FakeSession, scenario: str, words: list[str]) -> None:
    assert main(["check", scenario, *words]) == 2
    assert session.asked == []


def test_text_goes_to_stdout_and_stderr_stays_empty(
    session: FakeSession, scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", scenario])
    said = capsys.readouterr()
    assert said.out.startswith("NO LEAK  scenario.py: because\n")
    assert said.err == ""


def test_json_is_the_only_thing_on_stdout(
    session: FakeSession, scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", scenario, "--json", "--show-output"])
    said = capsys.readouterr()
    assert json.loads(said.out)["verdict"] == "no leak"
    assert "hello from the scenario" in said.err


def test_output_of_the_scenario_is_shown_only_when_asked_for(
    session: FakeSession, scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", scenario])
    said = capsys.readouterr()
    assert "hello from the scenario" not in said.out + said.err


def test_json_file_is_written_beside_the_text(
    session: FakeSession, scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", scenario, "--json-to", "check.json"])
    assert json.loads((tmp_path / "check.json").read_text())["schema"] == "outlive.check/1"
    assert capsys.readouterr().out.startswith("NO LEAK")


def test_json_file_in_a_missing_folder_is_refused_before_anything_runs(session: FakeSession, scenario: str) -> None:
    assert main(["check", scenario, "--json-to", "nowhere/check.json"]) == 2
    assert session.asked == []


def test_what_is_mine_and_whether_lines_are_recorded_reach_the_session(session: FakeSession, scenario: str) -> None:
    main(["check", scenario, "--mine", "app", "--mine", "lib", "--no-sites"])
    assert session.asked[0][1] == FakeSettings(mine=("app", "lib"), sites=False)


def test_the_result_is_kept_for_the_next_command(session: FakeSession, scenario: str) -> None:
    main(["check", scenario])
    assert json.loads(last_result.load())["scenario"] == scenario
