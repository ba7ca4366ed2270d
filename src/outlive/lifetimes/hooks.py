"""Contracts at work: whose call begins a lifetime, whose call ends it, attached to the program as it comes.

A contract names places ("package.module:Class.method"). Once the module is there the ending calls are watched: when
one returns, its object's lifetime is over. Where a class has `__enter__` or `__aenter__`, one that raises is noted, for
then its with block never ends it. A place that is not there is a problem for the user to hear of (`problems`), not
silence.

One end, several calls: an `__aexit__` that calls `close`, a `close` that calls `stop`. An end within another one, and
the end of a with block after an explicit one, is no second end.
"""

from __future__ import annotations

import sys

from outlive.lifetimes import calls, imports, in_use, script, under_way
from outlive.lifetimes.clock import SCOPE
from outlive.lifetimes.ended import REGISTRY, musts, note_end
from outlive.lifetimes.naming import attribute, is_instance, type_name
from outlive.lifetimes.notebook import NOTEBOOK
from outlive.lifetimes.places import called_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType, ModuleType
    from typing import Any

_problems: list[str] = []
_expected: set[str] = set()  # modules that a contract names and that are there, unless the contract is wrong
_ending_codes: dict[int, object] = {}  # by identity; the code objects are kept so that it stays theirs
_MOST_FRAMES, _NEAREST_FRAMES = 40, 3
_BLOCK_ENDS = frozenset({"__exit__", "__aexit__", "__del__"})
_ENTERS = ("__enter__", "__aenter__")
_PAST = {
    "close": "closed", "aclose": "closed", "stop": "stopped", "shutdown": "shut down", "disconnect": "disconnected",
    "dispose": "disposed", "release": "released", "cancel": "cancelled", "terminate": "terminated", "quit": "quit",
    "cleanup": "cleaned up", "join": "joined", "kill": "killed", "__exit__": "left its with block",
    "__aexit__": "left its with block",
}  # fmt: skip


class Contract:
    """One row of the contracts, as this side needs it."""

    __slots__ = ("begins", "ends", "in_use", "library", "matters", "must", "name", "of", "optional", "pack", "waits")

    def __init__(self, row: dict[str, Any]) -> None:
        self.begins: str = row["begins"]
        self.ends: tuple[str, ...] = musts(row.get("ends") or ())
        self.must: tuple[str, ...] = musts(row.get("must") or ("garbage",))
        self.of: str = row.get("of") or calls.FIRST
        self.name: str = row.get("name") or ""
        self.matters: str = row.get("matters") or ""
        self.pack: str = row.get("pack") or ""
        self.library: str = row.get("library") or ""  # of a pack: a program need not have it
        self.optional: bool = bool(row.get("optional"))
        self.in_use: tuple[tuple[str, str], ...] = tuple((one[0], one[1]) for one in row.get("in_use") or ())
        self.waits: bool = bool(row.get("waits"))  # the ending call waits for who uses it

    def words(self, path: str) -> str:
        """What has ended when the call at `path` ("Session.close") returned."""
        owner, _, method = path.rpartition(".")
        return self.name or (f"{owner} {_PAST[method]}" if owner and method in _PAST else f"{path}() returned")

    def problem(self, text: str) -> None:
        if not self.optional and text:
            where = f" (contract of {self.begins}{', ' + self.pack if self.pack else ''})"
            _problems.append(text + where)


def attach(rows: Iterable[dict[str, Any]]) -> None:
    """Watch what these contracts name, now or when it is imported. Each row: begins, ends, must, of, name, matters,
    pack, optional, in_use, waits."""
    for row in rows:
        contract = Contract(row)
        for place in contract.ends:
            _attach(contract, place, _watch_end)
        _attach(contract, contract.begins, _watch_begin)


def attach_class(
    cls: type, ends: Iterable[str], *, must: tuple[str, ...] = ("garbage",), name: str = "", matters: str = ""
) -> None:
    """The same for a class that is there, with the names of its ending methods."""
    row = {"begins": f"{cls.__module__}:{cls.__qualname__}", "ends": (), "must": must, "name": name, "matters": matters}
    contract = Contract(row)
    for method in ends:
        contract.problem(_end_at(contract, cls, method, f"{cls.__qualname__}.{method}"))
    _watch_enters(cls)


