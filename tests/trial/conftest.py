"""Scenarios as small real programs, and the rule that no trial leaves a process or a file behind."""

from __future__ import annotations

import os
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outlive.probes import children
from outlive.trial.options import Ended, TrialOptions
from outlive.trial.supervisor import Trial

Write = Callable[[str], str]
Run = Callable[..., Ended]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a scenario and give its path; `{tmp}` in the source is a folder that outlives the trial."""
    (tmp_path / "kept").mkdir()

    def _write(source: str) -> str:
        file = tmp_path / "scenario.py"
        file.write_text(textwrap.dedent(source).replace("{tmp}", str(tmp_path / "kept")), encoding="utf-8")
        return str(file)

    return _write


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Every process of the test's trials carries this word in its environment; afterwards none may live."""
    word = f"{tmp_path.name}-{os.getpid()}"
    monkeypatch.setenv("OUTLIVE_TEST_WORD", word)
    folder = tmp_path / "system-temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    before = {child.pid for child in children.list_children()}
    yield
    assert processes_with(word) == []
    assert list(folder.iterdir()) == []
    assert {child.pid for child in children.list_children()} <= before
    assert not list(tmp_path.glob("core*"))
    assert not (tmp_path / "__pycache__").exists()


def processes_with(word: str) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            environment = Path(f"/proc/{name}/environ").read_bytes()
        except OSError:
            continue
        if f"OUTLIVE_TEST_WORD={word}".encode() in environment.split(b"\0"):
            found.append(int(name))
    return found


@pytest.fixture
def run(write: Write) -> Run:
    """Run a scenario for so many batches of steps and give its ending."""

    def _run(source: str, *, steps: int = 5, batches: int = 2, timeout_s: float = 20.0, **options: object) -> Ended:
        settings = TrialOptions(timeout_s=timeout_s, python=sys.executable, **options)  # type: ignore[arg-type]
        with Trial(write(source), settings) as trial:
            ended = trial.start()
            for _ in range(batches):
                if ended is None:
                    answer = trial.advance(steps)
                    ended = answer if isinstance(answer, Ended) else None
            return trial.finish() if ended is None else ended

    return _run
