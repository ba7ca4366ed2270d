"""Several references written as one, where a person writes one: `.x` and not `.__dict__['x']`.

A path is a row of objects; some of them only hold another's parts: the dict of attributes, a closure's tuple and its
cells, the tree inside a context. Each rule looks at the reference at place *i* of a path and says how many references
it takes together and how they are written; the first rule that knows wins, and a reference that no rule takes is
written by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from outlive.heap import rows as layout_of
from outlive.heap.labels import (
    CACHE,
    CACHE_KEY,
    CACHED_RESULT,
    INSTANCE_DICT,
    Label,
    LabelKind,
    Labels,
    Reference,
    attribute_label,
    local_label,
)
from outlive.heap.naming import GENERATORS, Naming
from outlive.heap.rows import Rows


@dataclass(frozen=True)
class Trail:
    """A path's references in order, and who can read them."""

    rows: Rows
    naming: Naming
    labels: Labels
    references: tuple[Reference, ...]

    def label(self, place: int) -> Label:
        reference = self.references[place]
        return self.labels.label(reference.source, reference.position)

    def source_type(self, place: int) -> str:
        return self.naming.type_name(self.references[place].source)

    def target_type(self, place: int) -> str:
        return self.naming.type_name(self.references[place].target)

    def goes_on(self, place: int) -> bool:
        """Is there a reference after the one at `place`?"""
        return place + 1 < len(self.references)

    def key_text(self, place: int) -> str | None:
        """The text key of the dict item that the reference at `place` is; None when it is something else."""
        reference = self.references[place]
        if self.label(place).kind is not LabelKind.ITEM:
            return None
        if self.rows.layout(reference.source) == layout_of.SPLIT_DICT:
            keys = self.rows.target(reference.source, 0)
            return self.rows.text(self.rows.target(keys, reference.position - 1))
        return self.rows.text(self.rows.target(reference.source, reference.position - 1))


Fold = tuple[Label, int]  # how it is written, how many references it takes
Rule = Callable[[Trail, int], Fold | None]


def fold(trail: Trail, place: int) -> Fold:
    """How the reference at `place`, with those after it that belong to it, is written."""
    for rule in _RULES:
        found = rule(trail, place)
        if found is not None:
            return found
    return trail.label(place), 1


def _attribute(trail: Trail, place: int) -> Fold | None:
    """An attribute that stands in the object's dict; a module's global; a class attribute."""
    if trail.label(place) != INSTANCE_DICT or not trail.goes_on(place):
        return None
    name = trail.key_text(place + 1)
    if name is not None:
        words = f".{name}" if name.isidentifier() else f".__dict__[{name!r}]"
        return Label(words, words, LabelKind.ATTRIBUTE), 2
    following = trail.label(place + 1)
    if following.kind is LabelKind.KEY:
        return _name_of(following), 2
    if trail.target_type(place + 1) == "shared keys" and trail.goes_on(place + 1):
        return _name_of(trail.label(place + 2)), 3
    return None


def _globals(trail: Trail, place: int) -> Fold | None:
    """A global of a module that is loaded no more, through a function that still runs in it."""
    label = trail.label(place)
    name = trail.key_text(place + 1) if "globals" in label.text and trail.goes_on(place) else None
    if name is None:
        return None
    words = f"{label.text}[{name!r}]"
    return Label(words, words, LabelKind.ATTRIBUTE), 2


def _name_of(key: Label) -> Label:
    return Label(key.text.replace("<key", "<name of attribute", 1), "<name of an attribute>", LabelKind.KEY)


def _shared_key(trail: Trail, place: int) -> Fold | None:
    """A key that stands in a table which dicts share."""
    if trail.target_type(place) != "shared keys" or not trail.goes_on(place):
        return None
    return _name_of(trail.label(place + 1)), 2


def _closure(trail: Trail, place: int) -> Fold | None:
    """function → tuple → cell → what the variable is."""
    if trail.source_type(place) != "function" or "closure" not in trail.label(place).text or not trail.goes_on(place):
        return None
    reference = trail.references[place + 1]
    count = len(trail.rows.targets(reference.source))
    names = free_variables(trail.rows, trail.naming, trail.references[place].source, count)
    name = names[reference.position] if reference.position < len(names) else ""
    words = f"<closure variable {name}>".replace(" >", ">")
    return Label(words, words, LabelKind.LOCAL), 3 if trail.goes_on(place + 1) else 2


def free_variables(rows: Rows, naming: Naming, function: int, count: int) -> list[str]:
    """Names of a function's `count` closure variables: the last ones of its code's variables, from 3.11 on."""
    code = naming.code_of(function)
    if not code or not count:
        return []
    if rows.snapshot.facts["python_version_hex"] >= 0x030B0000:
        return naming.variables(function)[-count:]
    free = rows.targets(code)[7:8]
    return [rows.text(name) or "" for name in rows.targets(free[0])] if free else []


