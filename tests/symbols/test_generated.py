"""Functions that a program made while it ran, by the map that it wrote of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from outlive.symbols.generated import generated_code

pytestmark = pytest.mark.any_python

_MAP = b"7f00 20 LazyCompile:*load /app/peer.js:10\nnonsense\n7f20 10 py::fetch:/app/peer.py\n7f40 0 none\n7f50 8"


def test_a_function_is_named_and_so_is_the_source_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "perf-7.map").write_bytes(_MAP)
    code = generated_code(7, str(tmp_path))
    found = code.at(0x7F10)
    assert found is not None
    assert (found.function, found.module) == ("LazyCompile:*load /app/peer.js:10", str(tmp_path / "perf-7.map"))


def test_a_function_of_python_has_its_file(tmp_path: Path) -> None:
    (tmp_path / "perf-7.map").write_bytes(_MAP)
    found = generated_code(7, str(tmp_path)).at(0x7F21)
    assert found is not None
    assert (found.function, found.file, found.line) == ("fetch", "/app/peer.py", 0)


def test_what_lies_outside_of_all_has_no_name(tmp_path: Path) -> None:
    (tmp_path / "perf-7.map").write_bytes(_MAP)
    code = generated_code(7, str(tmp_path))
    assert code.at(0x7F00) is None  # the call that returns to the first byte was made before it
    assert code.at(0x7F00, is_call=False) is not None
    assert code.at(0x7F48) is None
    assert code.at(0x7000) is None


def test_without_a_map_there_is_nothing(tmp_path: Path) -> None:
    assert len(generated_code(7, str(tmp_path))) == 0


def test_neither_a_link_nor_a_pipe_is_believed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(_MAP)
    (tmp_path / "perf-7.map").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "perf-8.map")
    assert len(generated_code(7, str(tmp_path))) == len(generated_code(8, str(tmp_path))) == 0
