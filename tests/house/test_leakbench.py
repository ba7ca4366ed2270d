"""The leakbench runner marks results rightly: who was found, who was accused, and what could not be told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parents[2] / "benches" / "leakbench"
sys.path.insert(0, str(BENCH))

from case import Case, load_cases  # noqa: E402
from environment import find_interpreter, version_of  # noqa: E402
from explaining import mark_explanation  # noqa: E402
from marking import mark_clean, mark_leaky  # noqa: E402


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    leak, innocent = tmp_path / "A-leak", tmp_path / "F-innocent"
    leak.mkdir()
    innocent.mkdir()
    (leak / "case.toml").write_text(
        'id = "A-leak"\nclass = "A"\npython = "3.11.7"\nmetric = "gcobjs"\n'
        'leaked_gc_types_per_step = {"builtins.set" = 1.0, "app.Session" = 1.0}\nenv = {"DEPTH" = 3}\n'
    )
    (leak / "requirements-leaky.txt").write_text("app==1\n")
    (leak / "requirements-fixed.txt").write_text("app==2\n")
    (innocent / "case.toml").write_text('id = "F-innocent"\nclass = "F"\npython = "3.11.7"\nmetric = "threads"\n')
    return tmp_path


def result(verdict: str, *rows: tuple[str, str]) -> dict[str, Any]:
    evidence = [{"counter": counter, "type": of} for counter, of in rows]
    findings = [{"kind": "python-object", "type": rows[0][1], "evidence": evidence, "with_it": []}] if rows else []
    return {"verdict": verdict, "reason": "because", "findings": findings}


def test_case_without_a_scenario_of_its_own_for_the_twin_differs_by_requirements(cases: Path) -> None:
    case = load_cases(cases, ["A-"])[0]
    assert case.twin is not None
    assert (case.twin.scenario, case.twin.requirements) == ("scenario.py", cases / "A-leak" / "requirements-fixed.txt")
    assert case.env == {"DEPTH": "3"}


def test_case_with_a_fixed_scenario_runs_it_as_the_twin(cases: Path) -> None:
    (cases / "A-leak" / "scenario_fixed.py").touch()
    case = load_cases(cases, ["A-"])[0]
    assert case.twin is not None
    assert case.twin.scenario == "scenario_fixed.py"


def test_innocent_has_no_twin(cases: Path) -> None:
    assert load_cases(cases, ["F-"])[0].twin is None


def test_leak_that_names_a_leaked_type_is_right_with_and_without_builtins(cases: Path) -> None:
    case = load_cases(cases, ["A-"])[0]
    assert mark_leaky(case, result("leak", ("objects", "app.Session"))).good is True
    assert mark_leaky(case, result("leak", ("objects", "set"))).good is True


def test_leak_that_names_another_type_is_not_right(cases: Path) -> None:
    mark = mark_leaky(load_cases(cases, ["A-"])[0], result("leak", ("objects", "app.Other")))
    assert mark.good is False
    assert mark.word == "found, but as python-object app.Other"


@pytest.mark.parametrize("verdict", ["no leak", "could not tell"])
def test_leak_that_is_not_called_one_is_missed(cases: Path, verdict: str) -> None:
    mark = mark_leaky(load_cases(cases, ["A-"])[0], result(verdict))
    assert (mark.word, mark.good) == (f"MISSED: {verdict}: because", False)


def test_twin_is_cleared_accused_or_neither() -> None:
    assert mark_clean(result("no leak")).good is True
    assert mark_clean(result("leak", ("objects", "x"))).good is False
    assert mark_clean(result("could not tell")).good is None


def test_interpreter_is_found_by_version_or_not_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    version = version_of(Path(sys.executable))
    binary = tmp_path / "versions" / version / "bin"
    binary.mkdir(parents=True)
    (binary / "python").symlink_to(sys.executable)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_interpreter(version, exact=True) == binary / "python"
    minor = version.rpartition(".")[0]
    assert find_interpreter(f"{minor}.99", exact=True) is None
    assert find_interpreter(f"{minor}.99", exact=False) == binary / "python"
    assert find_interpreter("3.99.1-debian", exact=False) is None


def test_absent_collection_is_said_clearly(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCH / "run.py"), "--cases", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no cases at" in done.stderr


def explained(*labels: str, sentence: str = "kept", held_by: str = "app.SESSIONS") -> dict[str, Any]:
    hops = [{"label": label, "type": "dict", "what": ""} for label in labels]
    why = {"sentence": sentence, "path": hops, "also_held_by": [], "held_by": held_by}
    finding = {"kind": "python-object", "type": "app.Session", "explanation": why, "evidence": [], "with_it": []}
    return {"findings": [finding], "cost": {"explaining_seconds": 1.0, "wall_seconds": 10.0}}


@pytest.fixture
def case(cases: Path) -> Case:
    words = 'holder = "app.Registry.sessions / the pool (C: pool)"\nmust_mention = ["Session", "sessions|registry"]\n'
    (leak,) = load_cases(cases, ["A-leak"])
    file = cases / "A-leak" / "case.toml"
    file.write_text(file.read_text() + words.replace(" (C: pool)", ""))
    (leak,) = load_cases(cases, ["A-leak"])
    return leak


def test_an_explanation_with_every_word_and_the_holder_is_good(case: Case) -> None:
    mark = mark_explanation(case, explained("app.REGISTRY", ".sessions", "['u1']"))
    assert mark.good is True
    assert "10% of the check" in mark.word


def test_an_explanation_without_a_word_that_it_must_say_is_not(case: Case) -> None:
    mark = mark_explanation(case, explained("app.REGISTRY", "['u1']"))
    assert (mark.good, "sessions|registry" in mark.word) == (False, True)


def test_an_explanation_that_names_another_holder_is_not(case: Case) -> None:
    mark = mark_explanation(case, explained("app.REGISTRY", "['u1']", sentence="the registry keeps it"))
    assert (mark.good, "no path leads through sessions" in mark.word) == (False, True)
