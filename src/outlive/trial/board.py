"""The notice board: one shared page on which the child says how far it is, and the parent reads it at any moment.

A message can only be sent by a process that still works. The page outlives a crash and closed descriptors, and needs no
system call, so the child can afford to note every single step: "killed by SIGSEGV in step 1,204" comes from here.

    bytes 0–7    steps that have ended         bytes 8–15   signs of life, counting up
    byte 16      the phase, one of those below
"""

from __future__ import annotations

import mmap
import os

PAGE_BYTES = 4096

STARTING, LOADING, SETUP, STEPPING, SETTLING, COUNTING, WAITING, ANSWERING, TEARDOWN, LEAVING, CUT_OFF = range(11)

# Where the scenario was, put so that it follows "the scenario raised …".
WORDS = {
    STARTING: "before it was loaded",
    LOADING: "while it was being loaded",
    SETUP: "in setup()",
    STEPPING: "in step {step}",
    SETTLING: "while it settled after step {done}",
    COUNTING: "while it was being counted after step {done}",
    WAITING: "between steps, after step {done}",
    ANSWERING: "while its heap was looked at after step {done}",
    TEARDOWN: "in teardown()",
    LEAVING: "while it was leaving",
    CUT_OFF: "after step {done}",
}


class Board:
    """Either side's view of the page. The child writes; a forked copy of it never gets here (see `line`)."""

    __slots__ = ("_page",)

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, PAGE_BYTES)
            self._page = mmap.mmap(descriptor, PAGE_BYTES)
        finally:
            os.close(descriptor)

    def enter(self, phase: int) -> None:
        """Note a new phase, which is also a sign of life."""
        self._page[16] = phase
        self.live()

    def live(self) -> None:
        """A sign of life: the parent's patience begins anew."""
        self._page[8:16] = (self.signs + 1).to_bytes(8, "little")

    def stepped(self, done: int) -> None:
        """Note that so many steps have ended."""
        self._page[0:8] = done.to_bytes(8, "little")

    @property
    def steps(self) -> int:
        return int.from_bytes(self._page[0:8], "little")

    @property
    def signs(self) -> int:
        return int.from_bytes(self._page[8:16], "little")

    @property
    def phase(self) -> int:
        return self._page[16]

    def where(self) -> str:
        """The place in words. Steps are numbered as `step(i)` sees them: the first is 0."""
        return place(self.phase, self.steps)

    def close(self) -> None:
        self._page.close()


def place(phase: int, steps: int) -> str:
    """A phase in words, after so many steps."""
    words = WORDS.get(phase, "at an unknown place")
    if steps == 0 and "{done}" in words:
        words = words.replace("after step {done}", "before the first step")
    return words.format(step=steps, done=steps - 1)
