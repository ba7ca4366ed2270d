"""One case of leakbench: what its `case.toml` says, and which files make its two variants. Runs nothing."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INNOCENT_CLASS = "F"
INTERPRETER_CLASS = "D"


@dataclass(frozen=True)
class Variant:
    """What to run: an interpreter's version, a requirements file (None: standard library only), a scenario."""

    name: str
    python: str
    requirements: Path | None
    scenario: str


@dataclass(frozen=True)
class Case:
    """A leak with its mended twin, or an innocent (class F), which has no twin."""

    id: str
    class_: str
    metric: str
    folder: Path
    leaked_types: frozenset[str]
    holder: str
    must_mention: tuple[str, ...]
    env: dict[str, str]
    leaky: Variant
    twin: Variant | None

    @property
    def is_innocent(self) -> bool:
        return self.class_ == INNOCENT_CLASS

    @property
    def needs_exact_python(self) -> bool:
        """Leaks of CPython itself come and go with its patch releases; others only need the minor version."""
        return self.class_ == INTERPRETER_CLASS


def load_cases(folder: Path, only: list[str]) -> list[Case]:
    """The cases below `folder` in order of their ids; with `only`, those whose id contains one of its words."""
    cases = [load_case(file.parent) for file in sorted(folder.glob("*/case.toml"))]
    return [case for case in cases if not only or any(word in case.id for word in only)]


def load_case(folder: Path) -> Case:
    facts = _read_toml(folder / "case.toml")
    python = str(facts["python"])
    leaky = Variant("leaky", python, _existing(folder / "requirements-leaky.txt"), "scenario.py")
    return Case(
        id=str(facts["id"]),
        class_=str(facts["class"]),
        metric=str(facts["metric"]),
        folder=folder,
        leaked_types=frozenset(facts.get("leaked_gc_types_per_step", {})),
        holder=str(facts.get("holder", "")),
        must_mention=tuple(facts.get("must_mention", ())),
        env={name: str(value) for name, value in facts.get("env", {}).items()},
        leaky=leaky,
        twin=None if facts["class"] == INNOCENT_CLASS else _twin(folder, facts, leaky),
    )


def _twin(folder: Path, facts: dict[str, Any], leaky: Variant) -> Variant:
    """The mended variant: another interpreter, other versions, another use of the API, or several of them."""
    fixed = folder / "scenario_fixed.py"
    return Variant(
        name="twin",
        python=str(facts.get("python_fixed", leaky.python)),
        requirements=_existing(folder / "requirements-fixed.txt") or leaky.requirements,
        scenario=fixed.name if fixed.exists() else leaky.scenario,
    )


def _existing(file: Path) -> Path | None:
    return file if file.exists() else None


def _read_toml(file: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # on 3.10: pip install tomli
    with file.open("rb") as stream:
        return tomllib.load(stream)
