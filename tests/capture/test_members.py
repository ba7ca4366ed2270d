"""Every reference of an object of the standard library's C types can be named: each name proved with a known target."""

from __future__ import annotations

import array
import asyncio
import atexit
import collections
import contextvars
import csv
import ctypes
import datetime
import functools
import io
import itertools
import operator
import pickle
import queue
import re
import sqlite3
import struct
import subprocess
import sys
import threading
import types
import weakref
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from outlive.capture.snapshot import Snapshot, load, take

Case = tuple[object, dict[str, object]]
PLAIN, PAIRS, PLAIN_PAIRS, PLAIN_SEQUENCE = 6, 3, 8, 9
SLOT, ATTRIBUTE = 0x4000, 0x8000
SPECIAL = {
    0x7FF9: "__dict__",
    0x7FFA: "<outside>",
    0x7FFB: "<key>",
    0x7FFC: "<value>",
    0x7FFD: "type",
    0x7FFE: "<element>",
}


class Thing:
    """Something that is one of its kind."""


class Listing(list[object]):
    pass


class Dictionary(dict[str, object]):
    pass


class Elements(set[object]):
    pass


class Line(collections.deque[object]):
    pass


class Named(NamedTuple):
    first: object
    second: object


class Number(int):
    pass


def function_with(default: object, keyword: object, annotation: object) -> Callable[[], object]:
    def function(x: object = default, *, y: object = keyword) -> object:
        return annotation

    function.__doc__ = "a text of its own"
    return function


def generator_with(local: object) -> Iterator[object]:
    other = local
    yield other
    yield other


async def coroutine_with(local: object) -> object:
    other = local
    await Suspending()
    return other


class Suspending:
    def __await__(self) -> Iterator[None]:
        yield None


def suspended(coroutine: Any) -> Any:
    coroutine.send(None)
    return coroutine


def raised(error: BaseException, context: BaseException) -> BaseException:
    try:
        try:
            raise context
        except BaseException:
            raise error from context
    except BaseException as caught:
        return caught


def iterators(things: list[object]) -> dict[str, Case]:
    mapping, ordered = {"a": things}, collections.OrderedDict(a=things)
    elements, fixed = {1, 2}, (1, 2)
    text, raw = "tëxt", bytearray(b"abc")
    return {
        "list_iterator": (iter(things), {"<iterated>": things}),
        "list_reverseiterator": (reversed(things), {"<iterated>": things}),
        "tuple_iterator": (iter(fixed), {"<iterated>": fixed}),
        "str_iterator": (iter(text), {"<iterated>": text}),
        "bytearray_iterator": (iter(raw), {"<iterated>": raw}),
        "dict_keyiterator": (iter(mapping), {"<iterated>": mapping}),
        "dict_items": (mapping.items(), {"mapping": mapping}),
        "odict_iterator": (iter(ordered), {"<iterated>": ordered}),
        "set_iterator": (iter(elements), {"<iterated>": elements}),
        "callable_iterator": (iter(things.pop, things), {"<called>": None, "<sentinel>": things}),
        "enumerate": (enumerate(i := iter(things)), {"<iterated>": i}),
        "reversed": (reversed(ReversibleOnly()), {}),
        "zip": (zip(i := iter(things)), {}),
        "map": (map(f := Thing, things), {"<function>": f}),
        "filter": (filter(f, i), {"<function>": f, "<iterated>": i}),
        "deque_iterator": (iter(d := collections.deque(things)), {"<iterated>": d}),
        "array_iterator": (iter(a := array.array("i", [1])), {"<iterated>": a}),
    }


class ReversibleOnly:
    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> int:
        return index