def problems() -> list[str]:
    """What could not be attached, a sentence each: a module without the name, no function, a module nobody has."""
    catch_up()
    never = [name for name in imports.never_imported() if name in _expected]
    missing = [f"there is no module {name!r}" for name in never if not _could_be_imported(name)]
    missing += [f"the script has no {path!r}" for path in script.missing() if script.name() not in sys.modules]
    return list(dict.fromkeys([*_problems, *missing]))


def catch_up() -> None:
    """Attach to what has come by a way that nobody told us of."""
    imports.catch_up()
    script.catch_up()


def _attach(contract: Contract, place: str, attach_to: Callable[[Contract, Any, str], None]) -> None:
    name, colon, path = place.partition(":")
    if not (name and colon and path):
        contract.problem(f"{place!r} is no place; write it as 'package.module:Class.method'")
        return

    def told(module: ModuleType) -> None:
        attach_to(contract, module, path)

    if name == "__main__" or name == script.name():
        script.when_run(path, told)
    if name != "__main__":
        imports.when_imported(name, told)
        if not (contract.optional or contract.library):
            _expected.add(name)


def _watch_end(contract: Contract, module: Any, path: str) -> None:
    holder, name = _resolved(contract, module, path)
    if holder is not None:
        contract.problem(_end_at(contract, holder, name, path))


def _end_at(contract: Contract, holder: Any, name: str, path: str) -> str:
    own, raw = calls.find(holder, name)
    only = holder if isinstance(holder, type) and own is not holder else None
    wanted = calls.FIRST if contract.of in (calls.FIRST, "result") else contract.of
    words = contract.words(path)

    def before(values: tuple[Any, ...], caller: FrameType | None) -> None:
        obj = values[0]
        if obj is not calls.GONE and (only is None or is_instance(obj, only)):
            users = "" if contract.waits else _users(contract, obj)
            under_way.begun(obj, late=_loop_is_closed(obj), users=users)

    def after(values: tuple[Any, ...], result: Any, error: BaseException | None, caller: FrameType | None) -> None:
        obj = values[0]
        if obj is calls.GONE or (only is not None and not is_instance(obj, only)):
            return
        begun = under_way.returned(obj)
        if error is None:
            _returned(contract, words, name, obj, caller, begun)
        else:
            NOTEBOOK.closing(
                words, type_name(obj), called_from(caller), trouble="raised", detail=error_words(error), key=_key(obj)
            )

    problem = calls.watch(holder, name, names=(wanted,), before=before, after=after, on_error=True)
    if not problem:
        code = calls.code_of(raw)
        _ending_codes[id(code)] = code
    return problem


def _returned(
    contract: Contract, words: str, method: str, obj: object, caller: FrameType | None, begun: under_way.Begun | None
) -> None:
    """An ending call has returned; `begun` is what was noted at its beginning."""
    row = REGISTRY.row_of(obj)
    if row is not None and (row.inside or row.contract != contract.begins or _is_end_of_block(method, caller)):
        row.inside = 0
        return
    place = called_from(caller)
    tick, late = (begun.tick, begun.late) if begun is not None else (0, False)
    users = _users(contract, obj) if contract.waits else begun.users if begun is not None else ""
    trouble, detail = ("in-use", users) if users else ("", "")
    if late:
        trouble, detail = "loop-closed", "its event loop had been closed before"
    row = note_end(
        obj, words, place, must=contract.must, matters=contract.matters, contract=contract.begins,
        closing_tick=tick, trouble=trouble, detail=detail,
    )  # fmt: skip
    if row is not None:
        row.inside = int(_is_within_an_end(caller))


def _users(contract: Contract, obj: object) -> str:
    """Words about who uses the object that ends now; what has ended before leaves nobody to be told of."""
    return in_use.users(contract.in_use, obj) if contract.in_use and REGISTRY.row_of(obj) is None else ""


def _key(obj: object) -> int:
    row = REGISTRY.row_of(obj)
    return 0 if row is None else row.key


