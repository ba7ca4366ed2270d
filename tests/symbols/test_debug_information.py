"""Lines and inlined functions are told as binutils tells them, for all forms in which gcc writes them."""

from __future__ import annotations

import posixpath
import shutil
import subprocess
from pathlib import Path

import pytest

from outlive.model.explanation import NativeFrame
from outlive.symbols.elf import open_elf
from outlive.symbols.places import frames

pytestmark = [
    pytest.mark.any_python,
    pytest.mark.skipif(None in map(shutil.which, ("gcc", "g++", "addr2line", "objcopy")), reason="no gcc, no binutils"),
]

_HEADER = """
static inline int twice(int x) {
    if (x & 1)
        return x * 2 + table[x & 7];
    return x + x;
}
"""
_C = """
#include <stdlib.h>
extern int table[8];
#include "twice.h"
int table[8];
static inline int four(int x) { return twice(twice(x) + 1); }
__attribute__((noinline)) static char *keep(int size) {
    char *made = malloc(size);
    if (!made)
        abort();
    made[0] = four(size);
    return made;
}
__attribute__((noinline, cold)) int seldom(int x) { return four(x) - 1; }
int outer(int x) {
    int inner(int y) { return four(y + x) * x; }
    if (x > 100)
        return seldom(x);
    char *one = keep(x), *two = keep(four(x));
    int found = one[0] + two[0] + inner(x);
    free(one);
    return found;
}
"""
_CPP = """
#include <memory>
#include <string>
#include <vector>
namespace app {
template <class T> struct Pile {
    std::vector<T> rows;
    void add(T one) { rows.push_back(one); }
    ~Pile() { rows.clear(); }
};
struct Peer { std::string name; std::shared_ptr<Pile<int>> pile; virtual ~Peer() = default; };
std::unique_ptr<Peer> meet(const char *name) {
    auto made = std::make_unique<Peer>();
    made->name = name;
    made->pile = std::make_shared<Pile<int>>();
    for (int turn = 0; turn < 3; ++turn)
        made->pile->add([turn](int x) { return x * turn; }(7));
    return made;
}
}
"""


def _compile(folder: Path, name: str, *flags: str) -> Path:
    source = folder / ("two.cc" if name.startswith("cpp") else "two.c")
    (folder / "twice.h").write_text(_HEADER)
    source.write_text(_CPP if source.suffix == ".cc" else _C)
    compiler = "g++" if source.suffix == ".cc" else "gcc"
    made = folder / f"{name}.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", *flags, "-o", made, source], check=True)
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("debug")


def _places(file: Path) -> list[int]:
    """Every 16th byte of its code, and some in between."""
    text = open_elf(str(file)).section(".text")
    assert text is not None
    end = text.address + text.size
    return sorted({*range(text.address, end, 16), *range(text.address, min(end, text.address + 600), 7)})


def _by_binutils(file: Path, places: list[int]) -> dict[int, list[tuple[str, str, int]]]:
    asked = "\n".join(hex(one) for one in places)
    done = subprocess.run(["addr2line", "-iafCe", file], input=asked, capture_output=True, text=True, check=True)
    told: dict[int, list[tuple[str, str, int]]] = {}
    rows = iter(done.stdout.splitlines())
    for row in rows:
        if row.startswith("0x"):
            told[at := int(row, 16)] = []
            continue
        path, _, line = next(rows).split(" (", 1)[0].rpartition(":")
        known = line.isdigit() and line != "0"
        told[at].append((row, posixpath.normpath(path) if known else "", int(line) if known else 0))
    return told


def _told(found: tuple[NativeFrame, ...]) -> list[tuple[str, str, int]]:
    return [(one.function or "??", one.file, one.line) for one in found]