def from_itertools(thing: object) -> dict[str, Case]:
    it, f = iter([thing, thing, thing]), Thing
    grouped = itertools.groupby(it, f)
    started = itertools.accumulate([thing, thing], lambda a, b: a)
    next(started)
    pair = itertools.pairwise([thing, thing])
    next(pair)
    tee = itertools.tee(it)[0]
    cases: dict[str, Case] = {
        "accumulate": (started, {"<total>": thing}),
        "chain": (c := itertools.chain.from_iterable(it), {"<iterables>": it}),
        "compress": (itertools.compress(it, c), {"<data>": it, "<selectors>": c}),
        "count": (itertools.count(n := 10**30), {"<count>": n}),
        "cycle": (itertools.cycle(it), {"<iterated>": it}),
        "dropwhile": (itertools.dropwhile(f, it), {"<function>": f, "<iterated>": it}),
        "filterfalse": (itertools.filterfalse(f, it), {"<function>": f, "<iterated>": it}),
        "groupby": (grouped, {"<iterated>": it, "<key function>": f}),
        "islice": (itertools.islice(it, 1), {"<iterated>": it}),
        "pairwise": (pair, {"<previous value>": thing}),
        "repeat": (itertools.repeat(thing), {"<repeated>": thing}),
        "starmap": (itertools.starmap(f, it), {"<function>": f, "<iterated>": it}),
        "takewhile": (itertools.takewhile(f, it), {"<function>": f, "<iterated>": it}),
        "tee": (tee, {}),
        "zip_longest": (itertools.zip_longest(it, fillvalue=thing), {"<fill value>": thing}),
    }
    return cases


def functions(thing: object) -> dict[str, Case]:
    function: Any = function_with(thing, thing, thing)
    bound = Holder(thing).method
    prop = property(fget=f1, fset=f2, fdel=f3, doc="its own documentation")
    partial = functools.partial(function, thing, key=thing)
    cached = functools.lru_cache(maxsize=4)(returned)
    cached(key := "a key of its own")
    unbounded = functools.lru_cache(maxsize=None)(returned)
    compare = functools.cmp_to_key(f4)(thing)
    return {
        "function": (
            function,
            {"__globals__": function.__globals__, "__code__": function.__code__, "__defaults__": function.__defaults__,
             "__kwdefaults__": function.__kwdefaults__, "__closure__": function.__closure__,
             "__name__": function.__name__, "__qualname__": function.__qualname__, "__doc__": function.__doc__},
        ),
        "method": (bound, {"__func__": Holder.method, "__self__": bound.__self__}),
        "builtin method": ((items := [thing]).append, {"__self__": items}),
        "cell": (function.__closure__[0], {"cell_contents": thing}),
        "staticmethod": (staticmethod(f1), {"__func__": f1}),
        "classmethod": (classmethod(f1), {"__func__": f1}),
        "property": (prop, {"fget": f1, "fset": f2, "fdel": f3, "__doc__": prop.__doc__}),
        "partial": (partial, {"func": function, "args": partial.args, "keywords": partial.keywords}),
        "lru_cache": (cached, {"__wrapped__": returned, "<key>": key}),
        "unbounded lru_cache": (unbounded, {"__wrapped__": returned}),
        "cmp_to_key": (compare, {"<comparison>": f4, "obj": thing}),
        "method-wrapper": (items.__add__, {"__self__": items}),
        "attrgetter": (operator.attrgetter("a.b"), {}),
        "itemgetter": (operator.itemgetter(thing), {"<item>": thing}),
        "super": (super(Holder, bound.__self__), {"__self__": bound.__self__}),
        "descriptor": (str.join, {"__objclass__": str}),
        "slot wrapper": (str.__add__, {"__objclass__": str}),
    }  # fmt: skip


class Holder:
    def __init__(self, held: object) -> None:
        self.held = held

    def method(self) -> object:
        return self.held


def f1(*args: object) -> object: ...
def f2(*args: object) -> object: ...
def f3(*args: object) -> object: ...
def f4(left: object, right: object) -> int:
    return 0


def returned(thing: object) -> object:
    return [thing]


def errors(thing: object) -> dict[str, Case]:
    cause = ValueError("the cause")
    error = raised(KeyError(thing), cause)
    stop = StopIteration(thing)
    lost = ImportError("msg of its own", name="name of its own", path="path of its own")
    return {
        "exception": (
            error,
            {"args": error.args, "__traceback__": error.__traceback__, "__context__": cause, "__cause__": cause},
        ),
        "StopIteration": (stop, {"value": thing}),
        "ImportError": (lost, {"msg": lost.msg, "name": lost.name, "path": lost.path}),
        "OSError": (
            e := OSError(2, "strerror of its own", "filename of its own"),
            {"strerror": e.strerror, "filename": e.filename},
        ),
        "AttributeError": (AttributeError("x", name="attribute of its own", obj=thing), {"obj": thing}),
        "UnicodeDecodeError": (u := UnicodeDecodeError("utf-8", b"an object", 0, 1, "a reason"), {"object": u.object}),
        "traceback": (error.__traceback__, {"tb_frame": error.__traceback__.tb_frame}),  # type: ignore[union-attr]
        "frame": (error.__traceback__.tb_frame, {"slot 1": cause}),  # type: ignore[union-attr]
    }


