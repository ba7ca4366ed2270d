"""Does native code lose memory, and who? Runs the scenario once more, with every native block recorded, and looks.

Knows when to look, for how long, and what a check's result becomes by it; which blocks are lost at a steady rate, whose
they are and how that is said is the explain room's.

Theory of operation. The recorder must be in the process from its first instruction on, and costs time; so the check
itself runs without it, and a second, fresh child runs some steps with it when the check is over. One look tells whether
anything is lost in several steps, or nothing: then that was all, and it has cost little. Else two more looks are
taken, each after as many steps again. Blocks that are lost on purpose, and one that is held, say whether the looks
can be believed; where they cannot, nothing is said but that.

A block that nobody can come by any more is a leak however small; memory that is kept is none by itself. So what is
kept only explains growth that the judge has found.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from outlive.capture.blocks import BlockLook, load_blocks
from outlive.capture.blocks_preload import NoRecorder, block_environment
from outlive.capture.packages import read_packages
from outlive.capture.snapshot import load
from outlive.errors import OutliveError
from outlive.explain.context import Context
from outlive.explain.kept_blocks import KeptPile, kept_piles, mapped_piles
from outlive.explain.lost_blocks import FEWEST_STEPS, LostPile, is_suspect, lost_piles
from outlive.explain.native_findings import NativeSeen, is_unexplained, with_native_memory
from outlive.explain.native_origin import Origins
from outlive.heap.heap import Heap
from outlive.model.native_blocks import BlockClass
from outlive.model.packages import Packages
from outlive.model.verdict import CheckResult, Control, Cost, Note, Outcome
from outlive.symbols.places import frames
from outlive.symbols.variables import variable
from outlive.trial.native_looks import HELD_BYTES, LOST_BLOCKS, LOST_BYTES
from outlive.trial.options import Ended, Reading, TrialOptions
from outlive.trial.supervisor import Trial

# Of the check's time, and at least in seconds; where it is asked for or wants a cause so many, or the check's time.
_SHARE, _LEAST_SECONDS, _EXPLAINING_SECONDS = 0.1, 0.5, 10.0
# A start that took more than this share of the check is not made again, unless it is asked for.
_STARTING = 0.1
# Recording costs up to three times a step's time; so many steps at most between two looks.
_SLOWER, _MOST_STEPS = 3.0, 2000
# Of the blocks planted as lost so many must be seen: a stale word may still lead to one.
_SEEN = 6
_PLANTER = "/outlive/trial/native_looks.py"
_SLUG = "native"

Answer = TypeVar("Answer", str, dict[str, Any], Reading)


class _Ended(Exception):
    """The second child ended by itself; in words."""


class _TooSlow(Exception):
    """It would take more than its share of the check's time."""


@dataclass(frozen=True)
class Wanted:
    """`anyhow`: it was asked for; else it is left out without a word where there is no recorder or it takes long.

    `allow` and `mine` are the check's. At most `most` steps are run.
    """

    anyhow: bool = True
    allow: Sequence[str] = ()
    mine: Sequence[str] = ()
    most: int | None = None


def look_at_native_memory(
    result: CheckResult, scenario: str, options: TrialOptions, wanted: Wanted, *, start_seconds: float = 0.0
) -> CheckResult:
    """`result` of a check of `scenario`, with what native code loses, and why native memory grows.

    `start_seconds`: what it took to start the scenario. Whatever fails here is a note.
    """
    if result.outcome is not Outcome.FINISHED or result.cost is None:
        return result
    began = time.monotonic()
    inquiry = _Looks(scenario, options, wanted)
    try:
        seen = inquiry.look(result, start_seconds)
        if inquiry.blind:
            told = _noted(result, f"could not be judged: {inquiry.blind}")
        else:
            told = with_native_memory(result, seen, inquiry.context(), allow=wanted.allow, mine=wanted.mine)
    except (NoRecorder, _TooSlow) as error:
        told = _noted(result, f"was not looked at: {error}") if wanted.anyhow else result
    except (OutliveError, OSError, _Ended) as error:
        told = _noted(result, f"could not be looked at: {error}")
    except Exception as error:  # a mistake of ours in explaining must not take the verdict with it
        told = _noted(result, f"could not be looked at: {_our_mistake(error)}")
    spent = time.monotonic() - began
    cost = replace(
        result.cost,
        wall_seconds=result.cost.wall_seconds + spent,
        explaining_seconds=result.cost.explaining_seconds + spent,
    )
    return replace(told, controls=(*told.controls, *inquiry.controls), cost=cost)


