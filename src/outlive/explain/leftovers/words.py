"""One sentence for each mistake: what is left, of what end, who keeps it, where it was made. Words only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from outlive.explain.leftovers.grouping import Group
from outlive.explain.leftovers.problems import problem
from outlive.explain.leftovers.remain import Remain
from outlive.explain.links import short
from outlive.model.explanation import Explanation, Hop, Site
from outlive.model.leftovers import Answer

_BOOKS = {
    "._scheduled": "the loop's timers",
    "._ready": "the loop's ready queue",
    "._selector": "the loop's watched descriptors",
    "._exception_handler": "the loop's exception handler",
    "._signal_handlers": "the loop's signal handlers",
    "._default_executor": "the loop's default executor",
    "._asyncgens": "the loop's asynchronous generators",
}
_RUNS = ("coroutine", "generator", "async_generator", "frame")
_PLURALS = {"process": "processes", "child process": "child processes", "temp-file": "temporary files"}


def sentence(group: Group, why: Explanation | None) -> str:
    """The whole sentence, with its full stop."""
    one = group.first
    if one.said:
        return one.said
    if one.answer is not Answer.HELD and one.problem == "outlived":
        return _harmless(group)
    return _BY_PROBLEM.get(one.problem, _open)(group, why)


# ---- parts ---------------------------------------------------------------------------------------------------------


def site_words(site: Site | None) -> str:
    """ "app.py:30"; "" when it is not known."""
    return f"{PurePath(site.file).name}:{site.line}" if site is not None else ""


def ended_words(type_name: str, lifetime: str, site: Site | None, count: int = 1) -> str:
    """ "Session closed at app.py:30", "3 Session closed at app.py:30"."""
    words = lifetime.split()
    name = short(type_name)
    what = f"{name} {words[1]}" if len(words) == 2 else f"{name} ({lifetime})" if lifetime else name
    at = f" at {site_words(site)}" if site else ""
    return f"{count:,} {what}{at}" if count > 1 else f"{what}{at}"


def way(why: Explanation | None) -> str:
    """Who holds it, as a person says it: "the loop's timers", "`app.sessions`", "native code"."""
    if why is None:
        return "something that could not be told"
    for before, hop in zip(why.path, why.path[1:]):
        if hop.label in _BOOKS and _is_loop(before):
            return _BOOKS[hop.label]
    if len(why.path) > 1 and why.path[-2].type in _RUNS and why.path[-1].label.startswith("<local variable "):
        name = why.path[-1].label[len("<local variable ") : -1]
        return f"the local variable `{name}` of {_running_name(why.path[-2])}"
    return why.held_by if why.held_by.startswith(("a thread", "native code")) else f"`{why.held_by}`"


def _running_name(hop: Hop) -> str:
    """ "the coroutine `app.main`"."""
    name = hop.what.partition(" ")[2].partition(" (")[0]
    return f"the {'function' if hop.type == 'frame' else hop.type} `{name}`" if name else f"a {hop.type}"


def _is_loop(hop: Hop) -> bool:
    return "EventLoop" in hop.type or hop.type.endswith("Loop")


def _made(group: Group, verb: str = "made") -> str:
    """ ", all made at api.py:88 in fetch()"; "" when that is not known."""
    site = group.first.made_at
    if site is None:
        return ""
    every = "all " if len(group.members) > 1 else ""
    return f", {every}{verb} at {site_words(site)} in {site.function}()"


def _at(group: Group, verb: str) -> str:
    site, every = group.first.made_at, "all " if len(group.members) > 1 else ""
    return f", {every}{verb} at {site_words(site)}" if site is not None else ""


def _named(group: Group) -> str:
    """ " `Task-2 (app.serve)`"; of several that are numbered what they have in common: " `app.serve`"."""
    names = {one.name for one in group.members}
    if len(names) < 2:
        return f" `{group.first.name}`" if group.first.name else ""
    inner = {name.rpartition(" (")[2].removesuffix(")") if name.endswith(")") else "" for name in names}
    common = inner.pop() if len(inner) == 1 else ""
    return f" `{common or group.first.name}`" if common or group.first.name else ""


def _things(group: Group, kind: str = "") -> str:
    """ "17 sockets", "1 task"."""
    kind, count = kind or group.first.kind, len(group.members)
    return f"1 {kind}" if count == 1 else f"{count:,} {_PLURALS.get(kind, kind + 's')}"


def _is(group: Group) -> str:
    return "is" if len(group.members) == 1 else "are"


def _was(group: Group) -> str:
    return "was" if len(group.members) == 1 else "were"


def _owner(group: Group) -> str:
    one = group.first
    return ended_words(one.owned or one.type, one.lifetime, one.ended_at, len(group.members))


# ---- what was ended ------------------------------------------------------------------------------------------------


def _harmless(group: Group) -> str:
    one, subject, are = group.first, _owner(group), _is(group)
    if one.answer is Answer.CYCLE:
        return f"{subject} {are} only waiting for the garbage collector: nothing holds {_it(group)} but a cycle."
    if one.answer is Answer.IN_FLIGHT:
        return f"{subject} {are} held only by what runs just now, and {_goes(group)} with the next turn of the loop."
    held = next((line for line in one.evidence if line.startswith("held by ")), "held by who looks")
    return f"{subject} {are} {held}."


def _it(group: Group) -> str:
    return "it" if len(group.members) == 1 else "them"


def _goes(group: Group) -> str:
    return "goes" if len(group.members) == 1 else "go"


def _outlived(group: Group, why: Explanation | None) -> str:
    made = _made(group)
    return f"{_owner(group)} {_is(group)} still held by {way(why)}{made}."


def _listener(group: Group, why: Explanation | None) -> str:
    hop = next((one for one in (why.path if why else ()) if one.type in ("method", "function")), None)
    name = hop.what.partition(" ")[2].partition(" (")[0] if hop and hop.what else ""
    listener = f"the listener `{name}`" if name else "a listener"
    return f"{_owner(group)} {_is(group)} still held by {way(why)} through {listener}, added and never removed."


def _acting(group: Group, why: Explanation | None) -> str:
    """Through what goes on: "… the loop's timers through the task `poll`, made at rpc.py:88 after the close"."""
    one = group.first
    if not one.owned:
        return _unowned(group, why)
    through = f"the {one.kind} `{one.name}`" if one.name else f"a {one.kind}"
    held = f"{_owner(group)} {_is(group)} still held"
    by = way(why)
    by = f" by {by}" if one.kind != "thread" else ""
    verb = "set" if one.kind == "timer" else "started" if one.kind == "thread" else "made"
    made = _at(group, verb)
    if one.problem == "made-after-close":
        when = "after the close" if _is_after(one) else "after the close had begun"
        made = f"{made} {when}" if made else f", {verb} {when}"
        made += _because(group)
    elif one.problem == "swallowed-cancellation":
        made += f", which was asked to cancel, and {_went_on(group)}"
    elif one.kind == "timer":
        made = f"{made} and never cancelled" if made else ", never cancelled"
    else:
        made += ", which goes on after the end"
    return f"{held}{by} through {through}{made}."


def _is_after(one: Remain) -> bool:
    return "it was made after the ending call had begun" not in one.evidence


def _because(group: Group) -> str:
    cause = next((one.cause for one in group.members if one.cause), "")
    return f", by the task `{cause}`, which swallowed its cancellation" if cause else ""


def _unowned(group: Group, why: Explanation | None) -> str:
    one = group.first
    of = f" of `{one.name}`" if one.name else ""
    end = f" when {one.lifetime} ended" if one.lifetime else ""
    ended = "cancelled" if one.kind == "timer" else "ended"
    return f"{_things(group)}{of}{_at(group, 'made')}, {_was(group)} not {ended}{end}."


# ---- what is open --------------------------------------------------------------------------------------------------


def _open(group: Group, why: Explanation | None) -> str:
    one = group.first
    end = f" at the end of {one.lifetime}" if one.lifetime else ""
    held = f", held by {way(why)}" if why is not None and one.answer is Answer.HELD and why.path else ""
    call = f"; nobody called {one.end_with}" if one.end_with else ""
    return f"{_things(group)} still open{end}{_made(group)}{held}{call}."


def _left_open(group: Group, why: Explanation | None) -> str:
    one = group.first
    owner = ended_words(one.owned, one.lifetime, one.ended_at)
    return f"{owner} left {_things(group)} open{_made(group)}."


def _enter_raised(group: Group, why: Explanation | None) -> str:
    one = group.first
    if not one.owned:
        return f"`{one.name}` raised after its work had begun; nothing that it left open was found."
    call = f"; nobody calls {one.end_with}" if one.end_with else ""
    return f"Entering {short(one.owned)} raised after it had acquired {_things(group)}{_made(group)}{call}."


def _left_behind(group: Group, why: Explanation | None) -> str:
    one = group.first
    of = f" `{one.name}`" if one.name and len(group.members) == 1 else ""
    held = f", held by {way(why)}" if why is not None and one.answer is Answer.HELD and why.path else ""
    made_in = f"made in {one.lifetime or 'a scope'}"
    return f"{_things(group)}{of} {made_in} {_is(group)} still there after it{_made(group)}{held}."


def _zombie(group: Group, why: Explanation | None) -> str:
    names = ", ".join(dict.fromkeys(one.name for one in group.members[:3] if one.name))
    of = f" ({names})" if names else ""
    made = _made(group, "started")
    if group.first.problem == "zombie":
        return f"{_things(group, 'child process')}{of} ended, and nobody waited for {_it(group)}{made}."
    return f"{_things(group, 'child process')}{of} still {'runs' if _it(group) == 'it' else 'run'} at the end{made}."


def _descriptor(group: Group, why: Explanation | None) -> str:
    kinds = list(dict.fromkeys(filter(None, (_what_is_open(one.name) for one in group.members))))
    what = f" ({', '.join(kinds[:3])})" if kinds else ""
    made = _made(group, "opened")
    return f"{_things(group, 'descriptor')}{what} that no Python object owns {_is(group)} open at the end{made}."


def _what_is_open(name: str) -> str:
    """ "pipe" of "pipe:[4711]", "eventpoll" of "anon_inode:[eventpoll]", "file" of a path."""
    kind, _, inner = name.partition(":[")
    if kind == "anon_inode":
        return inner.rstrip("]")
    return kind if inner else "file" if name.startswith("/") else ""


def _temp_file(group: Group, why: Explanation | None) -> str:
    return f"{_things(group, 'temporary file')} {_was(group)} left behind{_made(group)}."


def _closed_in_use(group: Group, why: Explanation | None) -> str:
    users = list(dict.fromkeys(one.name for one in group.members if one.name))
    using = f"{' and '.join(users[:2])} still used {_it(group)}" if users else f"{_it(group)} was still used"
    using = using if users else "its user still ran"
    return f"{_things(group)}{_made(group)}, {_was(group)} closed while {using}."


# ---- what goes on --------------------------------------------------------------------------------------------------


def _running(group: Group, why: Explanation | None) -> str:
    one = group.first
    if one.owned:
        return _acting(group, why)
    title = {
        "pending-at-end": "still pending",
        "cancel-not-run": "asked to cancel, but the loop has not turned since",
        "swallowed-cancellation": f"asked to cancel, and {_went_on(group)}",
        "generator-not-closed": "suspended in the middle and never closed",
        "never-awaited": "never awaited",
        "task-lost": "lost before it was done: nobody kept a reference to it",
        "thread-running": "still running",
    }.get(one.problem, problem(one.problem).title)
    name = f" `{one.name}`" if one.name else ""
    verb = _is(group) if title.startswith("still") and not one.lifetime else _was(group)
    end = f" when {one.lifetime} ended" if one.lifetime and one.problem in ("pending-at-end", "thread-running") else ""
    return f"{_things(group)}{name}{_at(group, 'made')}, {verb} {title}{end}."


def _went_on(group: Group) -> str:
    """An event is certain; the heap alone cannot tell going on from a clean-up that takes its time."""
    if not group.first.node:
        return "went on"
    return "went on, or is still cleaning up" if len(group.members) == 1 else "went on, or are still cleaning up"


def _stuck(group: Group, why: Explanation | None) -> str:
    one = group.first
    name = _named(group)
    verb = "waits" if len(group.members) == 1 else "wait"
    waits = next((line for line in one.evidence if line.startswith("waits for ")), "").removeprefix("waits for ")
    what = f" for {waits}" if waits else ""
    grade = f": {one.stuck.value}" if one.stuck.value else ""
    keeps = f"; {'it keeps' if verb == 'waits' else 'they keep'} {_owner(group)}" if one.owned else ""
    asleep = f"{verb}{what}, and nothing that runs can wake {_it(group)}{grade}"
    return f"{_things(group)}{name}{_at(group, 'made')}, {asleep}{keeps}."


_BY_PROBLEM: dict[str, Callable[[Group, Explanation | None], str]] = {
    "outlived": _outlived,
    "listener-not-removed": _listener,
    "made-after-close": _acting,
    "task-goes-on": _acting,
    "thread-goes-on": _acting,
    "timer-not-cancelled": _acting,
    "left-open": _left_open,
    "left-behind": _left_behind,
    "enter-raised": _enter_raised,
    "zombie": _zombie,
    "child-running": _zombie,
    "fd-without-owner": _descriptor,
    "temp-file-left": _temp_file,
    "closed-while-used": _closed_in_use,
    "pending-at-end": _running,
    "cancel-not-run": _running,
    "swallowed-cancellation": _running,
    "generator-not-closed": _running,
    "never-awaited": _running,
    "task-lost": _running,
    "thread-running": _running,
    "stuck": _stuck,
    "idle-thread": _stuck,
}
