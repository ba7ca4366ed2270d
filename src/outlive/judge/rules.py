"""The figures that the judge weighs by, each with its reason. Knows no series and decides nothing.

They come from arithmetic and from a bench of clean and leaking programs, never from one case: change one only with
`benches/verdict` beside you.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# What the operating system hands out in hundreds, not in millions: a leak of these has to be judged early, because
# a program that loses one at each step dies near its thousandth.
HANDLES = frozenset({"fds", "threads", "children", "temp-files"})

# How many bytes (or whatever is counted) a counter must have grown before its growth means anything. `mapped` moves
# in arenas of up to 64 MB that belong to no step; malloc's own bookkeeping is worth a few hundred bytes.
_LEAST_GROWTH = {"mapped": 16 << 20, "native": 1024}


@dataclass(frozen=True)
class Rules:
    """How much evidence an accusation needs."""

    # One false alarm in a hundred runs, over all counters of the run together.
    false_alarms: float = 0.01
    # The second window's rate must be at least this share of the first's. A growth per *sample* instead of per step
    # reads 0.5, as does a logarithm; a square root reads 0.71.
    not_fading: float = 0.75
    # Growth in fewer (equivalent, equal) jumps than this is a table that was resized, or a module imported late.
    fewest_jumps: float = 5.0
    # Growth must exceed the deepest fall of the raw readings by this factor, or it is a saw-tooth seen from below.
    over_falls: float = 1.5
    # Evidence that each of the two disjoint windows must bring of its own.
    first_window_e: float = 8.0
    second_window_e: float = 12.0
    # Growth whose silence at the end has no more than this chance, were it still going on, has stopped.
    stopped: float = 0.02
    # Below this evidence, what was seen is not even worth a note.
    worth_a_note_e: float = 20.0
    # From here on more steps are spent on it (four rises, no fall).
    worth_following_e: float = 5.0
    # A single fall of this share of the deepest one is the end of a tooth, not noise …
    deep_fall: float = 0.4
    # … but in the first stretch of the windows too little was due for its trough to say anything.
    too_early_to_tell: float = 0.15
    floors: int = 20
    fewest_samples: int = 12
    least_growth: Mapping[str, int] = field(default_factory=lambda: dict(_LEAST_GROWTH))

    def e_needed(self, unsteady: int) -> float:
        """The evidence that one counter needs when `unsteady` counters of the run move both ways.

        By Markov's inequality an e-value above n/a has a chance below a/n under chance alone; summed over n counters,
        a. Counters that never move or never fall cannot be made to accuse by noise, and do not count.
        """
        return max(1, unsteady) / self.false_alarms
