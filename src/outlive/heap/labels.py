"""How a person writes a reference: `.name`, `['u42']`, `[3]`, `<key 'u42'>`, `<local variable x>`.

One reference at a time, by the layout of what holds it; `folding` writes several as one where a person would. What
differs from run to run (indices, keys) is left out of the *pattern*. A reference whose place in a C structure nobody
told us is called UNKNOWN, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from outlive.heap import rows as layout_of
from outlive.heap.naming import Naming
from outlive.heap.rows import Rows, offset_of, slot_of
from outlive.heap.values import Values, is_dict_place, is_tuple_item


class LabelKind(str, Enum):
    """What sort of reference it is."""

    ROOT = "root"
    ATTRIBUTE = "attribute"
    DICT = "dict"  # the dict of an object's attributes
    ITEM = "item"  # the value of a dict's key
    KEY = "key"
    INDEX = "index"
    ELEMENT = "element"
    LOCAL = "local"
    TYPE = "type"
    CALLBACK = "callback"
    HIDDEN = "hidden"  # in memory of an object that does not show it to the collector
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reference:
    """One reference: it stands at `position` among those of `source`, or at HIDDEN_POSITION: among none it shows."""

    source: int
    target: int
    position: int


@dataclass(frozen=True)
class Label:
    """`pattern` is the text without what differs from run to run."""

    text: str
    pattern: str
    kind: LabelKind


HIDDEN_POSITION = -1
_HIDDEN = Label("<hidden reference>", "<hidden reference>", LabelKind.HIDDEN)
INSTANCE_DICT = Label(".__dict__", ".__dict__", LabelKind.DICT)
UNNAMED = Label("<unnamed reference>", "<unnamed reference>", LabelKind.UNKNOWN)
_ELEMENT = Label("<element>", "<element>", LabelKind.ELEMENT)
_TYPE = Label(".__class__", ".__class__", LabelKind.TYPE)
_STACK = Label("<value being computed>", "<value being computed>", LabelKind.LOCAL)
_SHARED_KEYS = Label("<shared keys>", "<shared keys>", LabelKind.DICT)
_CALLBACK = Label("<weakref callback>", "<weakref callback>", LabelKind.CALLBACK)

CACHE = Label("<cache>", "<cache>", LabelKind.DICT)
CACHED_RESULT = Label("<cached result>", "<cached result>", LabelKind.ITEM)
CACHE_KEY = Label("<cache key>", "<cache key>", LabelKind.KEY)

_WEAK = frozenset(["weakref", "weakref.ReferenceType", "weakref.CallableProxyType", "weakref.ProxyType"])
_SETS = frozenset(["set", "frozenset"])
_CONTEXT_NODES = frozenset(["hamt_bitmap_node", "hamt_collision_node"])

_CODE_NAMES = {
    10: ("co_filename", "co_name", "co_consts", "co_names", "co_varnames", "co_linetable", "co_code", "co_freevars",
         "co_cellvars"),
    11: ("co_filename", "co_qualname", "co_consts", "co_names", "co_localsplusnames", "co_linetable", "co_name",
         "co_localspluskinds", "co_exceptiontable", "co_code", "co_varnames", "co_cellvars", "co_freevars"),
}  # fmt: skip
_FRAME_PARTS = ("f_code", "f_func", "f_locals", "f_frame")


def attribute_label(name: str) -> Label:
    """Of a field that has no name in Python the name says so itself: "<callback>"."""
    if name.startswith("<"):
        return Label(name, name, LabelKind.ATTRIBUTE)
    return Label(f".{name}", f".{name}", LabelKind.ATTRIBUTE)


def index_label(index: int) -> Label:
    return Label(f"[{index}]", "[*]", LabelKind.INDEX)


def local_label(name: str) -> Label:
    if not name:
        return _STACK
    return Label(f"<local variable {name}>", f"<local variable {name}>", LabelKind.LOCAL)


def context_variable_label(values: Values, rows: Rows, variable: int) -> Label:
    name = rows.text(values.attribute(variable, "name")) or ""
    words = f"<context variable {name}>" if name else "<context variable>"
    return Label(words, words, LabelKind.ITEM)


class Labels:
    """Writes references."""

    def __init__(self, rows: Rows, values: Values, naming: Naming) -> None:
        self._rows = rows
        self._values = values
        self._naming = naming
        self._by_layout: dict[int, Callable[[int, int], Label]] = {
            layout_of.SEQUENCE: self._of_sequence,
            layout_of.PAIRS: self._of_pairs,
            layout_of.SPLIT_DICT: self._of_split_dict,
            layout_of.ELEMENTS: lambda source, position: _ELEMENT,
            layout_of.PLAIN: self._of_object,
            layout_of.CODE: self._of_code,
            layout_of.PAIRS_PLAIN: self._of_dict_subclass,
            layout_of.PLAIN_SEQUENCE: self._of_sequence_subclass,
            layout_of.KEYS: self._of_keys,
            layout_of.INTERPRETER: self._of_root,
            layout_of.THREAD: self._of_root,
            layout_of.FRAME: self._of_frame,
        }

    def label(self, source: int, position: int) -> Label:
        """How the reference at `position` of `source` is written."""
        if position == HIDDEN_POSITION:
            return _HIDDEN
        write = self._by_layout.get(self._rows.layout(source))
        return write(source, position) if write is not None else UNNAMED

    def key_words(self, key: int) -> str:
        """A dict's key as it is written: its text, its elements when it is a tuple, else its type in angle brackets."""
        text = self._naming.short(key)
        if text is not None:
            return text
        if self._rows.type_name(key) == "tuple":
            parts = [self._naming.short(one) or f"<{self._naming.type_name(one)}>" for one in self._rows.targets(key)]
            return f"({', '.join(parts[:4])}{', …' if len(parts) > 4 else ''}{',' if len(parts) == 1 else ''})"
        referent = self._rows.referent(key)
        if referent:
            return f"<weak reference to {self._naming.what(referent) or self._naming.type_name(referent)}>"
        return f"<{self._naming.what(key) or self._naming.type_name(key)}>"

    def item_label(self, key: int) -> Label:
        return Label(f"[{self.key_words(key)}]", "[*]", LabelKind.ITEM)

    def key_label(self, key: int) -> Label:
        return Label(f"<key {self.key_words(key)}>", "<key>", LabelKind.KEY)

    # ---- containers ------------------------------------------------------------------------------------------------

    def _of_sequence(self, source: int, position: int) -> Label:
        last = position == self._rows.degree(source) - 1
        if last and self._rows.target(source, position) == self._rows.type_node(source):
            return _TYPE
        return index_label(position)

    def _of_pairs(self, source: int, position: int) -> Label:
        return self._pair(source, position, 0)

    def _of_sequence_subclass(self, source: int, position: int) -> Label:
        first = self._rows.pairs_start.get(source, 0)
        if position < first:
            return self._of_object(source, position)
        if self._rows.is_kind(source, layout_of.TUPLE_KIND):
            return self._of_tuple_item(source, position - first)
        return index_label(position - first)

    def _pair(self, source: int, position: int, first: int) -> Label:
        is_key = (position - first) % 2 == 0
        key = self._rows.target(source, position if is_key else position - 1)
        if self._rows.type_name(source) in _CONTEXT_NODES:
            return self._of_context_node(key)
        return self.key_label(key) if is_key else self.item_label(key)

    def _of_context_node(self, key: int) -> Label:
        """A context keeps its variables in a tree; without a key the value is a branch of it."""
        return context_variable_label(self._values, self._rows, key) if key else attribute_label("<variables>")

    def _of_split_dict(self, source: int, position: int) -> Label:
        if position == 0:
            return _SHARED_KEYS
        keys = self._rows.targets(self._rows.targets(source)[0])
        return self.item_label(keys[position - 1]) if position <= len(keys) else UNNAMED

    def _of_dict_subclass(self, source: int, position: int) -> Label:
        first = self._rows.pairs_start.get(source, 0)
        return self._of_object(source, position) if position < first else self._pair(source, position, first)

    def _of_keys(self, source: int, position: int) -> Label:
        return self.key_label(self._rows.targets(source)[position])

    # ---- the interpreter's own -------------------------------------------------------------------------------------

    def _of_root(self, source: int, position: int) -> Label:
        names, code = self._rows.root_names(), self._rows.codes(source)[position]
        if code >= len(names):
            return UNNAMED
        return Label(names[code], names[code], LabelKind.ROOT)

    def _of_code(self, source: int, position: int) -> Label:
        minor = int(self._rows.snapshot.python_version.split(".")[1])
        names = _CODE_NAMES[min(minor, 11)]
        return attribute_label(names[position]) if position < len(names) else UNNAMED

    def _of_frame(self, source: int, position: int) -> Label:
        if position < len(_FRAME_PARTS):
            return attribute_label(_FRAME_PARTS[position])
        names = self._naming.variables(source)
        slot = position - len(_FRAME_PARTS)
        return local_label(names[slot] if slot < len(names) else "")

    # ---- objects by their labels -----------------------------------------------------------------------------------

    def _of_object(self, source: int, position: int) -> Label:
        codes = self._rows.codes(source)
        code = codes[position] if position < len(codes) else layout_of.UNKNOWN
        if code in _BY_CODE:
            return _BY_CODE[code]
        if self._rows.type_name(source) in _WEAK:
            return _CALLBACK
        if code >= layout_of.ATTRIBUTE:
            return self._of_inline_attribute(source, code & 0x7FFF)
        slot = slot_of(code)
        if slot is not None:
            return self._of_slot(source, slot)
        return self._of_field(source, position, codes)

    def _of_inline_attribute(self, source: int, number: int) -> Label:
        keys = self._rows.shared_keys(self._rows.type_node(source))
        name = self._rows.text(keys[number]) if number < len(keys) else None
        return attribute_label(name) if name is not None else UNNAMED

    def _of_slot(self, source: int, slot: int) -> Label:
        names = self._naming.variables(source)
        return local_label(names[slot] if slot < len(names) else "")

    def _of_field(self, source: int, position: int, codes: list[int]) -> Label:
        """What stands at a byte of the object, or has no place of its own."""
        rows = self._rows
        row, code, target = rows.type_row(source), codes[position], rows.targets(source)[position]
        if row is not None and is_dict_place(code, row.dict_offset) and rows.is_kind(target, layout_of.DICT_KIND):
            return INSTANCE_DICT
        offset = offset_of(code)
        if offset is None:
            return self._of_extra(source, position, codes) if code == layout_of.EXTRA else UNNAMED
        name = rows.members(rows.type_node(source)).get(offset)
        if name is not None:
            return attribute_label(name)
        if rows.is_kind(source, layout_of.TUPLE_KIND) and is_tuple_item(code):
            return self._of_tuple_item(source, (offset - 24) // 8)
        return _ELEMENT if rows.is_subclass(rows.type_node(source), _SETS) else UNNAMED

    def _of_tuple_item(self, source: int, index: int) -> Label:
        """A named tuple's field by name, else an index."""
        namespace = self._rows.type_dict(self._rows.type_node(source))
        fields = self._rows.targets(self._values.value(namespace, "_fields")) if namespace else []
        name = self._rows.text(fields[index]) if index < len(fields) else None
        return attribute_label(name) if name is not None else index_label(index)

    def _of_extra(self, source: int, position: int, codes: list[int]) -> Label:
        rows = self._rows
        if rows.type_name(source) == "functools._lru_cache_wrapper":
            return CACHED_RESULT  # through the link of its list
        if rows.is_subclass(rows.type_node(source), _SETS):
            return _ELEMENT
        if rows.is_kind(source, layout_of.DICT_KIND):
            return self.key_label(rows.targets(source)[position])
        return index_label(position - codes.index(layout_of.EXTRA))


_BY_CODE = {
    layout_of.TYPE: _TYPE,
    layout_of.DICT: INSTANCE_DICT,
    layout_of.OUTSIDE: Label("<kept inside>", "<kept inside>", LabelKind.ELEMENT),
    layout_of.CACHE_KEY: CACHE_KEY,
    layout_of.CACHE_VALUE: CACHED_RESULT,
}
