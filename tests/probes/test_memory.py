from __future__ import annotations

import mmap

from outlive.probes import faults, mappings, memory, uss

_TOUCHES_8_MB = """
print("ready", flush=True)
input()
kept = bytearray(8 * 1024 * 1024)
print("done", flush=True)
input()
"""


def test_touched_memory_of_another_process_shows_in_rss_data_and_size(start):
    program = start(_TOUCHES_8_MB)
    before = memory.read(program.pid)
    program.tell()
    after = memory.read(program.pid)
    for figure in ("vm_size", "vm_data", "vm_rss"):
        assert after[figure] - before[figure] >= 8 * 1024 - 512, figure  # VmRSS lags by some pages


def test_freed_memory_stays_in_the_peak():
    block = mmap.mmap(-1, 32 * 1024 * 1024)
    block.write(b"x" * len(block))
    block.close()
    figures = memory.read()
    assert figures["vm_peak"] >= figures["vm_size"] + 16 * 1024


def test_a_program_that_is_not_python_has_the_same_figures(cat):
    figures = memory.read(cat.pid)
    assert set(figures) == {"vm_size", "vm_rss", "vm_data", "vm_peak", "vm_hwm", "vm_swap"}
    assert 0 < figures["vm_rss"] < figures["vm_size"]


# In a program of its own: what the runner of tests does meanwhile (a page it shared with a child that has ended,
# a reply it reads) is private memory too.
_MAPS_4_MB = """
import mmap
print("ready", flush=True)
input()
pages = mmap.mmap(-1, 4 * 1024 * 1024, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
pages.write(b"x" * len(pages))
print("done", flush=True)
input()
"""


def test_unique_memory_grows_with_touched_private_pages(start):
    program = start(_MAPS_4_MB)
    before = uss.read(program.pid)
    program.tell()
    after = uss.read(program.pid)
    assert 3 * 1024 < after["uss"] - before["uss"] < 6 * 1024


def test_touching_fresh_pages_makes_a_minor_fault_for_each_or_each_huge_one():
    before = faults.read()["minor_faults"]
    with mmap.mmap(-1, 1024 * mmap.PAGESIZE) as block:
        for at in range(0, len(block), mmap.PAGESIZE):
            block[at] = 1
    assert faults.read()["minor_faults"] > before


def test_a_mapped_file_is_one_more_file_mapping(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"x" * mmap.PAGESIZE)
    before = mappings.count_by_kind().get("file", 0)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0):
        assert mappings.count_by_kind()["file"] == before + 1
        path.unlink()
        assert mappings.count_by_kind()["deleted-file"] >= 1
    assert mappings.count_by_kind()["file"] == before


def test_mappings_add_up_to_the_lines_of_the_list(cat):
    program_lines = mappings.read(cat.pid)["mappings"]
    with open(f"/proc/{cat.pid}/maps", "rb") as listing:
        assert len(listing.readlines()) == program_lines