def _is_end_of_block(method: str, frame: FrameType | None) -> bool:
    """Whether a with block or a finalizer ends it, which is right after an explicit end too."""
    if method in _BLOCK_ENDS:
        return True
    for _ in range(_NEAREST_FRAMES):
        if frame is None:
            return False
        if frame.f_code.co_name in _BLOCK_ENDS:
            return True
        frame = frame.f_back
    return False


def _is_within_an_end(frame: FrameType | None) -> bool:
    """Whether an ending call is among the callers, awaiting ones included."""
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return False
        if id(frame.f_code) in _ending_codes:
            return True
        frame = frame.f_back
    return False


def _loop_is_closed(obj: object) -> bool:
    """Whether the object belongs to an event loop, by its own attribute, that is closed."""
    loop = attribute(obj, "_loop") or attribute(obj, "loop")
    return loop is not None and attribute(loop, "_closed") is True and attribute(loop, "_ready") is not None


def _watch_begin(contract: Contract, module: Any, path: str) -> None:
    """A begin needs no watching by itself; that it is there is checked, and its class's with block is watched."""
    holder, name = _resolved(contract, module, path)
    if holder is None:
        return
    found = calls.find(holder, name)[1]
    if found is None and not (isinstance(holder, type) and name == "__init__"):
        contract.problem(f"{calls.called(holder)} has no {name!r}")
    cls = found if isinstance(found, (type, script.Shadow)) else holder
    if isinstance(cls, (type, script.Shadow)):
        _watch_enters(cls)


def _watch_enters(cls: Any) -> None:
    for name in _ENTERS:
        own, raw = calls.find(cls, name)
        if own is not None and hasattr(raw, "__code__"):
            calls.watch(cls, name, after=_Entered(cls, name), on_error=True)


class _Entered:
    """Notes a with block that could not be entered."""

    __slots__ = ("_cls", "_name")

    def __init__(self, cls: Any, name: str) -> None:
        self._cls, self._name = cls, name

    def __call__(
        self, values: tuple[Any, ...], result: Any, error: BaseException | None, caller: FrameType | None
    ) -> None:
        obj = values[0]
        if error is None or obj is calls.GONE or (isinstance(self._cls, type) and not is_instance(obj, self._cls)):
            return
        kind = type_name(obj)
        NOTEBOOK.event(
            "enter-raised", f"{kind}.{self._name}", called_from(caller), detail=error_words(error), type=kind,
            address=id(obj), scope=SCOPE.get(),
        )  # fmt: skip


def _resolved(contract: Contract, module: Any, path: str) -> tuple[Any, str]:
    """(the module or class that has the last name of the path, that name); (None, "") and a problem if it is not so."""
    holder: Any = module
    *owners, name = path.split(".")
    for owner in owners:
        inner = calls.find(holder, owner)[1]
        if inner is None:
            contract.problem(f"{calls.called(holder)} has no {owner!r}")
            return None, ""
        holder = inner
    return holder, name


def _could_be_imported(name: str) -> bool:
    """Whether the outermost package of the name can be found, or the part below one that is there. Imports nothing."""
    finders = sys.modules.get("_frozen_importlib_external")
    find = getattr(getattr(finders, "PathFinder", None), "find_spec", None)
    if find is None:
        return True
    if name.partition(".")[0] in sys.builtin_module_names:
        return True
    parent = name.rpartition(".")[0]
    if parent and parent not in sys.modules:
        return _could_be_imported(parent)
    try:
        path = getattr(sys.modules[parent], "__path__", None) if parent else None
        if parent and path is None:
            return False
        return find(name, path) is not None or any(
            getattr(one, "__name__", "") == "FrozenImporter" and one.find_spec(name, path) for one in sys.meta_path
        )
    except Exception:
        return True


def error_words(error: BaseException) -> str:
    """The error's type, and its message where building it runs no code of the program's."""
    if error is calls.UNSEEN:
        return ""
    kind = type(error)
    texts = [str(one) for one in error.args if type(one) in (str, int)]
    if kind.__module__ != "builtins" or not texts:
        return type_name(error)
    return f"{kind.__name__}: {' '.join(texts)}"[:500]
