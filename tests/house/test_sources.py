"""House rules that a reader would otherwise have to check by eye."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.any_python

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "src").rglob("*.py"))
NATIVE = sorted([*ROOT.glob("native/**/*.[ch]"), *ROOT.glob("native/**/*.cpp"), *ROOT.glob("native/**/*.hpp")])
SUBJECTLESS = ("utils", "helpers", "helper", "manager", "common", "misc")


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_module_says_what_it_knows_and_has_a_subject(file: Path) -> None:
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    assert docstring
    assert not any(word in file.stem.split("_") for word in SUBJECTLESS)


@pytest.mark.parametrize("file", NATIVE, ids=lambda file: str(file.relative_to(ROOT)))
def test_only_walk_and_binding_know_python(file: Path) -> None:
    knows_python = re.search(r'#\s*include\s*[<"](Python|internal/|pycore_)', file.read_text(encoding="utf-8"))
    room = file.relative_to(ROOT / "native").parts[0]
    assert room in ("walk", "binding") or not knows_python


def test_version_is_said_once_in_two_places() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    package = (ROOT / "src" / "outlive" / "__init__.py").read_text(encoding="utf-8")
    declared = re.search(r'^version = "(.+)"$', project, flags=re.MULTILINE)
    shown = re.search(r'^__version__ = "(.+)"$', package, flags=re.MULTILINE)
    assert declared
    assert shown
    assert declared[1] == shown[1]
