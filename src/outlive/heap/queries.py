"""What a person means who names something in a heap: a type, an address, a node, or an expression.

`app.Session`, `Session`, `0x7f00deadbeef`, `#1234`, `app.sessions['u42'].callbacks[3]`. An expression is read, never
run: names are looked up in the snapshot.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from outlive.errors import OutliveError

if TYPE_CHECKING:
    from outlive.heap.heap import Heap


class BadQuery(OutliveError):
    """The words name nothing in this heap."""

    slug = "bad-query"


def find(heap: Heap, query: str) -> list[int]:
    """The nodes that are meant. Raises BadQuery."""
    words = query.strip()
    if words.startswith("#"):
        return _numbered(heap, words)
    if words.lower().startswith("0x"):
        return _at_address(heap, words)
    found = _of_type(heap, words) or _of_expression(heap, words)
    if not found:
        raise BadQuery(
            f"nothing in this snapshot is called {words!r}",
            hint="name a type (app.Session), an expression (app.sessions['u42']), an address (0x…) or a node (#12)",
        )
    return found


def _numbered(heap: Heap, words: str) -> list[int]:
    number = words[1:]
    if not number.isascii() or not number.isdigit() or not 0 < int(number) < len(heap):
        raise BadQuery(f"there is no node {words}", why=f"nodes are #1 to #{len(heap) - 1}")
    return [int(number)]


def _at_address(heap: Heap, words: str) -> list[int]:
    try:
        address = int(words, 16)
    except ValueError:
        raise BadQuery(f"{words!r} is no address", hint="write it as 0x7f0012345678") from None
    node = heap.node_at(address) if 0 <= address < 1 << 64 else 0
    if node == 0:
        raise BadQuery(f"no object stands at {words}", why="addresses are those of the process when it was walked")
    return [node]


def _of_type(heap: Heap, words: str) -> list[int]:
    found = heap.nodes_of_type(words)
    if len(found) == 0:
        names = {row.name for row in heap.snapshot.types.values() if row.name.rpartition(".")[2] == words}
        return [int(node) for name in sorted(names) for node in heap.nodes_of_type(name)]
    return [int(node) for node in found]


def _of_expression(heap: Heap, words: str) -> list[int]:
    try:
        tree = ast.parse(words, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    node = _evaluate(heap, tree)
    return [node] if node else []


def _evaluate(heap: Heap, tree: ast.expr) -> int:
    """The node that the expression names; 0 when a part of it is not there."""
    dotted = _dotted(tree)
    if dotted is not None:
        module = heap.modules.node_of(dotted)
        if module:
            return module
    if isinstance(tree, ast.Attribute):
        owner = _evaluate(heap, tree.value)
        return _attribute(heap, owner, tree.attr) if owner else 0
    if isinstance(tree, ast.Subscript):
        owner = _evaluate(heap, tree.value)
        return _item(heap, owner, tree.slice) if owner else 0
    return 0


def _dotted(tree: ast.expr) -> str | None:
    """ "a.b.c" of a chain of names."""
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Attribute):
        before = _dotted(tree.value)
        return f"{before}.{tree.attr}" if before is not None else None
    return None


def _attribute(heap: Heap, owner: int, name: str) -> int:
    """The object's own attribute, else its class', as far as both are plain values."""
    if name == "__dict__":
        return heap.values.instance_dict(owner)
    if name == "__class__":
        return heap.rows.type_node(owner)
    found = heap.attribute(owner, name)
    for base in heap.rows.mro(heap.rows.type_node(owner)) if not found else ():
        namespace = heap.rows.type_dict(base)
        found = found or (heap.values.value(namespace, name) if namespace else 0)
    return found


def _item(heap: Heap, owner: int, words: ast.expr) -> int:
    """By index, or by a key that is text, a number, or a tuple of such."""
    try:
        key = ast.literal_eval(words)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return 0
    elements = heap.elements(owner)
    if elements:
        return elements[key] if isinstance(key, int) and -len(elements) <= key < len(elements) else 0
    wanted = repr(key)
    return next((value for node, value in heap.items(owner) if heap.labels.key_words(node) == wanted), 0)