def _plain(rows: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """Without what the compiler added to a name: it stands in symbol tables, not in debug information."""
    return [(name.split(" [clone")[0].split(".")[0], path, line) for name, path, line in rows]


def _has_line(path: str, line: int) -> bool:
    """binutils 2.40 calls some lines of a header by the source that includes it: lines which that does not have."""
    return not path or (Path(path).is_file() and line <= len(Path(path).read_text().splitlines()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("dwarf-2", ["-gdwarf-2"]),
        ("dwarf-3", ["-gdwarf-3"]),
        ("dwarf-4", ["-gdwarf-4"]),
        ("dwarf-5", ["-gdwarf-5"]),
        ("packed", ["-g", "-gz=zlib"]),
        ("sections", ["-g", "-ffunction-sections", "-Wl,--gc-sections"]),
        ("cpp-dwarf-5", ["-gdwarf-5"]),
        ("cpp-lto", ["-g", "-flto"]),
    ],
)
def test_functions_and_lines_are_those_of_binutils(folder: Path, name: str, flags: list[str]) -> None:
    file = _compile(folder, name, *flags)
    places = _places(file)
    expected = _by_binutils(file, places)
    found = {place: _told(frames(str(file), place, is_call=False)) for place in places}
    assert sum(len(rows) > 1 for rows in found.values()) > 3
    ours, theirs = ({at: _plain(rows) for at, rows in one.items()} for one in (found, expected))
    wrong = [(hex(at), rows, theirs[at]) for at, rows in ours.items() if rows != theirs[at]]
    assert [row for row in wrong if all(_has_line(path, line) for _, path, line in row[2])] == []
    assert len(wrong) <= len(places) * 0.05


@pytest.mark.parametrize("flags", [["-gdwarf64", "-gdwarf-5"], ["-gz=zlib-gnu"]], ids=["64-bit", "packed the old way"])
def test_forms_that_binutils_does_not_read_say_the_same(folder: Path, flags: list[str]) -> None:
    usual, other = _compile(folder, "usual", "-g"), _compile(folder, "other", "-g", *flags)
    told = [[_told(frames(str(file), at, is_call=False)) for at in _places(file)] for file in (usual, other)]
    assert told[0] == told[1]
    assert any(line for rows in told[0] for _, _, line in rows)


def test_where_functions_stand_in_a_file_that_is_not_read_lines_are_still_known(folder: Path) -> None:
    usual, split = _compile(folder, "usual-for-split", "-g"), _compile(folder, "split", "-g", "-gsplit-dwarf")
    for at in _places(usual):
        whole, told = frames(str(usual), at), frames(str(split), at)
        assert [(one.file, one.line) for one in told] == [(whole[0].file, whole[0].line)]
        assert told[0].function.split(".")[0] == whole[-1].function or not whole[-1].line


@pytest.mark.skipif(shutil.which("dwz") is None, reason="no dwz")
@pytest.mark.slow
def test_what_several_files_share_is_read_where_it_is_and_never_made_up(folder: Path, tmp_path: Path) -> None:
    """dwz moves what both have into a third file, where it finds enough."""
    usual = [_compile(folder, "cpp-shared", "-g"), _compile(folder, "cpp-shared-lto", "-g", "-flto")]
    lean, shared = [Path(shutil.copy(file, tmp_path)) for file in usual], tmp_path / "shared.debug"
    subprocess.run(["dwz", "-m", shared, *lean], check=True)
    assert open_elf(str(lean[0])).alternative_link() is not None
    for before, after in zip(usual, lean):
        for at in _places(before)[::3]:
            assert _told(frames(str(after), at)) == _told(frames(str(before), at))
    shared.unlink()
    alone = Path(shutil.copy(lean[0], tmp_path / "alone.so"))
    for at in _places(usual[0])[::3]:
        told = frames(str(alone), at)
        whole = frames(str(usual[0]), at)
        assert [(one.file, one.line) for one in told] == [(one.file, one.line) for one in whole]
        assert all(one.function in (other.function, "") for one, other in zip(told[:-1], whole))
