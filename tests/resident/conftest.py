"""Runs a little program twice, as it is and watched, and reads what the watched one left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from outlive.resident import orders
from outlive.resident.folder import RunFolder, Told


@dataclass(frozen=True)
class Watched:
    """How the program ended, and its looks in the order of their making."""

    returncode: int
    stdout: str
    stderr: str
    told: Told
    looks: tuple[dict[str, Any], ...]
    folder: Path

    @property
    def reasons(self) -> list[str]:
        return [look["reason"] for look in self.looks]


def command(script: Path) -> list[str]:
    return [sys.executable, str(script)]


@dataclass
class Runs:
    """A folder for programs and their runs."""

    base: Path
    count: int = 0

    def written(self, source: str) -> Path:
        self.count += 1
        script = self.base / f"app{self.count}.py"
        script.write_text(source)
        return script

    def folder(self, **asked: Any) -> RunFolder:
        """A run's folder with orders; nothing is written at intervals unless asked for."""
        self.count += 1
        given = {"every_s": 3600.0, "exit_look": True, "signal": 0, "sites": orders.OFF, "rows": []} | asked
        made = RunFolder(self.base / f"run{self.count}")
        made.give_orders(orders.Orders(**given))
        return made

    def start(self, words: Sequence[str], folder: RunFolder, **options: Any) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            words, env=folder.environment(os.environ), stdin=pipe, stdout=pipe, stderr=pipe, text=True, **options
        )

    def end(self, process: subprocess.Popen[str], folder: RunFolder) -> Watched:
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        files = sorted(folder.path.glob("look-*.json"))
        looks = tuple(json.loads(file.read_text()) for file in files)
        return Watched(process.returncode, out, err, folder.told(), looks, folder.path)

    def watched(self, words: Sequence[str], **asked: Any) -> Watched:
        folder = self.folder(**asked)
        return self.end(self.start(words, folder), folder)

    def plain(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, env=dict(os.environ), capture_output=True, text=True, input="", timeout=60)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def watched(runs: Runs) -> Callable[..., Watched]:
    """Runs a program's source to its end, watched."""
    return lambda source, **asked: runs.watched(command(runs.written(source)), **asked)