def suspended_code(thing: object) -> dict[str, Case]:
    generator: Any = generator_with(thing)
    next(generator)
    coroutine = suspended(coroutine_with(thing))
    wrapper: Any = (wrapped := coroutine_with(thing)).__await__()
    cases: dict[str, Case] = {"coroutine wrapper": (wrapper, {"<awaited coroutine>": wrapped})}
    if sys.version_info >= (3, 11):
        cases["generator"] = (
            generator,
            {"slot 0": thing, "gi_code": generator.gi_code, "__qualname__": generator.__qualname__},
        )
        cases["coroutine"] = (coroutine, {"slot 0": thing, "slot 1": thing, "cr_code": coroutine.cr_code})
    else:
        cases["generator"] = (generator, {"gi_frame": generator.gi_frame, "gi_code": generator.gi_code})
        cases["generator's frame"] = (generator.gi_frame, {"slot 0": thing, "slot 1": thing})
        cases["coroutine"] = (coroutine, {"cr_frame": coroutine.cr_frame})
    return cases


def of_asyncio(thing: object) -> dict[str, Case]:
    loop = asyncio.new_event_loop()
    loop.close()
    future: Any = asyncio.Future(loop=loop)
    done: Any = asyncio.Future(loop=loop)
    done.set_result(thing)
    failed: Any = asyncio.Future(loop=loop)
    failed.set_exception(error := ValueError("the exception"))
    failed._log_traceback = False
    context = contextvars.copy_context()
    future.add_done_callback(f1, context=context)
    future.add_done_callback(f2, context=context)
    cases: dict[str, Case] = {
        "Future": (future, {"_loop": loop, "<callback>": f1, "<context of the callback>": context}),
        "Future done": (done, {"_result": thing}),
        "Future failed": (failed, {"_exception": error}),
    }
    return cases


def others(thing: object) -> dict[str, Case]:
    variable: Any = contextvars.ContextVar("variable of its own", default=thing)
    context = contextvars.Context()
    token = context.run(variable.set, Thing())
    buffered = io.BufferedReader(raw := io.FileIO("/dev/null"))
    text = io.TextIOWrapper(buffered)
    simple: Any = queue.SimpleQueue()
    simple.put(thing)
    connection = sqlite3.connect(":memory:")
    connection.row_factory = f1  # type: ignore[assignment]
    cursor = connection.cursor()
    pattern = re.compile("a pattern (of) its own")
    match = pattern.match(subject := "a pattern of its own")
    tz = datetime.timezone(delta := datetime.timedelta(hours=3, seconds=7), zone := "a zone of its own")
    element = ElementTree.Element(tag := "a tag of its own")
    element.text = words = "a text of its own, too"
    pointed = (ctypes.c_int * 3)()
    pointer = ctypes.pointer(pointed)
    lines = iter(["a,b"])
    reader = csv.reader(lines)
    view = memoryview(data := bytearray(b"data"))
    generic: Any = list[thing]  # type: ignore[valid-type]
    proxy = types.MappingProxyType(mapping := {"a": 1})
    space = types.SimpleNamespace(name=thing)
    reference = weakref.ref(context.__class__, f1)
    default: Any = collections.defaultdict(f1, key=thing)
    ordered = collections.OrderedDict(key=thing)
    module = types.ModuleType("a_module_of_its_own")
    pickler = pickle.Pickler(out := io.BytesIO())
    packed = struct.Struct("<II")
    return {
        "ContextVar": (variable, {"<default>": thing}),
        "Context": (context, {}),
        "Token": (token, {"<context>": context, "var": variable}),
        "BufferedReader": (buffered, {"raw": raw}),
        "TextIOWrapper": (text, {"buffer": buffered}),
        "SimpleQueue": (simple, {}),
        "sqlite3.Connection": (connection, {"row_factory": f1}),
        "sqlite3.Cursor": (cursor, {"connection": connection}),
        "deque_iterator, exhausted": (iter(collections.deque()), {}),
        "Match": (match, {"string": subject, "re": pattern}),
        "timezone": (tz, {"<offset>": delta, "<name>": zone}),
        "datetime": (datetime.datetime(2020, 1, 1, tzinfo=tz), {"tzinfo": tz}),
        "Element": (element, {"tag": tag, "text": words}),
        "pointer": (pointer, {"_objects": pointer._objects}),
        "csv.reader": (reader, {"<iterated>": lines, "dialect": reader.dialect}),
        "memoryview": (view, {}),
        "GenericAlias": (generic, {"__origin__": list, "__args__": generic.__args__}),
        "mappingproxy": (proxy, {"<mapping>": mapping}),
        "SimpleNamespace": (space, {"__dict__": space.__dict__}),
        "weakref": (reference, {"__callback__": f1}),
        "defaultdict": (default, {"default_factory": f1}),
        "OrderedDict": (ordered, {}),
        "module": (module, {"__dict__": module.__dict__, "__name__": module.__name__}),
        "slice": (slice(thing, data, view), {"start": thing, "stop": data, "step": view}),
        "range": (range(10**20, 10**21), {}),
        "Pickler": (pickler, {}),
        "Struct": (packed, {}),
        "class": (Holder, {"__base__": object, "__bases__": Holder.__bases__, "__mro__": Holder.__mro__}),
        "BytesIO": (out, {}),
        "lock": (threading.Lock(), {}),
        "local": (thread_local(thing), {}),
        "set subclass": (Elements([thing]), {"<element>": thing}),
        "list subclass": (Listing([tz, thing]), {"[1]": thing, "[0]": tz}),
        "deque subclass": (Line([tz, thing]), {"[1]": thing}),
        "named tuple": (Named(tz, thing), {"[1]": thing}),
        "dict subclass": (Dictionary(a=thing), {"['a']": thing}),
        "int subclass": (number(thing), {}),
    }


