"""The little library that the kernel puts into every program: it is no file, so ours is read, which is the same one."""

from __future__ import annotations

from pathlib import Path

from outlive.symbols.elf import ElfFile, NotElf

VDSO = "[vdso]"
_LARGEST = 1 << 20


def vdso() -> ElfFile | None:
    """None where this process has none that can be read."""
    try:
        rows = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
        start, end = next(
            (int(first, 16), int(last, 16))
            for row in rows
            if row.endswith(VDSO)
            for first, last in [row.split(" ", 1)[0].split("-")]
        )
        with open("/proc/self/mem", "rb", buffering=0) as memory:
            memory.seek(start)
            return ElfFile.of_bytes(memory.read(min(end - start, _LARGEST)))
    except (OSError, StopIteration, ValueError, NotElf):
        return None
