"""What an object is called, in a line: "module app", "function app.handler (app.py:12)", "thread 'worker'".

Only from what the snapshot shows; values of the program's strings are not in it, so most objects have no name: "".
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from outlive.heap import rows as layout_of
from outlive.heap.modules import Modules
from outlive.heap.rows import Rows
from outlive.heap.values import Values

PSEUDO_NAMES = {
    layout_of.KEYS: "shared keys",
    layout_of.INTERPRETER: "interpreter",
    layout_of.THREAD: "thread",
    layout_of.FRAME: "frame",
}
_FUNCTION, _METHOD, _CODE, _FRAME = "function", "method", "code", "frame"
GENERATORS = frozenset(["generator", "coroutine", "async_generator"])
_THREAD_BASES = frozenset(["threading.Thread"])
_FILE_NAME, _QUALIFIED_NAME, _VARIABLES = 0, 1, 4  # places in a code object, see native/walk/layout.h
_LONGEST = 60


class Naming:
    """Names of nodes."""

    def __init__(self, rows: Rows, values: Values, modules: Modules) -> None:
        self._rows = rows
        self._values = values
        self._modules = modules

    def type_name(self, node: int) -> str:
        pseudo = PSEUDO_NAMES.get(self._rows.layout(node))
        return pseudo if pseudo is not None else self._rows.type_name(node)

    def text(self, node: int) -> str | None:
        return self._rows.text(node)

    def what(self, node: int) -> str:
        """The name, or ""."""
        rows = self._rows
        module = self._modules.name_of(node)
        if module is not None and self._modules.is_module(node):
            return f"module {module}"
        kind = self.type_name(node)
        if rows.is_kind(node, layout_of.TYPE_KIND):
            return f"class {self.class_name(node)}".rstrip()
        if kind in (_FUNCTION, _CODE, _FRAME, _METHOD) or kind in GENERATORS:
            return self._what_runs(node, kind)
        if kind == "module":
            return " ".join(["module", *(self._first_text(node) or ["without a name"])])
        text = rows.text(node)
        if text is not None:
            return self.short(node) or ""
        return self._thread_name(node)

    def short(self, node: int) -> str | None:
        """The text of a string as Python writes it, of a number as it is; cut when it is long."""
        text = self._rows.text(node)
        if text is None:
            return None
        if self._rows.type_name(node) != "str":
            return text
        return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")

    def _first_text(self, node: int) -> list[str]:
        texts = (self._rows.text(target) for target in self._rows.targets(node))
        return [text for text in texts if text is not None][:1]

    # ---- code ------------------------------------------------------------------------------------------------------

    def _what_runs(self, node: int, kind: str) -> str:
        if kind == _METHOD:
            function = next((t for t in self._rows.targets(node) if self.type_name(t) == _FUNCTION), 0)
            return f"method {self.function_name(function)}" if function else ""
        code = self.code_of(node)
        if not code:
            return ""
        where = self.place(node)
        return f"{kind} {self.function_name(node)}" + (f" ({where})" if where else "")

    def code_of(self, node: int) -> int:
        """The code of a function, frame, generator or coroutine (or the code itself); 0 when it is not shown."""
        if self.type_name(node) == _CODE:
            return node
        if node in self._frames:
            return self._frames[node][0]
        targets = self._rows.targets(node)
        found = next((target for target in targets if self._rows.type_name(target) == _CODE), 0)
        if not found and self._rows.layout(node) == layout_of.FRAME:
            generator = self.generator_of(node)
            found = self.code_of(generator) if generator else 0
        return found

    def generator_of(self, frame: int) -> int:
        """The generator or coroutine whose own memory this running frame is."""
        address = int(self._rows.snapshot.column("address")[frame])
        for first, end, node in self._generators:
            if first < address < end:
                return node
        return 0

    @cached_property
    def _generators(self) -> list[tuple[int, int, int]]:
        rows = self._rows
        types = [row.node for row in rows.snapshot.types.values() if row.name in GENERATORS]
        nodes = np.flatnonzero(np.isin(rows.snapshot.column("type"), types)).tolist()
        address, size = rows.snapshot.column("address"), rows.snapshot.column("size")
        return [(int(address[node]), int(address[node]) + int(size[node]), node) for node in nodes]

    def function_name(self, node: int) -> str:
        """Module and qualified name of a function or of whatever runs code: "app.Session.close"."""
        code = self.code_of(node)
        if not code:
            return ""
        qualified = self._code_text(code, _QUALIFIED_NAME) or "<function>"
        if self._knows_more_than_its_code(node):
            names = [text for target in self._rows.targets(node) if (text := self._rows.text(target))]
            qualified = max((name for name in names if name.endswith(f".{qualified}")), key=len, default=qualified)
        module = self.module_of(node)
        if module is None:
            file, _ = self.location(node)
            module = file.rpartition("/")[2].removesuffix(".py")
        return f"{module}.{qualified}" if module else qualified

    def _knows_more_than_its_code(self, node: int) -> bool:
        """The code of 3.10 knows its last name only; the function, and the coroutine made by it, know all."""
        kind = self._rows.type_name(node)
        return kind == _FUNCTION or (kind in GENERATORS and self._rows.snapshot.python_version.startswith("3.10."))

    def module_of(self, node: int) -> str | None:
        """The module in whose globals a function or frame runs; None when that is not shown."""
        dicts = self._modules.dicts
        targets = self._rows.targets(node)
        names = [dicts[target] for target in targets if target in dicts]
        if names:  # the built-in names are held beside the globals
            return next((name for name in names if name != "builtins"), names[0])
        function = next((t for t in targets if self._rows.type_name(t) == _FUNCTION), 0)
        return self.module_of(function) if function and function != node else None

    def location(self, node: int) -> tuple[str, int]:
        """(file, line) of a function or code, or where a frame or generator stands. Line 0: unknown; ("", 0): none."""
        code = self.code_of(node)
        if not code:
            return "", 0
        at_work = self._frames.get(node, (0, 0))[1]
        line = at_work or self._lines.get(node) or self._lines.get(code, 0)
        return self._code_text(code, _FILE_NAME) or "", line

    def place(self, node: int) -> str:
        """The location in a few characters: "app.py:12"."""
        file, line = self.location(node)
        name = file.rpartition("/")[2]
        return f"{name}:{line}" if line else name

    def variables(self, node: int) -> list[str]:
        """Names of the local variables of what runs code, in the order of their slots; "" where one is not kept."""
        code = self.code_of(node)
        targets = self._rows.targets(code) if code else []
        if len(targets) <= _VARIABLES or not targets[_VARIABLES]:
            return []
        names = list(self._rows.targets(targets[_VARIABLES]))
        return [self._rows.text(name) or "" for name in names]

    def _code_text(self, code: int, place: int) -> str | None:
        targets = self._rows.targets(code)
        return self._rows.text(targets[place]) if len(targets) > place else None

    @cached_property
    def _frames(self) -> dict[int, tuple[int, int]]:
        """(code, line where it stands) of frames, generators and coroutines that are not finished."""
        if "frame_rows" not in self._rows.snapshot.container.names:
            return {}
        rows = self._rows.snapshot.column("frame_rows").reshape(-1, 3).tolist()
        return {node: (code, line) for node, code, line in rows}

    @cached_property
    def _lines(self) -> dict[int, int]:
        if "code_lines" not in self._rows.snapshot.container.names:
            return {}
        pairs = self._rows.snapshot.column("code_lines").reshape(-1, 2)
        return dict(zip(pairs[:, 0].tolist(), pairs[:, 1].tolist()))

    # ---- classes and threads ---------------------------------------------------------------------------------------

    def class_name(self, node: int) -> str:
        """ "app.Session": also of a class without instances, there without its module when that is not shown."""
        return self._rows.class_name(node)

    def _thread_name(self, node: int) -> str:
        if not self._rows.is_subclass(self._rows.type_node(node), _THREAD_BASES):
            return ""
        name = self._rows.text(self._values.attribute(node, "_name"))
        return f"thread {name!r}" if name is not None else ""
