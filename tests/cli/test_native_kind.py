"""What a command is, before it is started: only what the recorder can be loaded into gets it."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from outlive.cli.native_kind import Kind, kind_of

ELF = shutil.which("cat") or ""

pytestmark = pytest.mark.skipif(not ELF, reason="no program to look at")


def made(folder: Path, name: str, content: bytes) -> str:
    file = folder / name
    file.write_bytes(content)
    file.chmod(0o755)
    return str(file)


def test_a_program_is_native() -> None:
    assert kind_of("cat") == Kind(True)


@pytest.mark.parametrize("word", ["sh", "env", sys.executable, "no-such-command"])
def test_what_starts_others_or_is_a_python_is_not(word: str) -> None:
    assert not kind_of(word).is_native


def test_a_script_is_not(tmp_path: Path) -> None:
    assert kind_of(made(tmp_path, "serve", b"#!/bin/sh\n")) == Kind(False)


def test_a_program_that_carries_a_python_is_one(tmp_path: Path) -> None:
    assert not kind_of(made(tmp_path, "app", Path(ELF).read_bytes() + b"\0libpython3.12.so.1.0\0")).is_native


def test_a_program_for_another_c_library_gets_no_recorder(tmp_path: Path) -> None:
    content, changed = re.subn(rb"/lib\d*/ld-linux[\w.-]*", b"/lib/ld-musl.so.1\0", Path(ELF).read_bytes(), count=1)
    assert changed
    kind = kind_of(made(tmp_path, "app", content))
    assert (kind.is_native, kind.unfit) == (True, "it uses another C library than glibc (ld-musl.so.1)")


def test_a_program_for_another_machine_gets_no_recorder(tmp_path: Path) -> None:
    content = bytearray(Path(ELF).read_bytes())
    content[18:20] = b"\x08\x00"  # MIPS
    assert "another kind of machine" in kind_of(made(tmp_path, "app", bytes(content))).unfit


@pytest.mark.parametrize("length", [0, 4, 20, 64, 100])
def test_a_torn_file_is_no_reason_to_fail(length: int, tmp_path: Path) -> None:
    kind_of(made(tmp_path, "app", Path(ELF).read_bytes()[:length]))