def _default(trail: Trail, place: int) -> Fold | None:
    """A parameter's default. Which positional one is not told by the code object alone, so it gets its number."""
    words = trail.label(place).text
    if trail.source_type(place) != "function" or "defaults" not in words or not trail.goes_on(place):
        return None
    name = trail.key_text(place + 1)
    if name is not None:
        written = f"<default of parameter {name}>"
        return Label(written, written, LabelKind.ITEM), 2
    if trail.target_type(place) != "tuple":
        return None
    reference = trail.references[place + 1]
    return Label(f"<default argument {reference.position + 1}>", "<default argument>", LabelKind.INDEX), 2


def _arguments(trail: Trail, place: int) -> Fold | None:
    """`.args[0]` and `.keywords['x']` of a partial, `.args[0]` of an exception."""
    label, source = trail.label(place), trail.references[place].source
    owner = trail.source_type(place) == "functools.partial" or trail.rows.is_kind(source, layout_of.EXCEPTION_KIND)
    if not owner or label.text not in (".args", ".keywords", ".kw") or not trail.goes_on(place):
        return None
    following = trail.label(place + 1)
    name = trail.key_text(place + 1)
    pattern = f"[{name!r}]" if name is not None else following.pattern
    return Label(label.text + following.text, label.pattern + pattern, following.kind), 2


def _suspended_frame(trail: Trail, place: int) -> Fold | None:
    """A generator's or coroutine's local variable stands in its frame, which is an object of its own in 3.10."""
    if trail.source_type(place) not in GENERATORS or trail.target_type(place) != "frame" or not trail.goes_on(place):
        return None
    label, length = fold(trail, place + 1)
    return (label, length + 1) if label.kind is LabelKind.LOCAL else None


def _cell(trail: Trail, place: int) -> Fold | None:
    """A local variable that closures share stands in a cell."""
    runs = trail.source_type(place) in ("frame", *GENERATORS)
    if not runs or trail.target_type(place) != "cell" or not trail.goes_on(place):
        return None
    return trail.label(place), 2


def _locals_mapping(trail: Trail, place: int) -> Fold | None:
    """A local variable of code that `exec` or a class body runs."""
    if trail.source_type(place) != "frame" or trail.label(place).text != ".f_locals" or not trail.goes_on(place):
        return None
    name = trail.key_text(place + 1)
    return (local_label(name), 2) if name is not None else None


def _cached_result(trail: Trail, place: int) -> Fold | None:
    """What a functools.lru_cache keeps: its dict, and in a bounded one the links of its list."""
    if trail.source_type(place) != "functools._lru_cache_wrapper":
        return None
    label, length = trail.label(place), 1
    is_table = trail.target_type(place) == "dict" and label != INSTANCE_DICT
    if is_table and not trail.goes_on(place):
        return CACHE, 1
    if is_table:
        label, length = CACHE_KEY if trail.label(place + 1).kind is LabelKind.KEY else CACHED_RESULT, 2
    last = place + length - 1
    if trail.target_type(last) == "functools._lru_list_elem" and trail.goes_on(last):
        return CACHE_KEY if "key" in trail.label(last + 1).text else CACHED_RESULT, length + 1
    return (label, length) if length > 1 or label in (CACHE_KEY, CACHED_RESULT) else None


def _queued(trail: Trail, place: int) -> Fold | None:
    """queue.SimpleQueue keeps what waits in a list, from 3.13 on in memory of its own."""
    if trail.source_type(place) != "_queue.SimpleQueue":
        return None
    label = Label("<queued>", "<queued>", LabelKind.ELEMENT)
    if trail.label(place).kind is LabelKind.ELEMENT:
        return label, 1
    return (label, 2) if trail.target_type(place) == "list" and trail.goes_on(place) else None


def _thread_local(trail: Trail, place: int) -> Fold | None:
    """threading.local, or a subclass of it: its table of threads, one thread's dict, an attribute."""
    is_local = trail.source_type(place) == "_thread._local" or "threads' attributes" in trail.label(place).text
    if not is_local or trail.target_type(place) != "dict":
        return None
    for length in (1, 2):
        end = place + length
        if end < len(trail.references):
            name = trail.key_text(end)
            if name is not None:
                return attribute_label(name), length + 1
    return None


def _context(trail: Trail, place: int) -> Fold | None:
    """A context keeps its variables in a tree."""
    if "Context" not in trail.source_type(place) or not trail.target_type(place).startswith("hamt"):
        return None
    last = place
    while trail.target_type(last).startswith("hamt") and trail.goes_on(last):
        last += 1
    return (trail.label(last), last - place + 1) if last > place else None


_RULES: tuple[Rule, ...] = (
    _thread_local, _queued, _context, _cached_result, _closure, _default, _arguments, _suspended_frame, _cell,
    _locals_mapping, _attribute, _globals, _shared_key,
)  # fmt: skip
