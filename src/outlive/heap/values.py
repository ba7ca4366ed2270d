"""What an object holds, by name: attributes, items of dicts, elements. Reads the heap's shape and runs no code, so a
property or a `__getattr__` is not asked, and a class' attributes are the class', not the instance's.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.heap import rows as layout_of
from outlive.heap.rows import Rows, offset_of

_ELEMENT_LAYOUTS = (layout_of.SEQUENCE, layout_of.ELEMENTS)


class Values:
    """Looks into single objects."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def items(self, node: int) -> Iterator[tuple[int, int]]:
        """(key, value) of a dict, also one with shared keys or of a subclass. Nothing for anything else."""
        rows = self._rows
        targets = rows.targets(node)
        layout = rows.layout(node)
        if layout == layout_of.PAIRS:
            yield from zip(targets[::2], targets[1::2])
        elif layout == layout_of.PAIRS_PLAIN:
            first = rows.pairs_start.get(node, 0)
            yield from zip(targets[first::2], targets[first + 1 :: 2])
        elif layout == layout_of.SPLIT_DICT and targets:
            for key, value in zip(rows.targets(targets[0]), targets[1:]):
                if value:
                    yield key, value

    def value(self, node: int, key: str) -> int:
        """The value of a text key in a dict; 0 when there is none."""
        for key_node, value in self.items(node):
            if self._rows.text(key_node) == key:
                return value
        return 0

    def elements(self, node: int) -> list[int]:
        """Elements of a list, tuple, deque, set, frozenset and of their subclasses. Empty slots are left out."""
        rows = self._rows
        targets = rows.targets(node)
        own_type = rows.type_node(node)
        layout = rows.layout(node)
        if layout in _ELEMENT_LAYOUTS:
            return [target for target in targets if target not in (0, own_type)]
        if layout == layout_of.PLAIN_SEQUENCE:
            return targets[rows.pairs_start.get(node, 0) :]
        return [targets[place] for place in self.element_positions(node)] if layout == layout_of.PLAIN else []

    def element_positions(self, node: int) -> list[int]:
        """Of a tuple that shows its items in an order of its own, a set's subclass, an array of objects: which
        references are its elements."""
        rows = self._rows
        codes = rows.codes(node)
        if rows.is_kind(node, layout_of.TUPLE_KIND):
            return sorted(
                (position for position, code in enumerate(codes) if is_tuple_item(code)),
                key=lambda position: codes[position],
            )
        return [place for place, code in enumerate(codes) if code == layout_of.EXTRA]

    def instance_dict(self, node: int) -> int:
        """The dict of its attributes (of a module: its globals, of a class: its namespace); 0 when it has none."""
        rows = self._rows
        row = rows.type_row(node)
        if row is None:
            return 0
        for code, target in zip(rows.codes(node), rows.targets(node)):
            if is_dict_place(code, row.dict_offset) and rows.is_kind(target, layout_of.DICT_KIND):
                return target
        return 0

    def attributes(self, node: int) -> dict[str, int]:
        """All attributes that stand in the object itself: inline ones, those of its dict, slots and members."""
        rows = self._rows
        found: dict[str, int] = {}
        members = rows.members(rows.type_node(node))
        keys: list[int] | None = None
        mapping = self.instance_dict(node)
        for code, target in zip(rows.codes(node), rows.targets(node)):
            if target in (0, mapping):
                continue
            if code >= layout_of.ATTRIBUTE:
                keys = rows.shared_keys(rows.type_node(node)) if keys is None else keys
                name = self._key_text(keys, code & 0x7FFF)
            else:
                offset = offset_of(code)
                name = members.get(offset) if offset is not None else None
            if name is not None:
                found.setdefault(name, target)
        for key, value in self.items(mapping) if mapping else ():
            text = rows.text(key)
            if text is not None:
                found[text] = value
        return found

    def attribute(self, node: int, name: str) -> int:
        """The attribute of that name in the object itself; 0 when it is absent."""
        return self.attributes(node).get(name, 0)

    def _key_text(self, keys: list[int], number: int) -> str | None:
        return self._rows.text(keys[number]) if number < len(keys) else None


def is_tuple_item(code: int) -> bool:
    """Does the pointer stand where a tuple has its items? They begin after refcount, type and length."""
    offset = offset_of(code)
    return offset is not None and offset >= 24


def is_dict_place(code: int, dict_offset: int) -> bool:
    """Does an object keep the dict of its attributes here? Managed dicts stand before the object."""
    offset = offset_of(code)
    return code == layout_of.DICT if offset is None else offset < 0 or offset == dict_offset
