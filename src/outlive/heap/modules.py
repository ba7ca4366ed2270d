"""Which modules are loaded, what they are called, and whose: one of Outlive's own is no part of the program.

Knows sys.modules as the snapshot shows it. A module that is not in it (deleted, or made by hand) has no name here.
"""

from __future__ import annotations

from functools import cached_property

from outlive.heap.rows import INTERPRETER, Rows
from outlive.heap.values import Values

_OURS = "outlive"


def is_ours(name: str) -> bool:
    """Is this the name of a module, or of a type in a module, of Outlive itself?"""
    return name == _OURS or name.startswith(_OURS + ".")


class Modules:
    """The modules in sys.modules by name, by node, and by the dict of their globals."""

    def __init__(self, rows: Rows, values: Values) -> None:
        self._rows = rows
        self._values = values

    @cached_property
    def entries(self) -> list[tuple[str, int]]:
        """(name in sys.modules, node), in the order of importing; modules of Outlive included."""
        rows = self._rows
        found: dict[int, str] = {}
        for key, node in self._values.items(self.table):
            name = rows.text(key)
            if name is None or rows.type_name(node) == "NoneType":
                continue
            if node not in found or name == self._own_name(node):
                found[node] = name
        return [(name, node) for node, name in found.items()]

    @cached_property
    def table(self) -> int:
        """The dict sys.modules; 0 when the snapshot does not show it."""
        rows = self._rows
        names = rows.root_names()
        node = 1
        while node < len(rows) and rows.layout(node) >= INTERPRETER:
            for code, target in zip(rows.codes(node), rows.targets(node)):
                if rows.layout(node) == INTERPRETER and code < len(names) and names[code] == "sys.modules":
                    return target
            node += 1
        return 0

    def _own_name(self, node: int) -> str | None:
        """A module's __name__: of `os.path`, "posixpath"."""
        texts = (self._rows.text(target) for target in self._rows.targets(node))
        return next((text for text in texts if text is not None), None)

    @cached_property
    def _names(self) -> dict[int, str]:
        return {node: name for name, node in self.entries}

    @cached_property
    def dicts(self) -> dict[int, str]:
        """Names by the dict of globals."""
        found = {self._values.instance_dict(node): name for name, node in self.entries}
        found.pop(0, None)
        return found

    def name_of(self, node: int) -> str | None:
        return self._names.get(node)

    def node_of(self, name: str) -> int:
        """The module of that name; 0 when there is none."""
        return self._nodes.get(name, 0)

    @cached_property
    def _nodes(self) -> dict[str, int]:
        return dict(self.entries)

    def is_module(self, node: int) -> bool:
        """Is the object a module (and not something else that was put into sys.modules)?"""
        return self._rows.type_name(node) == "module" or self._rows.is_subclass(
            self._rows.type_node(node), frozenset(["module"])
        )
