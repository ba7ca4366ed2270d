"""The pages: in step with the data, complete, and readable in a terminal."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from outlive.catalogue import pages
from outlive.catalogue.entries import Entry, known_leaks, pattern_of, patterns

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = (*patterns(), *known_leaks())


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("leak_pages", ROOT / "tools" / "leak_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_in_step_with_the_catalogue(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--check"]) == 0, capsys.readouterr().err


def test_check_names_a_page_that_has_drifted(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    tool.main([])
    (tmp_path / "mutable-default.md").write_text("old")
    (tmp_path / "no-such-leak.md").write_text("left over")
    assert tool.main(["--check"]) == 1
    told = capsys.readouterr().err
    assert "mutable-default.md" in told
    assert "no-such-leak.md" in told
    assert "timer-heap.md" not in told


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_terminal_page_says_everything_within_a_screen(entry: Entry) -> None:
    page = pages.terminal(entry)
    assert entry.title in page
    for line in page.splitlines():
        assert len(line) <= 100 or "http" in line or line.startswith("      ")


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.id)
def test_page_shows_the_example_and_what_to_do_instead(pattern: Entry) -> None:
    page = pages.markdown(pattern)
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings[:4] == ["## What it is", "## Why it is bad", "## Example", "## Do this instead"]
    assert page.count("```python") == 2


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.id)
def test_advice_is_one_sentence_to_act_on(pattern: object) -> None:
    advice = pattern.advice  # type: ignore[attr-defined]
    assert "\n" not in advice
    assert advice.endswith(".")
    assert len(advice) <= 160


def test_file_must_be_called_like_its_id() -> None:
    with pytest.raises(ValueError, match="called a, its id is b"):
        pattern_of("a", {"id": "b", "breadth": "usual"})
