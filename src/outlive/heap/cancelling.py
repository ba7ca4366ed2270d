"""Who is about to cancel a task: a timer, a handler of signals, a scheduled call that was given it.

A time-out wakes a task without touching what it waits for: `asyncio.timeout()`, anyio's scopes, aiohttp's timers all
keep the task and cancel it when their timer fires. Such a task is not stuck, however lost its future is. That somebody
merely holds a task (a set of all background tasks) does not make him cancel it. So this counts:

- the task's bound method in the hands of what runs (`call_later(5, task.cancel)`), or the task itself as argument of a
  scheduled call;
- an object that has the task as attribute, or in a container there, when a scheduled call goes to a method of that
  object whose code names something like "cancel", by itself or through the object's other methods; C code might;
- the same through objects of one type in each other (scopes inside scopes);
- a coroutine that will go on has the task in a variable, and its code names something like "cancel";
- the task that waits for this one, or for a gather of it, or whose task group this one is in, being cancelled so.

Reads names, so an error goes one way: what is called cancel and is none excuses a stuck task.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from outlive.capture.snapshot import NativeState
from outlive.heap.waiting import Sleeper

if TYPE_CHECKING:
    from outlive.heap.heap import Heap

_HANDLES = frozenset(["asyncio.events.Handle", "uvloop.loop.Handle", "uvloop.loop.TimerHandle", "threading.Timer"])
_BOUND = frozenset(["method", "builtin_function_or_method", "method-wrapper"])
_CONTAINERS = frozenset(["list", "tuple", "dict", "set", "frozenset", "collections.deque"])
_PARTIAL = "functools.partial"
_BODIES = frozenset(["coroutine", "generator", "async_generator", "frame"])
_NO_OWNERS = frozenset(["_asyncio.Task", "_asyncio.Future", "_asyncio.FutureIter", "_contextvars.Context"])
_ONLY_ASKS = frozenset(["cancelled", "cancelling", "uncancel", "set_running_or_notify_cancel"])
_NAMES = 3  # co_names among the references of a code object, see native/walk/layout.h
_WALKED = 2
_MOST = 200  # referrers that are looked at: what has more is shared by all
_NESTED = 3  # containers around a task: a list in a dict of attributes, and one more
_SCOPES = 8
_CALLS = 3


class Cancelling:
    """Answers for one state of the search: `marks` says what something that runs can come to."""

    def __init__(self, heap: Heap, marks: npt.NDArray[np.uint8], sleepers: list[Sleeper]) -> None:
        self._heap = heap
        self._marks = marks
        self._by_waiter: dict[int, list[Sleeper]] = {}
        self._by_member: dict[int, Sleeper] = {}
        for sleeper in sleepers:
            self._by_waiter.setdefault(sleeper.waiter, []).append(sleeper)
            self._by_member.update(dict.fromkeys(sleeper.members, sleeper))
        self._known: dict[int, bool] = {}
        self._named: dict[tuple[int, int, int], bool] = {}

    def comes(self, task: int) -> bool:
        """Is something scheduled that may cancel the task?"""
        known = self._known.get(task)
        if known is None:
            self._known[task] = False  # while it is looked into: a ring of tasks proves nothing
            known = self._known[task] = self._comes(task)
        return known

    def _comes(self, task: int) -> bool:
        if any(self.comes(other.node) for other in self._by_waiter.get(task, ()) if other.kind == "task"):
            return True
        if any(self._is_its_method(task, one) for one in self._referrers(task)):
            return True
        return any(self._may_cancel(task, holder) for holder in self._holders(task))

    def _is_its_method(self, task: int, bound: int) -> bool:
        """Is it a bound method of the task in the hands of what runs? The future it waits for has one, to wake it."""
        if self._heap.type_name(bound) not in _BOUND or not self._walked(bound):
            return False
        sleeper = self._by_member.get(task)
        return sleeper is None or sleeper.waiter not in set(self._holders(bound))

    def _may_cancel(self, task: int, holder: int) -> bool:
        """Does what has the task (in a container or not) mean to cancel it?"""
        kind = self._heap.type_name(holder)
        if self._is_handle(holder) or kind == _PARTIAL:
            return self._is_scheduled(holder)
        if kind in _BODIES:
            return self._body_cancels(task, holder)
        if kind == "cell":
            return any(self._function_may_cancel(one) for one in self._holders(holder))
        waiting = self._by_waiter.get(holder, ())  # a gather of this task
        if any(self.comes(other.node) for other in waiting if other.kind == "task" and other.node != task):
            return True
        return self._owner_may_cancel(task, holder)

    def _body_cancels(self, task: int, body: int) -> bool:
        """Has a coroutine that will go on (`wait_for` before 3.12) the task in a variable, and does its code cancel?"""
        heap = self._heap
        suspended = heap.state(body) is NativeState.SUSPENDED  # what runs (the loop's frames) waits for no time-out
        return suspended and task in heap.rows.targets(body) and self._walked(body) and _says_so(self._names(body))

    def _owner_may_cancel(self, task: int, owner: int) -> bool:
        """Will a scheduled call to a method of this object, or of one of its type around it, cancel?"""
        kind = self._heap.type_name(owner)
        if "." not in kind or kind in _NO_OWNERS:  # what is built in has no methods of the program's
            return False
        seen, around = {owner}, [owner]
        for _ in range(_SCOPES):
            if any(self._is_called(one) for one in around):
                return True
            outside = dict.fromkeys(up for one in around for up in self._holders(one))
            around = [up for up in outside if up not in seen and self._heap.type_name(up) == kind]
            seen.update(around)
        return "TaskGroup" in kind and self._host_is_cancelled(task, owner)

    def _host_is_cancelled(self, task: int, group: int) -> bool:
        """A task group cancels its tasks when the task that waits in it is cancelled."""
        hosts = self._by_member
        parents = [target for target in self._heap.attributes(group).values() if target in hosts]
        return any(self.comes(parent) for parent in parents if parent != task)

    def _is_called(self, owner: int) -> bool:
        heap = self._heap
        for one in self._referrers(owner):
            if heap.type_name(one) == "method" and self._is_scheduled(one) and self._code_cancels(one, owner):
                return True
            if heap.type_name(one) == "tuple" and self._is_argument_of_canceller(one, owner):
                return True
        return False

    def _is_argument_of_canceller(self, arguments: int, owner: int) -> bool:
        """`call_later(5, expire, session)`"""
        for one in self._referrers(arguments):
            if self._is_handle(one) or self._heap.type_name(one) == _PARTIAL:
                called = self._callback(one)
                if self._is_scheduled(one) and called and self._code_cancels(called, owner):
                    return True
        return False

    def _function_may_cancel(self, function: int) -> bool:
        if self._heap.type_name(function) != "function":
            return False
        return self._is_scheduled(function) and self._code_cancels(function, 0)

    # ---- what is scheduled -----------------------------------------------------------------------------------------

    def _is_scheduled(self, node: int, depth: int = 0) -> bool:
        """Is it a handle that will be run, or what such a handle calls?"""
        if self._is_handle(node):
            return True
        callers = [one for one in self._referrers(node) if self._is_handle(one) or self._is_partial(one)]
        return depth < _NESTED and any(
            self._callback(one) == node and self._is_scheduled(one, depth + 1) for one in callers
        )

    def _is_partial(self, node: int) -> bool:
        return self._heap.type_name(node) == _PARTIAL

    def _is_handle(self, node: int) -> bool:
        rows = self._heap.rows
        return self._walked(node) and rows.is_subclass(rows.type_node(node), _HANDLES)

    def _callback(self, caller: int) -> int:
        """What a handle, timer or partial calls."""
        found = self._heap.attributes(caller)
        return next((found[name] for name in ("_callback", "func", "function", "callback") if name in found), 0)

    def _walked(self, node: int) -> bool:
        return int(self._marks[node]) == _WALKED

    # ---- who holds -------------------------------------------------------------------------------------------------

    def _referrers(self, node: int) -> list[int]:
        found: list[int] = self._heap.graph.referrers(node)[:_MOST].tolist()
        return list(dict.fromkeys(found))

    def _holders(self, node: int) -> Iterator[int]:
        """Objects that have the node, in an attribute, or in a container of theirs."""
        layer, seen = [node], {node}
        for _ in range(_NESTED + 1):
            around = [one for inner in layer for one in self._referrers(inner) if one not in seen]
            seen.update(around)
            kinds = [(one, self._heap.type_name(one) in _CONTAINERS) for one in around]
            layer = [one for one, holds in kinds if holds and one not in self._heap.modules.dicts]
            yield from (one for one, holds in kinds if not holds)

    # ---- what code says --------------------------------------------------------------------------------------------

    def _code_cancels(self, called: int, owner: int) -> bool:
        """Does what is called name something like cancel, itself or in methods of the owner that it names?"""
        heap = self._heap
        function = called
        if heap.type_name(called) == "method":
            function = next((one for one in heap.rows.targets(called) if heap.type_name(one) == "function"), 0)
        if heap.type_name(function) != "function":
            return True  # C code: nobody can say what it does
        return self._function_cancels(function, heap.rows.type_node(owner) if owner else 0, _CALLS)

    def _function_cancels(self, function: int, owner_type: int, calls: int) -> bool:
        known = self._named.get((function, owner_type, calls))
        if known is None:
            names = self._names(function)
            known = _says_so(names)
            if not known and calls and owner_type:
                methods = (self._method(owner_type, name) for name in names)
                known = any(self._function_cancels(one, owner_type, calls - 1) for one in methods if one)
            self._named[function, owner_type, calls] = known
        return known

    def _names(self, runs: int) -> list[str]:
        """Globals and attributes that the code of a function or coroutine names."""
        heap = self._heap
        code = heap.naming.code_of(runs)
        targets = heap.rows.targets(code) if code else []
        names = heap.rows.targets(targets[_NAMES]) if len(targets) > _NAMES and targets[_NAMES] else []
        return [text for name in names if (text := heap.text(name))]

    def _method(self, owner_type: int, name: str) -> int:
        heap = self._heap
        for base in heap.rows.mro(owner_type):
            namespace = heap.rows.type_dict(base)
            found = heap.values.value(namespace, name) if namespace else 0
            if found:
                return found if heap.type_name(found) == "function" else 0
        return 0


def _says_so(names: list[str]) -> bool:
    return any(("cancel" in name or "abort" in name) and name not in _ONLY_ASKS for name in names)