@dataclass
class _Looks:
    """What a second child, with the recorder in it, shows of one scenario. `blind`: why it cannot be believed."""

    scenario: str
    options: TrialOptions
    wanted: Wanted
    looks: list[BlockLook] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    controls: tuple[Control, ...] = ()
    blind: str = ""
    _packages: Packages = field(default_factory=Packages)
    _own_modules: frozenset[str] = frozenset()

    def look(self, result: CheckResult, start_seconds: float) -> NativeSeen:
        assert result.cost is not None
        wants_cause = any(is_unexplained(one) for one in result.findings)
        if not (wants_cause or self.wanted.anyhow) and start_seconds > _STARTING * result.cost.wall_seconds:
            raise _TooSlow(f"to start it again takes {start_seconds:,.1f} s")
        count = self._steps_between(result.cost, wants_cause)
        heap = None
        with Trial(self.scenario, _recorded(self.options)) as trial:
            if (ended := trial.start()) is not None:
                raise _Ended(ended.reason)
            self._begin(trial)
            self._look_after(trial, count)
            if not self.blind and (wants_cause or is_suspect(self.looks[0], self._origins())):
                self._look_after(trial, count)
                self._look_after(trial, count)
                imports = _answered(trial.ask("import-path", {}))
                self._own_modules = trial.own_modules
                self._packages = read_packages(imports["path"], own_modules=trial.own_modules, python=imports["python"])
                if wants_cause:
                    heap = Heap(load(_answered(trial.snapshot("native"))))
            trial.finish()
        return self._seen(heap)

    def context(self) -> Context:
        return Context(packages=self._packages, own_modules=self._own_modules, kind="native")

    def _seen(self, heap: Heap | None) -> NativeSeen:
        if self.blind or len(self.looks) < 3:
            return NativeSeen(self.steps[-1], (), ())
        origins = self._origins()
        lost: tuple[LostPile, ...] = lost_piles(self.looks, self.steps, origins)
        kept: tuple[KeptPile, ...] = ()
        if heap is not None:
            kept = (
                *kept_piles(self.looks, self.steps, origins, heap, variable),
                *mapped_piles(self.looks, self.steps, origins),
            )
        return NativeSeen(self.steps[-1], lost, kept, heap, whole=heap is not None)

    def _steps_between(self, cost: Cost, wants_cause: bool) -> int:
        """How many steps fit between two looks."""
        seconds = max(_LEAST_SECONDS, _SHARE * cost.wall_seconds)
        if wants_cause or self.wanted.anyhow:
            seconds = max(seconds, _EXPLAINING_SECONDS, cost.wall_seconds)
        each = _SLOWER * max(1e-6, cost.step_seconds / max(1, cost.steps))
        fitting = min(_MOST_STEPS, int(seconds / 3 / each))
        if self.wanted.most is not None:
            fitting = min(fitting, self.wanted.most // 3)
        if 3 * fitting < FEWEST_STEPS:
            raise _TooSlow(f"in the time that a look may take, fewer than {FEWEST_STEPS} steps can be recorded")
        return fitting

    def _begin(self, trial: Trial) -> None:
        answer = _answered(trial.ask("native-begin", {}))
        if answer["why"]:
            raise _Ended(str(answer["why"]))

    def _look_after(self, trial: Trial, count: int) -> None:
        reading = _answered(trial.advance(count))
        look = load_blocks(_answered(trial.native_look(str(reading.steps))))
        self.looks.append(look)
        self.steps.append(reading.steps)
        self.controls = _controls(look)
        missed = [one for one in self.controls if not one.seen]
        if missed:
            self.blind = f"{missed[0].name}: expected {missed[0].expected}, got {missed[0].got}"

    def _origins(self) -> Origins:
        return Origins(self.looks[-1], frames)


def _recorded(options: TrialOptions) -> TrialOptions:
    """The same child with the recorder in it, and without what would make blocks of its own."""
    own = {"LD_PRELOAD": options.env.get("LD_PRELOAD", os.environ.get("LD_PRELOAD", ""))}
    env = {**options.env, **block_environment(own)}
    return replace(options, env=env, sites=False, contracts=None)


def _answered(answer: Answer | Ended) -> Answer:
    if isinstance(answer, Ended):
        raise _Ended(f"with its native memory recorded, {answer.reason}")
    return answer


def _controls(look: BlockLook) -> tuple[Control, ...]:
    """What became of the blocks that were planted before the first step."""
    rows = np.flatnonzero(np.isin(look.size, (LOST_BYTES, HELD_BYTES)) & (look.site > 0))
    sites = np.unique(look.site[rows]).tolist()
    planted = [number for number in sites if look.lines(number)[0].file.endswith(_PLANTER)]
    rows = rows[np.isin(look.site[rows], planted)]
    lost = int(np.sum((look.size[rows] == LOST_BYTES) & (look.block_class[rows] <= BlockClass.LOST_UNDER)))
    held = look.block_class[rows][look.size[rows] == HELD_BYTES]
    is_held = len(held) == 1 and int(held[0]) == BlockClass.HELD
    return (
        Control("planted native loss", "positive", f"{LOST_BLOCKS} lost blocks", f"{lost} lost blocks", lost >= _SEEN),
        Control("planted native innocent", "null", "held", "held" if is_held else "not held", is_held),
    )


def _our_mistake(error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"a mistake in Outlive, please report it: {type(error).__name__}: {error} ({where.filename}:{where.lineno})"


def _noted(result: CheckResult, words: str) -> CheckResult:
    return replace(result, notes=(*result.notes, Note(_SLUG, f"native memory {words}")))
