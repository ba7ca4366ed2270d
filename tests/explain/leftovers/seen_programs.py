"""Runs a program that uses `noting`, and explains its looks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outlive.capture.packages import read_packages
from outlive.capture.snapshot import load
from outlive.explain.context import Context
from outlive.explain.leftovers import explain_look
from outlive.heap import Heap
from outlive.model.contracts import Contracts, Pack, Resource, Use
from outlive.model.explanation import Site
from outlive.model.leftovers import Answer, Category, Leftover, Stuck
from outlive.model.look import Ended, Event, Look, Open, Scope

_ROWS = {"ended": Ended, "open": Open, "events": Event, "scopes": Scope}


@dataclass(frozen=True)
class Seen:
    """A look of a program that has run."""

    look: Look
    heap: Heap
    folder: Path

    def leftovers(
        self,
        *resources: Resource,
        uses: Sequence[Use] = (),
        stuck: Sequence[Stuck] = (),
        category: Category = Category.RUNTIME,
        **changed: Any,
    ) -> tuple[Leftover, ...]:
        stamps = self.heap.snapshot.stamps
        assert stamps is not None
        packages = read_packages(sys.path, own_folders=[str(self.folder)], own_modules=frozenset({"app"}))
        context = Context(packages=packages, site_of=stamps.site)
        look = Look(**{**self.look.__dict__, **changed})
        contracts = Contracts((Pack("test", resources=resources, uses=tuple(uses)),))
        return explain_look(self.heap, look, contracts, context, category=category, stuck=stuck)


def run(source: str, folder: Path) -> dict[str, Seen]:
    """The looks by name, after the program has ended well."""
    script = folder / "app.py"
    script.write_text(source)
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, script, folder], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    names = [file.stem for file in sorted(folder.glob("*.json"))]
    return {
        name: Seen(_look(folder / f"{name}.json"), Heap(load(folder / f"{name}.outlive")), folder) for name in names
    }


def _look(file: Path) -> Look:
    said = json.loads(file.read_text())
    for name, kind in _ROWS.items():
        said[name] = tuple(kind(**_row(row)) for row in said.get(name, ()))
    for name in ("running", "harness"):
        said[name] = tuple(said.get(name, ()))
    return Look(**said)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    found = {**row, "site": Site(*row["site"])} if row.get("site") else {**row}
    for name in ("must", "returned"):
        if name in found:
            found[name] = tuple(found[name])
    return found


def about(found: Sequence[Leftover], words: str) -> Leftover:
    """The only leftover whose sentence has these words."""
    rows = [one for one in found if words in one.sentence]
    assert len(rows) == 1, "\n".join(one.sentence for one in found)
    return rows[0]


def no_word_of(found: Sequence[Leftover], words: str) -> bool:
    return not any(words in one.sentence for one in found)


def accused(found: Sequence[Leftover]) -> list[Leftover]:
    """Those that fail something: held from a root, and not harmless."""
    return [one for one in found if one.answer is Answer.HELD and not one.harmless]
