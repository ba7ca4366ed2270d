"""From piles of blocks that stay to who took them: the library's function, its line, or nobody for certain."""

from __future__ import annotations

from typing import Any

from outlive.explain.allocated import explain_allocated, wanted_calls
from outlive.explain.context import Context
from outlive.model.explanation import NativeFrame, OwnerKind
from outlive.model.packages import Distribution, Packages

_LIBRARIES = "/venv/site-packages"
_FAST = f"{_LIBRARIES}/fast.cpython-311-x86_64-linux-gnu.so"
_PYTHON = "/usr/lib/libpython3.11.so"
_PACKAGES = Packages(
    own_modules=frozenset(["app"]),
    own_folders=("/app",),
    library_folders=(_LIBRARIES,),
    distributions={"fast": Distribution("fast", "1.2"), "slow": Distribution("slow", "3.4")},
)
_LINES = [["/app/app.py", 7, "step"]]
_LOOP = [_PYTHON, 9, "_PyEval_EvalFrameDefault", 4]


def _row(count: int, kinds: dict[str, int], *native: list[Any], size: int = 61, **other: Any) -> dict[str, Any]:
    return {"count": count, "size": size, "lines": _LINES, "native": list(native), "kinds": kinds, **other}


def _resolve(module: str, address: int, symbol: str, past: int) -> NativeFrame:
    return NativeFrame(module, address, symbol, past < 100)


def _explained(*rows: dict[str, Any], per_step: float = 10, calls: list[dict[str, Any]] | None = None) -> Any:
    answer = {"rows": list(rows), "steps": 10, "calls": calls or []}
    return explain_allocated(answer, per_step, Context(packages=_PACKAGES, kind="native"), _resolve)


def _call(function: str, module: str, line: int = 7) -> dict[str, Any]:
    return {"file": "/app/app.py", "line": line, "function": function, "module": module, "calls": 3}


def test_a_block_is_the_librarys_whose_function_took_it() -> None:
    taking = [_PYTHON, 1, "PyObject_Malloc", 5]
    (found,) = _explained(_row(98, {"": 64}, taking, [_FAST, 5, "parse", 3], _LOOP), _row(2, {"": 2}))
    assert found.sentence.startswith("parse() of fast, called from app.py:7 in step, takes a block of 61 bytes each")
    assert (found.owner.kind, found.owner.name, found.made_by.kind) == (OwnerKind.LIBRARY, "fast", OwnerKind.YOURS)
    assert [frame.function for frame in found.native] == ["parse"]  # neither how it was taken nor who runs the line
    assert found.explained == 100


def test_a_function_without_a_name_is_not_given_the_one_before_it() -> None:
    (found,) = _explained(_row(100, {"": 64}, [_FAST, 5, "parse", 900], _LOOP))
    assert found.sentence.startswith("A function without a name (behind parse) of fast")


def test_an_object_that_a_library_made_is_a_reference_it_lost() -> None:
    (found,) = _explained(_row(100, {"datetime.timedelta": 64}, [_FAST, 5, "convert", 3], _LOOP))
    assert "makes a datetime.timedelta each time and never lets go of it" in found.sentence
    assert found.native_references == 1


def test_an_object_that_python_made_is_lost_by_the_one_function_called_there() -> None:
    row = _row(100, {"builtins.str": 64}, [_PYTHON, 5, "PyUnicode_Format", 3], _LOOP)
    calls = [_call("fast.Table.pop", "fast.table"), _call("len", "builtins"), _call("slow.f", "slow", line=8)]
    (found,) = _explained(row, calls=calls)
    assert "fast.Table.pop(), called there, keeps a reference" in found.sentence
    assert found.owner.name == "fast"


def test_of_two_functions_called_there_neither_is_blamed() -> None:
    row = _row(100, {"builtins.str": 64}, [_PYTHON, 5, "PyUnicode_Format", 3], _LOOP)
    (found,) = _explained(row, calls=[_call("fast.pop", "fast"), _call("slow.put", "slow")])
    assert "(fast.pop(), slow.put()) one keeps" in found.sentence
    assert found.owner.kind is OwnerKind.UNKNOWN


def test_what_any_program_keeps_is_not_told() -> None:
    assert _explained(_row(19, {"": 19}, [_FAST, 5, "parse", 3], _LOOP)) == ()


def test_two_places_are_two_mistakes() -> None:
    other = [["/app/app.py", 8, "step"]]
    rows = _row(60, {"": 60}, [_FAST, 5, "parse", 3]), _row(40, {"": 40}, [_FAST, 6, "build", 3], lines=other)
    found = _explained(*rows)
    assert [one.explained for one in found] == [60, 40]
    assert len({one.fingerprint for one in found}) == 2


