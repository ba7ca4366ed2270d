"""Names out of ELF files: exact where the file has them, honest where not, and never a crash."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlive.symbols.elf import NotElf, symbols_of
from outlive.symbols.names import readable
from outlive.symbols.places import place

_SOURCE = """
__attribute__((noinline)) static int hidden(int x) { return x * 3 + __builtin_popcount(x); }
int shown(int x) { return hidden(x) + 1; }
void *where_hidden(void) { return (void *)hidden; }
"""

pytestmark = [pytest.mark.any_python, pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A library with all its names, and the same one stripped."""
    folder = tmp_path_factory.mktemp("elf")
    (folder / "two.c").write_text(_SOURCE)
    whole, bare = folder / "whole.so", folder / "bare.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", whole, folder / "two.c"], check=True)
    subprocess.run(["strip", "-o", bare, whole], check=True)
    return whole, bare


def _address_of_hidden(library: Path) -> int:
    loaded = ctypes.CDLL(str(library))
    loaded.where_hidden.restype = ctypes.c_void_p
    base = next(
        int(line.split("-")[0], 16) for line in Path("/proc/self/maps").read_text().splitlines() if str(library) in line
    )
    return int(loaded.where_hidden()) - base


def test_a_static_function_has_its_name_where_the_file_keeps_it(built: tuple[Path, Path]) -> None:
    found = symbols_of(str(built[0])).at(_address_of_hidden(built[0]) + 2)
    assert found is not None
    assert (found.name, found.past, found.within) == ("hidden", 2, True)


def test_a_stripped_static_function_is_not_called_by_its_neighbours_name(built: tuple[Path, Path]) -> None:
    found = place(str(built[1]), _address_of_hidden(built[1]) + 2)
    assert not found.certain
    assert found.function != "hidden"


def test_what_the_loader_knew_stands_in_for_a_file_that_is_gone() -> None:
    found = place("/nowhere/lib.so", 64, "shown", 3)
    assert (found.function, found.certain) == ("shown", False)


def test_names_of_cpp_and_rust_are_readable() -> None:
    assert readable("_ZN5outer5inner3addEii") == "outer::inner::add(int, int)"
    assert readable("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE") == "core::fmt::Write::write_fmt"
    assert readable("plain_c") == "plain_c"


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"\x7fELF\x01\x01" + b"\0" * 100, b"MZ" * 500])
def test_what_is_no_elf_file_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "no.so"
    file.write_bytes(data)
    with pytest.raises(NotElf):
        symbols_of(str(file))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 20_000), at=st.integers(0, 20_000), byte=st.integers(0, 255))
def test_a_damaged_file_is_refused_or_read_and_nothing_else(
    built: tuple[Path, Path], tmp_path: Path, cut: int, at: int, byte: int
) -> None:
    data = bytearray(built[0].read_bytes())
    data[at % len(data)] = byte
    file = tmp_path / f"{cut}-{at}-{byte}.so"
    file.write_bytes(data[: max(1, len(data) - cut)])
    try:
        symbols_of(str(file)).at(4096)
    except NotElf:
        pass
