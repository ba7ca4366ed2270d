"""A language for small heaps: one object a line, written as the expression that reaches it.

    app: module
    app.sessions: dict
    app.sessions['u*'] * 40: app.Session step=1+
    app.sessions['u0'].file: _io.FileIO state=closed
    app.other -> app.sessions['u0']
    app.sessions['u0'].file ~> app.sessions['u0']

`~>` is a reference that its holder hides from the collector. Each line's longest known prefix is its holder and
the rest the label. `* 40` makes forty, with the `*` numbered.
Behind the type: `step=3` (`step=1+`: counting up), `old`, `text=True`, `state=closed`, `what="class app.Session"`,
`bases=threading.Thread`, `extra=2` (references that nobody explains), `root=frame` for what begins a path.
"""

from __future__ import annotations

import re
import shlex
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

from outlive.explain.context import Context
from outlive.model.explanation import Site
from outlive.model.packages import Distribution, Packages

PACKAGES = Packages(
    own_modules=frozenset({"app"}),
    own_folders=("/home/me/project",),
    distributions={"blinker": Distribution("blinker", "1.7.0")},
    library_folders=("/venv/lib/site-packages",),
    stdlib_modules=frozenset({"asyncio", "logging", "threading", "functools", "json"}),
    stdlib_folders=("/usr/lib/python3.12",),
    python="3.12.1",
)
SITE = Site("/home/me/project/app.py", 88, "app.handle")


@dataclass(frozen=True)
class Reference:
    source: int
    target: int
    label: str


@dataclass(frozen=True)
class Path:
    root: SimpleNamespace
    references: tuple[tuple[str, int], ...]

    @property
    def expression(self) -> str:
        return "".join(label for label, _ in self.references)

    def hops(self) -> tuple[tuple[str, str, int], ...]:
        return tuple((label, re.sub(r"\[.*?\]", "[*]", label), node) for label, node in self.references)


@dataclass(frozen=True)
class Cycle:
    through: int
    nodes: tuple[int, ...]
    way: tuple[tuple[str, int], ...]

    def hops(self) -> tuple[tuple[str, str, int], ...]:
        (_, first), *rest = self.way
        return (("<hidden reference>", "<hidden reference>", first), *((label, label, node) for label, node in rest))