def test_sizes_differ_and_it_is_one_mistake() -> None:
    rows = [_row(30, {"": 30}, [_FAST, 5, "parse", 3], size=size) for size in (10, 20, 30)]
    (found,) = _explained(*rows)
    assert (found.explained, found.retained_bytes) == (90, 20)


def test_a_mixed_pile_has_no_kind() -> None:
    (found,) = _explained(_row(100, {"": 32, "builtins.str": 32}, [_FAST, 5, "parse", 3]))
    assert found.types == ()


def test_calls_are_wanted_for_objects_alone() -> None:
    rows = [_row(9, {"": 9}), _row(9, {"builtins.str": 9})]
    assert wanted_calls({"rows": rows[:1]}) == []
    assert wanted_calls({"rows": rows}) == [("/app/app.py", 7)]


def test_other_kinds_of_findings_are_not_explained_here() -> None:
    answer = {"rows": [_row(100, {"": 64})], "steps": 10}
    assert explain_allocated(answer, 10, Context(packages=_PACKAGES, kind="fd"), _resolve) == ()


_NEW = [_PYTHON, 2, "PyTuple_New", 5]
_CALLS = [_PYTHON, 3, "PyObject_Call", 5]


def test_who_called_the_python_that_made_it_got_it_and_is_named() -> None:
    (found,) = _explained(_row(100, {"tuple": 64}, _NEW, _LOOP, _CALLS, [_FAST, 5, "parse", 3], _LOOP))
    assert found.sentence.endswith("parse() of fast, which called that, seems not to give back what it was given.")
    assert found.owner.name == "fast"
    assert [frame.function for frame in found.native] == ["PyTuple_New"]


def test_a_library_further_out_than_the_next_python_is_not_named() -> None:
    (found,) = _explained(_row(100, {"tuple": 64}, _NEW, _LOOP, _CALLS, _LOOP, [_FAST, 5, "parse", 3]))
    assert found.sentence.endswith("native code that was given it never gave its reference back.")


def test_what_only_goes_with_others_is_no_mistake_of_its_own() -> None:
    pairs = _row(100, {"tuple": 64}, _NEW, _LOOP, pile=1, under=0, referred_to=0, size=56)
    texts = _row(100, {"str": 64}, _NEW, _LOOP, pile=2, under=1, referred_to=100, size=50)
    (found,) = _explained(pairs, texts)
    assert found.types == ("tuple",)
    assert found.retained_bytes == 106


def test_what_only_some_of_others_refer_to_is_one_of_its_own() -> None:
    pairs = _row(100, {"tuple": 64}, _NEW, _LOOP, pile=1, under=0, referred_to=0)
    texts = _row(100, {"str": 64}, _NEW, _LOOP, pile=2, under=1, referred_to=50)
    assert len(_explained(pairs, texts)) == 2


def test_blocks_that_refer_to_each_other_are_told_once() -> None:
    rings = [_row(100, {"list": 64}, _NEW, _LOOP, pile=at, under=3 - at, referred_to=100) for at in (1, 2)]
    assert len(_explained(*rings)) == 1


def test_an_object_that_may_have_been_made_of_a_dead_one_has_an_approximate_line() -> None:
    answer = {"rows": [_row(100, {"tuple": 64}, _NEW, _LOOP)], "steps": 10, "reused": True}
    (found,) = explain_allocated(answer, 10, Context(packages=_PACKAGES, kind="native"), _resolve)
    assert found.site is not None
    assert found.site.approximate
    assert found.native == ()


def test_of_two_libraries_on_the_stack_neither_is_blamed_for_an_object_alone() -> None:
    slow = f"{_LIBRARIES}/slow.cpython-311-x86_64-linux-gnu.so"
    row = _row(100, {"array": 64}, [slow, 2, "new_array", 5], _LOOP, _CALLS, _LOOP, [_FAST, 5, "parse", 3])
    (found,) = _explained(row)
    assert found.sentence.startswith("Each array that new_array() of slow, called from app.py:7 in step, makes stays")
    assert "that function, or parse() of fast, for which that Python ran" in found.sentence
    assert found.owner.kind is OwnerKind.UNKNOWN


def test_a_block_is_the_librarys_that_took_it_whoever_called_further_out() -> None:
    slow = f"{_LIBRARIES}/slow.cpython-311-x86_64-linux-gnu.so"
    (found,) = _explained(_row(100, {"": 64}, [slow, 2, "new_array", 5], _LOOP, [_FAST, 5, "parse", 3]))
    assert found.owner.name == "slow"
