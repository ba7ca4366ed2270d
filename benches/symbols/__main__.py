"""`python -m benches.symbols [FILE…]`: seconds of processor for random places of each file, and how many agree.

Each tool is a process of its own that gets all places at once, as we do; ours is asked for one after the other, so that
the first and the further ones can be told apart. Without files: the library of the Python that runs this.
"""

from __future__ import annotations

import argparse
import posixpath
import random
import resource
import shutil
import statistics
import subprocess
import sysconfig
import time
from pathlib import Path

from outlive.symbols.elf import open_elf
from outlive.symbols.places import frames

_TOOLS = {
    "addr2line": ["addr2line", "-iafCe"],
    "llvm-symbolizer": ["llvm-symbolizer", "-iafC", "--output-style=GNU", "-e"],
}
Told = list[tuple[str, int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", default=[_library()])
    parser.add_argument("--places", type=int, default=1000)
    chosen = parser.parse_args()
    print("| file | who | all places | first | further: median, 9 of 10, longest | a second time, each | agree |")
    print("|---|---|---|---|---|---|---|")
    for file in chosen.files:
        _measure(Path(file), chosen.places)


def _library() -> str:
    folder, name = sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LDLIBRARY")
    return str(Path(folder, name).resolve())


def _measure(file: Path, count: int) -> None:
    places = _places(file, count)
    label = f"{file.name}, {file.stat().st_size >> 20} MB"
    ours, took, again = _ours(file, places)
    further = sorted(took[1:])
    shown = ", ".join(f"{one * 1000:.1f} ms" for one in (statistics.median(further), further[-len(further) // 10]))
    print(
        f"| {label} | Outlive | {sum(took):.2f} s | {took[0]:.2f} s | {shown}, {further[-1] * 1000:.0f} ms "
        f"| {again / len(places) * 1e6:.0f} µs | |"
    )
    for tool, command in _TOOLS.items():
        if shutil.which(tool):
            theirs, seconds = _theirs(command, file, places)
            same = sum(ours[at] == theirs.get(at) for at in places)
            print(f"| | {tool} | {seconds:.2f} s | | | | {same} of {len(places)} |")


def _places(file: Path, count: int) -> list[int]:
    text = open_elf(str(file)).section(".text")
    assert text is not None
    chance = random.Random(5)
    return [text.address + chance.randrange(text.size) for _ in range(count)]


def _ours(file: Path, places: list[int]) -> tuple[dict[int, Told], list[float], float]:
    told, took = {}, []
    for at in places:
        begun = time.process_time()
        told[at] = [(one.file, one.line) for one in frames(str(file), at, is_call=False)]
        took.append(time.process_time() - begun)
    begun = time.process_time()
    for at in places:
        frames(str(file), at, is_call=False)
    return told, took, time.process_time() - begun


def _theirs(command: list[str], file: Path, places: list[int]) -> tuple[dict[int, Told], float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    asked = "\n".join(map(hex, places))
    done = subprocess.run([*command, file], input=asked, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told: dict[int, Told] = {}
    rows = iter(done.stdout.splitlines())
    for row in rows:
        if row.startswith("0x"):
            told[at := int(row, 16)] = []
        elif row:
            path, _, line = next(rows).split(" (", 1)[0].rpartition(":")
            known = line.isdigit() and line != "0"
            told[at].append((posixpath.normpath(path) if known else "", int(line) if known else 0))
    return told, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