@dataclass
class SmallHeap:
    """Answers what `AskedHeap` asks, from the lines of one text."""

    types: dict[int, str] = field(default_factory=dict)
    said: dict[int, dict[str, str]] = field(default_factory=dict)
    held: list[Reference] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    hidden: list[tuple[int, int]] = field(default_factory=list)
    left_out: bool = False

    def node(self, expression: str) -> int:
        return self.names[expression]

    def nodes(self, type_name: str) -> list[int]:
        return [node for node, kind in self.types.items() if kind == type_name]

    def type_name(self, node: int) -> str:
        return self.types[node]

    def kinds(self, node: int) -> tuple[str, ...]:
        return (self.types[node], *filter(None, self.said[node].get("bases", "").split(",")))

    def type_node(self, node: int) -> int:
        return 0

    def what(self, node: int) -> str:
        return self.said[node].get("what", "")

    def text(self, node: int) -> str | None:
        return self.said[node].get("text")

    def state(self, node: int) -> SimpleNamespace | None:
        word = self.said[node].get("state")
        return SimpleNamespace(name=word.upper()) if word else None

    def attribute(self, node: int, name: str) -> int:
        return self.attributes(node).get(name, 0)

    def attributes(self, node: int) -> dict[str, int]:
        return {one.label[1:]: one.target for one in self.held if one.source == node and one.label[0] == "."}

    def elements(self, node: int) -> Iterator[int]:
        return (one.target for one in self.held if one.source == node and one.label[0] == "[")

    def length(self, node: int) -> int:
        return sum(1 for _ in self.elements(node))

    def references(self, node: int) -> list[Reference]:
        return [one for one in self.held if one.source == node]

    def referrers(self, node: int) -> list[Reference]:
        return [one for one in self.held if one.target == node]

    def referrer_count(self, node: int) -> int:
        return len(self.referrers(node))

    def thread_at(self, frame: int) -> SimpleNamespace | None:
        """`thread=name` of a frame names the thread's object, `entry=` what it was started for."""
        said = self.said[frame]
        if "root" in said and "thread" not in said:
            return SimpleNamespace(thread_object=0, entry="")
        if "thread" not in said:
            return None
        return SimpleNamespace(thread_object=self.names[said["thread"]], entry=said["entry"])

    def unexplained(self, node: int) -> int:
        return int(self.said[node].get("extra", "0"))

    def hidden_cycle(self, node: int) -> Cycle | None:
        """Where a hidden reference's target leads to its source and to `node`, and all of its references are known."""
        for source, target in self.hidden:
            way, back = self._path_from(target, node), self._path_from(target, source)
            if way and back and self.unexplained(target) == sum(1 for _, one in self.hidden if one == target):
                return Cycle(source, tuple(one for _, one in way.references), way.references)
        return None

    def memory_left_out(self) -> bool:
        return self.left_out

    def retained_bytes(self, node: int) -> int:
        return 64

    def path(self, node: int) -> Path | None:
        return next(iter(self.holders(node, 1)), None)

    def holders(self, node: int, limit: int, without: Sequence[tuple[int, int]] = ()) -> list[Path]:
        """A path for each root that reaches it, the breadth-first one."""
        roots = [one for one in self.types if "root" in self.said[one] or self.types[one] == "module"]
        found = [self._path_from(root, node, without) for root in roots]
        native = [self._native(node)] if self.unexplained(node) else []
        return [*(path for path in found if path), *native][:limit]

    def _native(self, node: int) -> Path:
        return Path(SimpleNamespace(node=node, kind="native", name="native code"), (("", node),))

    def _path_from(self, root: int, node: int, without: Sequence[tuple[int, int]] = ()) -> Path | None:
        named = next(name for name, one in self.names.items() if one == root)
        waiting = deque([(root, ((named, root),))])
        seen = {root}
        while waiting:
            at, steps = waiting.popleft()
            if at == node:
                return Path(SimpleNamespace(node=root, kind=self._root_kind(root), name=named), steps)
            for one in self.references(at):
                if one.target not in seen and (at, one.target) not in without:
                    seen.add(one.target)
                    waiting.append((one.target, (*steps, (one.label, one.target))))
        return None

    def _root_kind(self, node: int) -> str:
        return self.said[node].get("root", "module")

    def context(self, **known: object) -> Context:
        """What the lines say of ages; every new object was made at one site."""
        ages = {"packages": PACKAGES, "is_new": self._is_new, "step_of": self._step, "site_of": self._site}
        return Context(**{**ages, **known})  # type: ignore[arg-type]

    def _is_new(self, node: int) -> bool | None:
        said = self.said.get(node, {})
        return True if "step" in said or "new" in said else False if "old" in said else None

    def _step(self, node: int) -> int | None:
        step = self.said[node].get("step")
        return int(step) if step else None

    def _site(self, node: int) -> Site | None:
        return SITE if self._is_new(node) else None


def heap(text: str) -> SmallHeap:
    """The heap that the lines describe."""
    made = SmallHeap()
    for line in filter(None, map(str.strip, text.splitlines())):
        if " ~> " in line:
            source, _, target = line.partition(" ~> ")
            made.hidden.append((made.names[source], made.names[target]))
            continue
        if " -> " in line:
            expression, _, target = line.partition(" -> ")
            _hold(made, expression, made.names[target])
            continue
        expression, _, rest = line.partition(": ")
        expression, _, times = expression.partition(" * ")
        for number in range(int(times or 1)):
            _add(made, expression.replace("*", str(number)) if times else expression, rest, number)
    return made


def _add(made: SmallHeap, expression: str, rest: str, number: int) -> None:
    kind, *words = shlex.split(rest)
    node = len(made.types) + 1
    made.types[node] = kind
    said = dict(word.partition("=")[::2] for word in words)
    if said.get("step", "").endswith("+"):
        said["step"] = str(int(said["step"][:-1]) + number)
    made.said[node] = said
    if kind == "module" and "what" not in said:
        said["what"] = f"module {expression}"
    if kind != "module" and "root" not in said and "free" not in said:
        _hold(made, expression, node)
    made.names[expression] = node


def _hold(made: SmallHeap, expression: str, target: int) -> None:
    """Refer to `target` from the object of the longest known beginning of the expression."""
    holder = max((name for name in made.names if expression.startswith(name)), key=len)
    label = expression[len(holder) :]
    assert label, expression
    made.held.append(Reference(made.names[holder], target, label))
    made.names.setdefault(expression, target)
