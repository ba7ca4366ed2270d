"""Names out of ELF files: exact where the file has them, honest where not."""

from __future__ import annotations

import ctypes
import lzma
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from outlive.symbols.debug_files import debug_file
from outlive.symbols.elf import NotElf, open_elf
from outlive.symbols.modules import module_file, symbols_of
from outlive.symbols.names import readable
from outlive.symbols.places import frames, place

_SOURCE = """
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) static int hidden(int x) { return x * 3 + __builtin_popcount(x); }
int _inner_shown(int x) { return hidden(x) + 1; }
int shown(int x) __attribute__((alias("_inner_shown")));
void *where_hidden(void) { return (void *)hidden; }
void *where_shown(void) { return (void *)shown; }
char *copies(const char *text) { return strcpy(malloc(strlen(text) + 1), text); }
"""

pytestmark = [pytest.mark.any_python, pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """whole.so has all there is; bare.so no names but those it exports; lean.so has its debug information elsewhere."""
    made = tmp_path_factory.mktemp("elf")
    (made / "two.c").write_text(_SOURCE)
    whole = made / "whole.so"
    for file in (whole, made / "without_id.so"):
        flags = ["-Wl,--build-id"] if file == whole else ["-Wl,--build-id=none"]
        subprocess.run(["gcc", "-O1", "-g", "-shared", "-fPIC", *flags, "-o", file, made / "two.c"], check=True)
    subprocess.run(["strip", "-o", made / "bare.so", whole], check=True)
    for name in ("whole", "without_id"):
        kept, lean = made / f"{name}.debug", made / f"{name}_lean.so"
        subprocess.run(["objcopy", "--only-keep-debug", made / f"{name}.so", kept], check=True)
        subprocess.run(["strip", "-o", lean, made / f"{name}.so"], check=True)
        subprocess.run(["objcopy", f"--add-gnu-debuglink={kept}", lean], check=True)
    return made


def _address(library: Path, name: str = "hidden") -> int:
    where = getattr(ctypes.CDLL(str(library)), f"where_{name}")
    where.restype = ctypes.c_void_p
    rows = Path("/proc/self/maps").read_text().splitlines()
    return int(where()) - next(int(line.split("-")[0], 16) for line in rows if str(library) in line)


def test_a_static_function_has_its_name_where_the_file_keeps_it(folder: Path) -> None:
    found = symbols_of(str(folder / "whole.so")).at(_address(folder / "whole.so") + 2)
    assert found is not None
    assert (found.name, found.past, found.within) == ("hidden", 2, True)


def test_a_stripped_static_function_is_not_called_by_its_neighbours_name(folder: Path) -> None:
    bare = folder / "bare.so"
    (found,) = frames(str(bare), _address(bare) + 2)
    assert not found.certain
    assert found.function != "hidden"
    assert (found.file, found.line) == ("", 0)


def test_a_function_goes_by_the_name_that_its_library_exports(folder: Path) -> None:
    for file in (folder / "whole.so", folder / "bare.so"):
        assert frames(str(file), _address(file, "shown") + 1)[-1].function == "shown"


def test_a_call_is_looked_up_where_it_was_made_and_not_where_it_returns_to(folder: Path) -> None:
    whole = folder / "whole.so"
    start = _address(whole)
    after, at = frames(str(whole), start)[-1], frames(str(whole), start, is_call=False)[-1]
    assert (after.function == "hidden", at.function == "hidden") == (False, True)
    assert at.address == after.address == start


def test_what_the_loader_knew_stands_in_for_a_file_that_is_gone() -> None:
    found = place("/nowhere/lib.so", 64, "shown", 3)
    assert (found.function, found.certain) == ("shown", False)


def test_another_file_than_the_one_that_ran_tells_nothing(folder: Path) -> None:
    whole = folder / "whole.so"
    place_in_it, number = _address(whole) + 2, open_elf(str(whole)).build_id()
    assert frames(str(whole), place_in_it, number)[-1].function == "hidden"
    (found,) = frames(str(whole), place_in_it, "00" + number[2:])
    assert (found.module, found.function, found.certain) == (str(whole), "", False)
    assert frames(f"{whole} (deleted)", place_in_it, number)[-1].function == "hidden"
    assert frames(f"{whole} (deleted)", place_in_it)[-1].function == ""


def test_a_file_that_was_built_anew_is_read_anew(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "changing.so"
    shutil.copy(folder / "bare.so", file)
    at = _address(folder / "whole.so") + 2
    before = frames(str(file), at)[-1].certain
    os.replace(shutil.copy(folder / "whole.so", tmp_path / "next.so"), file)
    assert (before, frames(str(file), at)[-1].certain) == (False, True)


@pytest.mark.parametrize("name", ["whole", "without_id"])
def test_debug_information_in_a_file_beside_is_found_by_the_name_that_is_given(folder: Path, name: str) -> None:
    lean = folder / f"{name}_lean.so"
    found = frames(str(lean), _address(lean) + 2)[-1]
    assert (found.function, Path(found.file).name, found.line) == ("hidden", "two.c", 4)


def test_a_debug_file_of_another_build_is_not_believed(folder: Path, tmp_path: Path) -> None:
    lean = Path(shutil.copy(folder / "without_id_lean.so", tmp_path))
    (tmp_path / ".debug").mkdir()
    shutil.copy(folder / "without_id.debug", tmp_path / ".debug" / "without_id.debug")
    assert debug_file(str(lean), open_elf(str(lean)), "") is not None
    with (tmp_path / ".debug" / "without_id.debug").open("ab") as file:
        file.write(b"!")
    assert debug_file(str(lean), open_elf(str(lean)), "") is None


def test_a_debug_file_is_found_by_build_id_even_when_the_program_is_gone(folder: Path, tmp_path: Path) -> None:
    number = open_elf(str(folder / "whole.so")).build_id()
    (tmp_path / ".build-id" / number[:2]).mkdir(parents=True)
    shutil.copy(folder / "whole.debug", tmp_path / ".build-id" / number[:2] / f"{number[2:]}.debug")
    assert debug_file("/nowhere", None, number, str(tmp_path)) is not None
    assert debug_file("/nowhere", None, "ff" + number[2:], str(tmp_path)) is None


def test_the_small_packed_table_of_some_systems_names_local_functions(folder: Path, tmp_path: Path) -> None:
    table, file = tmp_path / "table", tmp_path / "small.so"
    table.write_bytes(lzma.compress((folder / "whole.debug").read_bytes()))
    subprocess.run(["objcopy", f"--add-section=.gnu_debugdata={table}", folder / "bare.so", file], check=True)
    assert symbols_of(str(file)).at(_address(folder / "whole.so") + 2) == symbols_of(str(folder / "whole.so")).at(
        _address(folder / "whole.so") + 2
    )


def test_stubs_of_imported_functions_are_named_after_them(folder: Path) -> None:
    file = open_elf(str(folder / "bare.so"))
    sections = [one for one in file.sections if one.name in (".plt", ".plt.sec", ".plt.got")]
    places = [at for one in sections for at in range(one.address, one.address + one.size, 8)]
    names = {frames(str(folder / "bare.so"), at, is_call=False)[-1].function for at in places}
    assert {"malloc@plt", "strlen@plt"} <= names


def test_the_kernels_own_library_has_names() -> None:
    file = module_file("[vdso]")
    assert len(file.symbols) > 2


def test_names_of_cpp_and_rust_are_readable() -> None:
    assert readable("_ZN5outer5inner3addEii") == "outer::inner::add(int, int)"
    assert readable("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE") == "core::fmt::Write::write_fmt"
    assert readable("_RNvNtCs1234_7mycrate3foo3bar") == "mycrate::foo::bar"
    assert readable("plain_c") == "plain_c"


def test_a_name_that_stands_for_gigabytes_stays_as_it_is() -> None:
    doubling = "_Z1f1a1bIS_S_E" + "".join(f"S1_I{last}{last}E" for last in [f"S{at}_" for at in "23456789ABCDEFGHIJKL"])
    assert readable(doubling) == doubling


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"\x7fELF\x01\x01" + b"\0" * 100, b"MZ" * 500])
def test_what_is_no_elf_file_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "no.so"
    file.write_bytes(data)
    with pytest.raises(NotElf):
        symbols_of(str(file))
    assert frames(str(file), 64)[0].function == ""


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert frames(str(tmp_path / "pipe"), 64)[0].function == ""
