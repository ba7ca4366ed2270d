"""Which references that no object holds are usual, and that what was lost is never among them."""

from __future__ import annotations

import pytest
from looking import heap_of

from outlive.heap import Heap
from outlive.heap.unexplained import unexplained_references
from outlive.model.heap_summary import Unexplained

PROGRAM = """
import ast, ctypes, datetime
import numpy, numpy.linalg
class Session: pass
class Kept: pass
def handler(): pass
def lose(thing, times=1):
    for _ in range(times): ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
for _ in range(50): lose(Session())
kept = Kept(); lose(kept)
lose(handler)
lose(numpy.linalg.svd.__wrapped__, 40)
lost = {"session": 1, "handler": handler}; lose(lost); del lost
tree = ast.parse("1 + 1")
arrays = [numpy.zeros(3)]; lose(arrays[0])
"""


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Heap:
    return heap_of(PROGRAM, tmp_path_factory.mktemp("unexplained"))


@pytest.fixture(scope="module")
def rows(heap: Heap) -> tuple[Unexplained, ...]:
    return unexplained_references(heap, 500)


def of(rows: tuple[Unexplained, ...], kind: str) -> dict[str, Unexplained]:
    return {row.usual: row for row in rows if row.type == kind}


def test_objects_of_the_program_that_only_native_code_holds_are_listed(rows: tuple[Unexplained, ...]) -> None:
    assert of(rows, "__main__.Session") == {"": Unexplained("__main__.Session", 50, 50)}


def test_lost_reference_to_a_global_of_the_program_is_listed(rows: tuple[Unexplained, ...]) -> None:
    assert of(rows, "__main__.Kept") == {"": Unexplained("__main__.Kept", 1, 1)}


def test_functions_that_an_extension_package_keeps_natively_are_its_own(rows: tuple[Unexplained, ...]) -> None:
    assert of(rows, "function")["numpy"].objects > 100
    assert of(rows, "dict")["numpy"].objects > 100


def test_only_object_of_an_interpreters_class_is_the_interpreters(rows: tuple[Unexplained, ...]) -> None:
    assert of(rows, "ast.Add") == {"the interpreter": Unexplained("ast.Add", 1, 1, "the interpreter")}


def test_more_rows_than_asked_for_hide_no_usual_ones(heap: Heap) -> None:
    few = unexplained_references(heap, 2)
    assert [row.usual != "" for row in few] == [False, False, True, True]


def test_function_of_a_package_without_extension_modules_is_listed(rows: tuple[Unexplained, ...]) -> None:
    assert of(rows, "function")[""].objects >= 1


def test_many_references_to_one_function_are_listed_whoevers_it_is(rows: tuple[Unexplained, ...]) -> None:
    assert of(rows, "function")[""].references >= 40


def test_lost_dict_that_holds_things_of_the_program_is_listed(rows: tuple[Unexplained, ...]) -> None:
    assert of(rows, "dict")[""].objects >= 1


def test_lost_array_is_no_definition_of_its_package(rows: tuple[Unexplained, ...]) -> None:
    arrays = of(rows, "numpy.ndarray")
    assert arrays[""].objects == 1


def test_what_is_usual_comes_after_the_rest(rows: tuple[Unexplained, ...]) -> None:
    usual = [row.usual != "" for row in rows]
    assert usual == sorted(usual)
