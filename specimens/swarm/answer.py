"""What a tool has said of one run, in the same words for every tool."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """A function, and the file it stands in if that is one of the specimen's own sources; else ""."""

    function: str
    file: str

    @property
    def place(self) -> str:
        """As faults.toml writes places."""
        return f"{self.file}:{self.function}"


Stack = tuple[Frame, ...]


@dataclass(frozen=True)
class Lost:
    """Blocks that one stack allocated, innermost frame first. `blocks` is None where the tool does not count them.

    `events`: who took the last pointer away, where the tool says it. `phase`: runtime, shutdown or test; "" where it
    does not say.
    """

    bytes: int
    blocks: int | None
    stack: Stack
    events: tuple[Stack, ...] = ()
    phase: str = ""

    @property
    def by_library(self) -> bool:
        """Whether a library allocated them for itself."""
        return not self.stack or not self.stack[0].file


@dataclass(frozen=True)
class Harm:
    """A broken free, or a crash. `kind` is "double free", "recursion" or the tool's own word."""

    kind: str
    stack: Stack


@dataclass(frozen=True)
class Answer:
    """`failed`: why there is no answer, empty when there is one."""

    lost: tuple[Lost, ...] = ()
    harm: tuple[Harm, ...] = ()
    failed: str = ""

    @property
    def application(self) -> tuple[Lost, ...]:
        return tuple(one for one in self.lost if not one.by_library)

    @property
    def is_silent(self) -> bool:
        return not self.lost and not self.harm and not self.failed

    @property
    def application_bytes(self) -> int:
        return sum(one.bytes for one in self.application)

    @property
    def application_blocks(self) -> int | None:
        counts = [one.blocks for one in self.application]
        return None if None in counts else sum(count for count in counts if count is not None)
