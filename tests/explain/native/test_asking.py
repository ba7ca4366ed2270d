"""Who wanted a block: neither the allocator nor who hands its memory on."""

from __future__ import annotations

import pytest
from small_looks import LIBC, LIBUV, PROGRAM, frame, stack

from outlive.explain.native.asking import asked
from outlive.explain.native.wrappers import Request, has_wrappers_name, wrappers
from outlive.model.native_blocks import PythonLine

PYTHON = "/usr/bin/python3.12"


def test_the_function_behind_malloc_wanted_the_block():
    who = asked(stack("malloc", "decode", "on_data", "main"))
    assert (who.what, who.caller and who.caller.function) == ("decode", "on_data")


def test_what_the_c_library_asks_for_is_wanted_by_its_caller():
    assert asked(stack("malloc", "fopen", "read_config", "main")).what == "read_config"


def test_another_library_wants_its_blocks_itself():
    who = asked(stack("malloc", "uv_loop_init", "start", "main"))
    assert (who.what, who.module, who.caller and who.caller.function) == ("uv_loop_init", LIBUV, "start")


def test_standard_containers_hand_on():
    frames = (
        frame("operator new(unsigned long)", "/usr/lib/libstdc++.so.6"),
        frame("std::vector<int, std::allocator<int> >::_M_realloc_insert(int)"),
        frame("Cache::put(int)"),
        frame("main"),
    )
    who = asked(frames)
    assert who.what == "Cache::put(int)"
    assert who.frames[0].function == "Cache::put(int)"


def test_a_wrapper_stays_in_the_stack_and_its_caller_wanted_the_block():
    who = asked(stack("malloc", "xmalloc", "decode", "main"), wrappers={(PROGRAM, "xmalloc")})
    assert who.what == "decode"
    assert who.frames[0].function == "xmalloc"


def test_who_called_a_library_without_names_is_not_taken_for_who_wanted_it():
    frames = (
        frame("uv_get_due", LIBUV, at=0xBE52, certain=False),
        frame("dial"),
        frame("uv_run", LIBUV),
        frame("main"),
    )
    who = asked(frames)
    assert who.what == "libuv.so.1.0.0+0xbe52"
    assert who.caller is not None
    assert who.caller.function == "dial"


def test_what_starts_the_program_is_not_shown():
    frames = (*stack("work", "main"), frame("__libc_start_call_main", LIBC), frame("x", at=0x10D1, certain=False))
    assert [one.function for one in asked(frames).frames] == ["work", "main"]


def test_what_only_the_interpreter_asked_for_goes_by_the_python_line():
    line = PythonLine(7, "/app/api.py", "load")
    assert asked((frame("PyBytes_FromSize", PYTHON),), (line,)).what == "load (api.py:7)"


def test_an_extension_that_python_called_wanted_its_block_itself():
    own = "/venv/lib/python3.12/site-packages/fast/_fast.so"
    who = asked((frame("fast_load", own), frame("_PyEval_EvalFrameDefault", PYTHON)), (PythonLine(1, "a.py", "f"),))
    assert (who.what, who.caller) == ("fast_load", None)


def test_the_identity_holds_no_address():
    first, second = (asked((frame("decode", at=at), frame("main", at=at + 1))) for at in (100, 200))
    assert first.key == second.key


@pytest.mark.parametrize("name", ["xmalloc", "safe_realloc", "app_xstrdup", "must_calloc_or_die"])
def test_wrappers_are_known_by_name(name: str):
    assert has_wrappers_name(name)


def _requests(sizes_by_caller: dict[str, list[int]], places: tuple[int, ...] = (5,)) -> list[Request]:
    return [
        Request(frame("get", at=places[at % len(places)]), frame(caller), size)
        for at, (caller, sizes) in enumerate(sizes_by_caller.items())
        for size in sizes
    ]


def test_a_function_whose_callers_choose_the_size_is_a_wrapper():
    assert wrappers(_requests({"a": [8], "b": [24], "c": [100]})) == {(PROGRAM, "get")}


@pytest.mark.parametrize(
    "requests",
    [
        _requests({"a": [8], "b": [8], "c": [8]}),  # a node of one size for everybody
        _requests({"a": [8, 11, 30], "b": [24], "c": [100]}),  # strings of any length
        _requests({"a": [8], "b": [24]}),  # too few to say
        _requests({"a": [8], "b": [24], "c": [100]}, places=(5, 6, 7)),  # asks in several places
    ],
)
def test_a_function_that_chooses_for_itself_is_no_wrapper(requests: list[Request]):
    assert wrappers(requests) == frozenset()