def thread_local(thing: object) -> threading.local:
    made = threading.local()
    made.held = thing
    return made


def number(thing: object) -> Number:
    made = Number(10**30)
    made.held = thing  # type: ignore[attr-defined]
    return made


def all_cases() -> dict[str, Case]:
    thing = Thing()
    found: dict[str, Case] = iterators([thing])
    for make in (from_itertools, functions, errors, suspended_code, of_asyncio, others):
        found.update(make(thing))
    return found


class Heap:
    """A snapshot of all cases, and the names of an object's references in it."""

    def __init__(self, snapshot: Snapshot, cases: dict[str, Case]) -> None:
        self.snapshot, self.cases = snapshot, cases
        self.start = snapshot.column("edge_start").astype(np.int64)
        self.targets, self.address = snapshot.column("targets"), snapshot.column("address")
        self.layout, self.type = snapshot.column("layout"), snapshot.column("type")
        self.labelled = np.zeros(len(snapshot), np.int64)
        plain = np.isin(self.layout, (PLAIN, 33, 34))
        self.labelled[plain] = np.diff(self.start)[plain]
        for node, count in snapshot.column("pairs_start").reshape(-1, 2).tolist():
            self.labelled[node] = count
        self.first_label = np.concatenate([[0], np.cumsum(self.labelled)])
        self.number = {int(address): node for node, address in enumerate(self.address.tolist())}

    def names(self, node: int) -> list[tuple[str, int]]:
        """(name, target's node) of each reference; a name begins with ? where there is none."""
        targets = self.targets[self.start[node] : self.start[node + 1]].tolist()
        count = int(self.labelled[node])
        labels = self.snapshot.column("labels")[self.first_label[node] :][:count].tolist()
        found = [(self.name(node, label), target) for label, target in zip(labels, targets)]
        rest, layout = targets[count:], int(self.layout[node])
        if layout in (PLAIN_PAIRS, PAIRS):
            texts = self.snapshot.texts
            return found + [(f"[{texts.get(key)!r}]", value) for key, value in zip(rest[::2], rest[1::2])]
        return found + [(f"[{index}]", target) for index, target in enumerate(rest)]

    def name(self, node: int, label: int) -> str:
        if label >= ATTRIBUTE:
            return f"attribute {label & 0x7FFF}"
        if label in SPECIAL:
            return SPECIAL[label]
        if label & SLOT:
            return f"slot {label & 0xFFF}" if label < 0x5000 else f"?{label:#x}"
        offset = (label - 8) * 8
        return self.snapshot.members.get(int(self.type[node]), {}).get(offset, f"?{offset}")


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heap]:
    path = tmp_path_factory.mktemp("members") / "heap.outlive"
    check = take(path)
    assert check.fewer == 0
    yield Heap(load(path), CASES)
    for holder, _ in reversed(CASES.values()):
        if hasattr(holder, "close"):
            holder.close()


