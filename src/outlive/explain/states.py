"""Expected, stuck, unknown along a path: what inspectors say of single objects, spread by two rules.

Theory of operation. A path leads from what rightly lives to what should be gone, so there is one border on it.
 1. What holds an *expected* object (comes before it on the path) is expected too: it must live to do so.
 2. What hangs on a *stuck* object (comes after it) is stuck too: it lives because the stuck one does.
When an object called stuck holds an expected one, the nearer to the end wins: the expected one lives for reasons of
its own, and the border lies behind it. The answer that lost is kept in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from outlive.explain.inspectors.answer import Answer
from outlive.explain.links import Link, short
from outlive.model.explanation import State

NOTHING_KNOWN = Answer(State.UNKNOWN, "")


def spread(links: Sequence[Link], answers: Sequence[Answer | None]) -> tuple[Answer, ...]:
    """The answer for each link once both rules have been applied."""
    known = [answer or NOTHING_KNOWN for answer in answers]
    border = _last(known, State.EXPECTED)
    first = next((at for at in range(border + 1, len(known)) if known[at].state is State.STUCK), len(known))
    holder = links[border] if border >= 0 else None
    before = [_before(one, holder) for one in known[: max(border, 0)]] if holder else []
    inherited = [_behind(one, links[first]) for one in known[first + 1 :]]
    return (*before, *known[len(before) : first + 1], *inherited)


def _last(known: Sequence[Answer], state: State) -> int:
    return max((at for at, one in enumerate(known) if one.state is state), default=-1)


def _before(one: Answer, expected: Link) -> Answer:
    if one.state is State.EXPECTED:
        return one
    because = f"holds {_called(expected)}, which is expected"
    overruled = one.state is State.STUCK and one.reason
    return Answer(State.EXPECTED, f"{because} (although {one.reason})" if overruled else because)


def _behind(one: Answer, stuck: Link) -> Answer:
    if one.state is State.STUCK:
        return one
    because = f"held by {_called(stuck)}, which is stuck"
    return replace(one, state=State.STUCK, reason=f"{because}; {one.reason}" if one.reason else because)


def _called(link: Link) -> str:
    return link.what or f"the {short(link.type)}"


def judge_links(
    links: Sequence[Link], inspect: Callable[[int], Answer | None], shared: Callable[[int], Answer | None]
) -> tuple[Answer, ...]:
    """States of a path. `shared` knows of objects on which many outlivers hang; of those the age proves nothing."""
    return spread(links, [_one(link.node, inspect, shared) for link in links])


def _one(node: int, inspect: Callable[[int], Answer | None], shared: Callable[[int], Answer | None]) -> Answer | None:
    answer = inspect(node)
    return answer if answer and answer.state is State.EXPECTED else shared(node) or answer
