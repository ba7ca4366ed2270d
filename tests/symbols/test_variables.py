"""The names of variables in ELF files, against those that binutils shows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from outlive.symbols.variables import variable

pytestmark = [
    pytest.mark.any_python,
    pytest.mark.skipif(shutil.which("cc") is None or shutil.which("nm") is None, reason="no C compiler and binutils"),
]
_SOURCE = """
static struct { void *first, *last; } journal;
void *shown = &journal;
char table[4096];
void *where(void) { return &journal; }
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("variables")
    (folder / "kept.c").write_text(_SOURCE)
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", "kept.so", "kept.c"]
    subprocess.run(command, cwd=folder, check=True, timeout=60)
    return folder / "kept.so"


@pytest.fixture(scope="module")
def places(library: Path) -> dict[str, int]:
    done = subprocess.run(["nm", library], check=True, capture_output=True, text=True, timeout=60)
    rows = [line.split() for line in done.stdout.splitlines()]
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


@pytest.mark.parametrize(("name", "past"), [("journal", 0), ("journal", 8), ("shown", 0), ("table", 4095)])
def test_each_place_in_a_variable_is_the_variable(library: Path, places: dict[str, int], name: str, past: int) -> None:
    assert variable(str(library), places[name] + past) == name


def test_a_place_behind_a_variable_has_no_name(library: Path, places: dict[str, int]) -> None:
    assert variable(str(library), places["table"] + 4096) != "table"


def test_without_symbols_only_what_is_exported_has_a_name(
    library: Path, places: dict[str, int], tmp_path: Path
) -> None:
    shutil.copy(library, tmp_path / "kept.so")
    subprocess.run(["strip", tmp_path / "kept.so"], check=True, timeout=60)
    assert variable(str(tmp_path / "kept.so"), places["journal"]) == ""
    assert variable(str(tmp_path / "kept.so"), places["table"]) == "table"


def test_what_is_no_elf_file_or_not_there_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no library")
    assert variable(str(tmp_path / "text"), 64) == variable(str(tmp_path / "absent"), 64) == variable("", 64) == ""