CASES = all_cases()
# CPython 3.12.1 dies when it frees an itertools.tee at its very end, after the module that has its type.
atexit.register(CASES.clear)


@pytest.mark.parametrize("name", list(CASES))
def test_every_reference_of_this_kind_has_its_right_name(heap: Heap, name: str) -> None:
    holder, expected = heap.cases[name]
    names = heap.names(heap.number[id(holder)])
    assert not [found for found, _ in names if found.startswith("?")], names
    for wanted, target in expected.items():
        if target is not None:
            assert (wanted, heap.number[id(target)]) in names


def test_no_reference_in_this_process_is_without_a_name(heap: Heap) -> None:
    """Extension modules from elsewhere may have fields that nobody tells us of: numpy's ufuncs, Cython's functions."""
    unnamed = {
        (heap.snapshot.types[int(heap.type[node])].name, name)
        for node in np.flatnonzero(heap.labelled).tolist()
        if heap.layout[node] in (PLAIN, PLAIN_PAIRS, PLAIN_SEQUENCE)
        for name, _ in heap.names(node)
        if name.startswith("?")
    }
    assert {pair for pair in unnamed if not pair[0].startswith(("numpy", "cython", "_cython", "pandas"))} == set()


def test_what_a_module_of_c_keeps_is_said_to_stand_outside(heap: Heap) -> None:
    names = {name for name, _ in heap.names(heap.number[id(sys.modules["_io"])])}
    assert "<outside>" in names
    assert "__dict__" in names


def test_variables_of_code_have_texts(heap: Heap) -> None:
    code = heap.number[id(generator_with.__code__)]
    targets = heap.targets[heap.start[code] : heap.start[code + 1]].tolist()
    parts = dict(zip(heap.snapshot.code_parts, targets))
    names = parts.get("<variable names>") or parts["co_varnames"]
    texts = [heap.snapshot.texts[target] for target in heap.targets[heap.start[names] : heap.start[names + 1]].tolist()]
    assert texts == ["local", "other"]


def test_a_context_shows_its_variables_as_pairs(heap: Heap) -> None:
    context = heap.number[id(heap.cases["Context"][0])]
    variable = heap.number[id(heap.cases["ContextVar"][0])]
    mapping = dict(heap.names(context))["<variables>"]
    root = dict(heap.names(mapping))["<root node>"]
    assert heap.layout[root] == PAIRS
    assert variable in heap.targets[heap.start[root] : heap.start[root + 1]].tolist()


def test_a_thread_s_attributes_are_held_by_their_local(heap: Heap) -> None:
    local, thing = heap.cases["local"][0], heap.cases["StopIteration"][1]["value"]
    threads = dict(heap.names(heap.number[id(local)]))["<threads' attributes>"]
    attributes = [target for _, target in heap.names(threads)]
    assert any(("['held']", heap.number[id(thing)]) in heap.names(node) for node in attributes)


def test_a_living_weak_reference_says_what_it_is_of(heap: Heap) -> None:
    reference = heap.number[id(heap.cases["weakref"][0])]
    assert heap.snapshot.weakly_referred[reference] == heap.number[id(contextvars.Context)]


IMPOSTOR = """
import outlive, sys
held = type("list_iterator", (), {"__module__": "builtins", "__slots__": ("a", "b")})()
held.a = object()
outlive.snapshot(sys.argv[1])
print(id(held), id(held.a))
"""


@pytest.mark.slow
def test_members_of_a_struct_that_has_another_size_are_not_named(tmp_path: Path) -> None:
    """A class of the same name, made by a class statement, keeps something else in those places."""
    file = tmp_path / "heap.outlive"
    done = subprocess.run([sys.executable, "-c", IMPOSTOR, str(file)], capture_output=True, text=True, check=True)
    held, thing = map(int, done.stdout.split())
    other = Heap(load(file), {})
    names = dict(other.names(other.number[held]))
    assert names["a"] == other.number[thing]
    assert "<iterated>" not in names
