"""Holder paths: which way is told, how it is written, and what its pattern leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest
from looking import heap_of, the

from outlive.heap import Heap
from outlive.heap.labels import LabelKind
from outlive.heap.roots import RootKind

PROGRAM = """
import gc, threading, weakref
gc.disable()
class InDict: pass
class InList: pass
class InLocal: pass
class InBoth: pass
class Lost: pass
class Cyclic: pass
class Weak: pass
class Deep: pass
class Service:
    instances = []
    def handle(self): pass
class Left: pass
class Right: pass
class Back: pass

sessions = {"u42": InDict(), 7: [0, InList()]}
both_list, both_dict = [InBoth()], {}
both_dict["it"] = both_list[0]
Service.instances.append(Service())
Service.instances[0].deep = {("a", 1): {"x": Deep()}}
callbacks = [Service.instances[0].handle]
cycle = Cyclic(); cycle.me = cycle; cycle.hangs_on_it = [1, 2]; del cycle
weak = Weak(); ref = weakref.ref(weak); only_here = {"the one": weak}; del weak
child = Back(); child.parent = parent = {"child": child}; registry = [child]; del child, parent

def run(parameter):
    local = InLocal()
    look()
run([Left()])
"""


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Heap:
    return heap_of(PROGRAM, tmp_path_factory.mktemp("paths"))


def written(heap: Heap, type_name: str) -> str:
    path = heap.path(the(heap, type_name))
    assert path is not None
    return path.expression


def test_a_key_is_written_as_python_writes_it(heap: Heap) -> None:
    assert written(heap, "InDict") == "__main__.sessions['u42']"


def test_indices_and_number_keys_are_written_in_brackets(heap: Heap) -> None:
    assert written(heap, "InList") == "__main__.sessions[7][1]"


def test_attributes_of_classes_and_instances_are_written_with_dots(heap: Heap) -> None:
    path = heap.path(the(heap, "Deep"))
    assert path is not None
    assert path.expression == "__main__.Service.instances[0].deep[('a', 1)]['x']"


def test_the_pattern_keeps_names_and_leaves_out_keys_and_indices(heap: Heap) -> None:
    path = heap.path(the(heap, "Deep"))
    assert path is not None
    assert path.pattern == "__main__.Service.instances[*].deep[*][*]"


def test_the_hops_lead_from_one_object_to_the_next(heap: Heap) -> None:
    path = heap.path(the(heap, "InList"))
    assert path is not None
    labels = [(label, heap.type_name(node)) for label, _, node in path.hops()]
    assert labels == [("__main__.sessions", "dict"), ("[7]", "list"), ("[1]", "__main__.InList")]


def test_each_reference_of_a_path_is_one_of_the_snapshot(heap: Heap) -> None:
    path = heap.path(the(heap, "Deep"))
    assert path is not None
    for reference in path.references:
        assert heap.rows.targets(reference.source)[reference.position] == reference.target
    assert [step.node for step in path.steps][-1] == path.nodes[-1]
    assert sum(len(step.references) for step in path.steps) == len(path.references)


def test_a_local_variable_names_thread_function_and_line(heap: Heap) -> None:
    path = heap.path(the(heap, "InLocal"))
    assert path is not None
    assert path.root.kind is RootKind.FRAME
    assert path.root.name.startswith("the main thread in __main__.run (app.py:")
    assert path.steps[-1].label == "<local variable local>"


def test_a_parameter_is_a_local_variable(heap: Heap) -> None:
    path = heap.path(the(heap, "Left"))
    assert path is not None
    assert [step.label for step in path.steps[1:]] == ["<local variable parameter>", "[0]"]


def test_a_cycle_that_nothing_holds_has_no_path(heap: Heap) -> None:
    assert heap.path(the(heap, "Cyclic")) is None
    assert heap.holders(the(heap, "Cyclic")) == []


def test_a_weak_reference_is_no_holder(heap: Heap) -> None:
    assert [path.expression for path in heap.holders(the(heap, "Weak"))] == ["__main__.only_here['the one']"]


def test_all_independent_holders_are_found(heap: Heap) -> None:
    found = {path.expression for path in heap.holders(the(heap, "InBoth"))}
    assert found == {"__main__.both_list[0]", "__main__.both_dict['it']"}


def test_what_an_object_holds_itself_is_no_holder_of_it(heap: Heap) -> None:
    assert [path.expression for path in heap.holders(the(heap, "Back"))] == ["__main__.registry[0]"]


def test_globals_are_not_held_by_the_functions_beside_them(heap: Heap) -> None:
    assert len(heap.holders(the(heap, "InDict"), 9)) == 1


def test_the_limit_is_kept(heap: Heap) -> None:
    assert len(heap.holders(the(heap, "InBoth"), 1)) == 1


def test_without_a_reference_only_the_others_hold(heap: Heap) -> None:
    node = the(heap, "InBoth")
    first = heap.holders(node)[0]
    cut = (first.references[-1].source, first.references[-1].target)
    assert [path.expression for path in heap.holders(node, 5, [cut])] == [heap.holders(node)[1].expression]


def test_without_its_only_reference_nothing_holds(heap: Heap) -> None:
    path = heap.path(the(heap, "InDict"))
    assert path is not None
    assert heap.holders(the(heap, "InDict"), 5, [(path.nodes[-2], path.nodes[-1])]) == []


def test_a_module_is_its_own_root(heap: Heap) -> None:
    node = heap.modules.node_of("json") or heap.modules.node_of("threading")
    path = heap.path(node)
    assert path is not None
    assert path.expression == heap.modules.name_of(node)
    assert [step.kind for step in path.steps] == [LabelKind.ROOT]


def test_a_class_is_told_from_the_module_that_defines_it(tmp_path: Path) -> None:
    (tmp_path / "defines.py").write_text("class Thing: pass\n\nthings = [Thing()]\n")
    (tmp_path / "uses.py").write_text("from defines import things, Thing\n")
    heap = heap_of("import sys; sys.path.insert(0, sys.argv[0].rpartition('/')[0]); import uses", tmp_path)
    (node,) = heap.nodes_of_type("defines.Thing").tolist()
    path = heap.path(node)
    assert path is not None
    assert path.expression == "defines.things[0]"


def test_outlive_itself_is_never_on_a_path(tmp_path: Path) -> None:
    heap = heap_of(
        "import outlive\nclass Held: pass\nclass Other: pass\n"
        "outlive.kept, shared = Held(), [Other()]\noutlive.shared = shared",
        tmp_path,
    )
    other, held = heap.path(the(heap, "Other")), heap.path(the(heap, "Held"))
    assert other is not None
    assert held is not None
    assert other.expression == "__main__.shared[0]"
    assert [path.expression for path in heap.holders(the(heap, "Other"))] == ["__main__.shared[0]"]
    assert held.root.kind is RootKind.OURS
    assert held.expression.startswith("Outlive itself")


def test_globals_of_a_module_that_is_gone_are_reached_through_its_function(tmp_path: Path) -> None:
    heap = heap_of(
        "import sys, types\nmade = types.ModuleType('gone')\n"
        "exec('class Held: pass\\nkept = [Held()]\\ndef use(): return kept', made.__dict__)\nuse = made.use\ndel made",
        tmp_path,
    )
    (node,) = heap.nodes_of_type("gone.Held").tolist()
    path = heap.path(node)
    assert path is not None
    assert path.expression == "__main__.use.__globals__['kept'][0]"


_PUMP = """
import threading
class Worker(threading.Thread):
    def __init__(self):
        super().__init__(name="pump", daemon=True)
        self.ready, self.stop = threading.Event(), threading.Event()
    def run(self):
        self.ready.set()
        self.stop.wait()
worker = Worker()
worker.start()
worker.ready.wait()
del worker
"""


def test_a_thread_of_a_subclass_goes_by_its_name_though_no_plain_thread_is_alive(tmp_path: Path) -> None:
    heap = heap_of(_PUMP, tmp_path)
    path = heap.path(the(heap, "Worker"))
    assert path is not None
    assert path.expression.startswith("thread 'pump' in __main__.")


_MANY_WAYS = """
class Held: pass
one = Held()
table = {number: [one] for number in range(50)}
class Registry:
    entries = {"one": one}
registry = Registry()
chain = [[[one]]]
del one
"""


def test_searching_backwards_and_a_pass_over_all_find_the_same_holders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heap = heap_of(_MANY_WAYS, tmp_path)
    node = the(heap, "Held")
    searched = [path.expression for path in heap.holders(node, 60)]
    monkeypatch.setattr("outlive.heap.holders._SEARCH_MOST", 0)
    assert [path.expression for path in heap.holders(node, 60)] == searched
    assert len(searched) == 52
