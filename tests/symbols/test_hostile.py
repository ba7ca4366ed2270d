"""A damaged or hostile file is read or refused, soon, and never worse."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
import time
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlive.errors import OutliveError
from outlive.symbols import packed
from outlive.symbols.dwarf.information import DebugInformation
from outlive.symbols.elf import ElfFile
from outlive.symbols.functions import functions_of

_SOURCE = """
#include <stdlib.h>
static inline int twice(int x) { return x + x; }
int four(int x) { return twice(twice(x) + 1); }
char *keep(int size) { char *made = malloc(four(size)); made[0] = twice(size); return made; }
"""

pytestmark = [pytest.mark.any_python, pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler")]


@pytest.fixture(scope="module", params=["-gdwarf-4", "-gdwarf-5"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "one.c").write_text(_SOURCE)
    flags = ["-O2", request.param, "-shared", "-fPIC", "-nostartfiles"]
    subprocess.run(["gcc", *flags, "-o", folder / "one.so", folder / "one.c"], check=True)
    return (folder / "one.so").read_bytes()


def _ask(data: bytes) -> int:
    """How many frames it told, all in all."""
    begun = time.thread_time()
    try:
        file = ElfFile.of_bytes(data)
        text = file.section(".text")
        symbols, information, told = functions_of(file), DebugInformation(file), 0
        for at in range(text.address, text.address + min(text.size, 400), 4) if text is not None else ():
            symbols.at(at)
            told += len(information.at(at))
    except OutliveError:
        told = 0
    assert time.thread_time() - begun < 1
    return told


def test_the_sound_file_tells(built: bytes) -> None:
    assert _ask(built) > 8


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 2000), seed=st.integers(0, 1 << 32), count=st.integers(1, 30))
@pytest.mark.slow
def test_a_damaged_file_is_refused_or_read_and_nothing_else(built: bytes, cut: int, seed: int, count: int) -> None:
    data, chance = bytearray(built), random.Random(seed)
    begin = chance.choice(
        [0, *(one.offset for one in ElfFile.of_bytes(built).sections if one.name.startswith(".debug"))]
    )
    for _ in range(count):
        data[(begin + chance.randrange(600)) % len(data)] = chance.choice(
            [0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)]
        )
    _ask(bytes(data[: len(data) - cut] if seed % 4 == 0 else data))


def test_a_section_that_claims_to_unpack_to_everything_is_refused() -> None:
    bomb = struct.pack("<IIQQ", 1, 0, 1 << 40, 1) + zlib.compress(b"\0" * 1000)
    with pytest.raises(packed.NotUnpacked, match="claims a size"):
        packed.unpacked(bomb, old_form=False)


def test_a_table_that_unpacks_without_end_is_cut_off() -> None:
    with pytest.raises(packed.NotUnpacked):
        packed.xz(b"no archive")


def test_what_cannot_be_unpacked_here_says_so() -> None:
    with pytest.raises(packed.NotUnpacked, match="not known"):
        packed.unpacked(struct.pack("<IIQQ", 9, 0, 10, 1), old_form=False)
