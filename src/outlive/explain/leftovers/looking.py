"""One look at a watched program, with its heap, becomes what outlived its end. Wires this room; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from outlive.explain.context import Context
from outlive.explain.leftovers.census import census
from outlive.explain.leftovers.closed_in_use import used_remains
from outlive.explain.leftovers.ended import ended_remains
from outlive.explain.leftovers.endings import at_the_end, of_owners
from outlive.explain.leftovers.events import event_remains
from outlive.explain.leftovers.grouping import grouped
from outlive.explain.leftovers.holding import Holding
from outlive.explain.leftovers.identity import ended_nodes
from outlive.explain.leftovers.problems import problem
from outlive.explain.leftovers.scene import Scene
from outlive.explain.leftovers.scopes import of_scopes
from outlive.explain.leftovers.steps import of_steps
from outlive.explain.leftovers.stuck_things import stuck_remains
from outlive.explain.leftovers.telling import Teller
from outlive.heap.heap import Heap
from outlive.model.contracts import Contracts
from outlive.model.leftovers import Answer, Category, Leftover, Stuck
from outlive.model.look import Look


def explain_look(
    heap: Heap,
    look: Look,
    contracts: Contracts,
    context: Context,
    *,
    category: Category,
    stuck: Sequence[Stuck] = (),
) -> tuple[Leftover, ...]:
    """What had to end and has not, one for each mistake, the most serious first.

    `heap` is the look's snapshot. `context` says whose code is whose and where things were made; ages are read from
    the snapshot's stamps by the clock of ends. A look whose reason is "test" tells of the test's own category.
    """
    category = Category.TEST if look.reason == "test" else category
    scene = Scene(heap, look, contracts, context, category, stuck)
    ended = ended_nodes(scene)
    holding = Holding(scene, ended)
    things = census(scene)
    outlived = tuple(ended_remains(scene, holding, ended))
    causes = {one.cause for one in outlived if one.cause}
    remains = (
        *outlived,
        *of_owners(scene, ended, things),
        *of_scopes(scene, holding, things),
        *event_remains(scene, holding, things, causes),
        *stuck_remains(scene),
        *at_the_end(scene, holding, things),
        *of_steps(scene, holding, things),
        *used_remains(scene, holding),
    )
    teller = Teller(scene, holding, ended)
    return tuple(sorted(teller.told(grouped(remains, scene, holding, teller.clear)), key=_seriousness))


def _seriousness(one: Leftover) -> tuple[bool, bool, int, int]:
    return one.harmless, one.answer is not Answer.HELD, problem(one.problem).rank, -one.count
