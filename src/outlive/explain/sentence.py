"""One sentence that a person can act on: what keeps what, and what would let it go. Words only; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from outlive.explain.kinds import plain
from outlive.explain.links import Chain, Link, short
from outlive.model.explanation import Hop, Site

# What a container does with what is put in, by plain type of the holder.
_LIST_LIKE = ("list", "collections.deque")
_DICT_LIKE = ("dict", "collections.OrderedDict", "collections.defaultdict", "collections.Counter")
_UNNAMED = ("<unknown", "<unnamed")
_SET_LIKE = ("set", "frozenset")

# What wraps one thing for its holder, and has nothing to say itself.
_WRAPPERS = ("tuple", "list", "dict")
# What is better told by its name than by its type alone.
_NAMED = {
    "function": "function",
    "method": "bound method",
    "generator": "generator",
    "coroutine": "coroutine",
    "async_generator": "asynchronous generator",
}


@dataclass(frozen=True)
class Told:
    """All that a sentence needs. `faulty` are indices of the path's suspect references, the named one first.

    `linked`: other outlivers hang on this one in a row, as in a linked list.
    """

    chain: Chain
    hops: tuple[Hop, ...]
    faulty: tuple[int, ...]
    site: Site | None
    native_references: int
    family: str = ""
    linked: bool = False


def sentence(told: Told) -> str:
    """What keeps the outliver; where it is not certain, the sentence says so."""
    if told.family:
        return f"{_code(held_by(told.chain, told.faulty))} keeps {_subject(told)}: {told.family}."
    if not told.faulty:
        return f"{_code(told.chain.expression)} holds it, and nothing shows that it should not."
    text = _held(told) + (", and each holds another one" if told.linked else "")
    return f"{text}{_doubt(told)}"


def unheld(type_name: str, site: Site | None, references: int) -> str:
    """The sentence for an object that no Python object holds."""
    what = f"each {short(type_name)}{_made_by(site)}"
    if references > 0:
        count = "1 reference" if references == 1 else f"{references} references"
        return f"{count} owned by native code keep{'s' if references == 1 else ''} {what}; no Python object holds it."
    return f"Only objects that hold each other keep {what}: a cycle that the garbage collector has not collected yet."


def in_hidden_cycle(type_name: str, site: Site | None, through: str) -> str:
    """The sentence for an object that a ring keeps of which one part hides what it holds."""
    return (
        f"A cycle through {_code(through)}, which hides its references from the collector, most likely keeps "
        f"each {short(type_name)}{_made_by(site)}; nothing else holds it."
    )


def held_by(chain: Chain, faulty: Sequence[int]) -> str:
    """The faulty reference's holder as one expression; the root's name where the root itself holds."""
    if not faulty:
        return chain.expression
    if faulty[0] > 0:
        return chain.expression_to(faulty[0] - 1)
    thread = chain.thread
    return f"a thread in {thread.entry}" if thread and thread.thread_object and thread.entry else chain.root


def _held(told: Told) -> str:
    at = told.faulty[0]
    first = told.chain.links[at]
    holder = told.chain.links[at - 1] if at else None
    kind = plain(holder.type) if holder else ""
    subject = _subject(told)
    if at == 0 and told.chain.root_kind == "native":
        return unheld(told.chain.last.type, told.site, told.native_references).removesuffix(".")
    if at == 0 and told.chain.thread and told.chain.thread.thread_object:
        started = (
            f"A thread that runs {_code(told.chain.thread.entry)} was started by a step and nothing has stopped it"
        )
        return f"{started}; it keeps {_served(told)}each {short(told.chain.last.type)}{_made_by(told.site)}"
    expression = held_by(told.chain, told.faulty)
    if kind in (*_LIST_LIKE, *_DICT_LIKE, *_SET_LIKE):
        place = f"{_code(expression)} ({_a(short(kind))}{_whose(told.chain, at - 1)})"
        return f"{place} keeps {subject}; nothing removes {'them' if 'each' in subject else 'it'}"
    return _by_other(told, holder, first, expression)


def _served(told: Told) -> str:
    """Whom the thread works for, if that keeps it in an attribute: "the Listener that should have stopped it, and "."""
    links = told.chain.links
    owner = links[-2] if len(links) > 2 and plain(told.chain.last.type) == "threading.Thread" else None
    named = owner is not None and "." in plain(owner.type) and links[-1].label.startswith(".")
    return f"the {short(owner.type)} that should have stopped it, and " if owner is not None and named else ""


def _by_other(told: Told, holder: Link | None, first: Link, expression: str) -> str:
    """Holders that are no collections: each kind keeps things in a way of its own."""
    kind = plain(holder.type) if holder else ""
    subject, label = _subject(told), first.label.strip(" <>")
    name = _name(holder, expression)
    if "lru_cache" in kind:
        return f"The cache of {name} (functools.lru_cache) keeps {subject.removesuffix(', in a tuple')}{_cached(label)}"
    if "closure" in label or kind == "cell":
        return f"{name} is kept, and its {label} keeps {subject}"
    if label.startswith("default"):
        return f"The {label} of {name} keeps {subject}"
    if kind == "frame" and told.faulty[0] > 1:
        return f"The frame of {name}, kept after its end, keeps {subject} in its {label}"
    if kind in ("frame", "thread"):
        return f"{_code(expression)} is still running, and its {label} keeps {subject}"
    if kind in ("coroutine", "generator", "async_generator"):
        return f"The suspended {kind} {name} keeps {subject} in its {label} until it goes on or is closed"
    if first.label.startswith("."):
        return f"{_code(expression + first.label)} still refers to {subject}"
    if not holder and told.chain.root_kind == "interpreter":
        return f"The interpreter ({first.label}) keeps {subject}"
    if not holder:
        return f"{_code(first.label)} keeps {subject}"
    return f"{_code(expression)} keeps {subject}, as its {label}"


def _cached(label: str) -> str:
    return " as a key" if "key" in label else " as a result" if "result" in label else ""


def _name(holder: Link | None, expression: str) -> str:
    """ "`app.f` (app.py:3)" of "function app.f (app.py:3)", else the expression."""
    if holder is None or not holder.what:
        return _code(expression)
    name, _, place = holder.what.partition(" ")[2].partition(" (")
    return f"{_code(name or holder.what)} ({place}" if place else _code(name or holder.what)


def _subject(told: Told) -> str:
    """ "each Session that app.handle (app.py:88) makes"; the kept object may be another than the outliver."""
    last = told.chain.last
    if not told.faulty:
        return f"each {short(last.type)}{_made_by(told.site)}"
    at = told.faulty[0]
    first = told.chain.links[at]
    if at == len(told.chain.links) - 1:
        return f"each {short(last.type)}{_made_by(told.site)}"
    if plain(first.type) in _WRAPPERS and at == len(told.chain.links) - 2:
        return f"each {short(last.type)}{_made_by(told.site)}, in {_a(short(first.type))}"
    name = first.what.partition(" ")[2].partition(" (")[0] if plain(first.type) in _NAMED else ""
    called = f"{_NAMED[plain(first.type)]} {_code(name)}" if name else short(first.type)
    return f"each {called}, and with it the {short(last.type)}{_made_by(told.site)}"


def _made_by(site: Site | None) -> str:
    if site is None:
        return ""
    return f" that {site.function} ({PurePath(site.file).name}:{site.line}) makes"


def _whose(chain: Chain, at: int) -> str:
    """Where a collection belongs: a module's global, or an attribute of some class's instance."""
    before = chain.links[at - 1] if at else None
    if chain.root_kind == "module" and (before is None or plain(before.type) == "module"):
        return f" in module {chain.root}"
    if before and chain.links[at].label.startswith(".") and "." in before.type:
        return f" of {_a(before.type)}"
    return ""


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1] in "aeiouAEIO" else f"a {noun}"


def _doubt(told: Told) -> str:
    """What is not certain, after the sentence."""
    doubts = []
    if len(told.faulty) > 1:
        doubts.append(f"one of the {len(told.faulty)} references marked is the mistake; which one is not certain")
    if any(word in hop.label for hop in told.hops for word in _UNNAMED):
        doubts.append("one reference on it has no name")
    if told.native_references and told.chain.root_kind != "native":
        more = told.native_references
        doubts.append(f"native code owns {more} more reference{'s' if more > 1 else ''} to it")
    return f" ({'; '.join(doubts)})." if doubts else "."


def _code(text: str) -> str:
    return f"`{text}`"
