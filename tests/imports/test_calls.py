"""Names of calls as tools write them come down to one."""

from __future__ import annotations

import pytest

from outlive.imports.calls import inner_calls, is_allocator, module_name, same_file
from outlive.imports.names import bare_name, last_part
from outlive.imports.sanitizer import frame
from outlive.imports.whose import owner_of
from outlive.model.explanation import OwnerKind
from outlive.model.imported import Frame, Stack

pytestmark = pytest.mark.any_python


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("make_chain", "make_chain"),
        ("__interceptor_strdup", "strdup"),
        ("operator new[](unsigned long)", "operator new[]"),
        ("app::Pool::take(unsigned long, int (*)(int)) const", "app::Pool::take"),
        ("app::Pool::operator()(int)", "app::Pool::operator()"),
        ("(anonymous namespace)::make()", "(anonymous namespace)::make"),
        ("parse.constprop.0", "parse"),
        ("parse.part.3.isra.1", "parse"),
        ("malloc@plt", "malloc"),
        ("memcpy@@GLIBC_2.14", "memcpy"),
        ("app::run::h0123456789abcdef", "app::run"),
        ("void app::Pool<int>::fill<char>(int) const", "app::Pool<int>::fill<char>"),
        ("app::run()::{lambda(int)#1}::operator()(int) const", "app::run()::{lambda(int)#1}::operator()"),
        ("operator", "operator"),
        (")", ")"),
        ("", ""),
    ],
)
def test_name_is_stripped_to_what_all_tools_say(written: str, name: str) -> None:
    assert bare_name(written) == name


@pytest.mark.parametrize(
    "one",
    [
        Frame("malloc"),
        Frame("__interceptor_calloc"),
        Frame("operator new(unsigned long)"),
        Frame("anything", "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so"),
        Frame("", "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"),
        Frame("_PyObject_Malloc"),
        Frame("PyType_GenericAlloc"),
        Frame("strdup"),
    ],
)
def test_allocators_are_known(one: Frame) -> None:
    assert is_allocator(one)


@pytest.mark.parametrize(
    "name", ["my_malloc", "mallocate", "PyList_New", "freeze", "Pool::operator new_thing", "g_malloc"]
)
def test_what_only_sounds_like_an_allocator_is_none(name: str) -> None:
    assert not is_allocator(Frame(name))


def test_stack_of_malloc_alone_tells_nothing() -> None:
    assert inner_calls(Stack("allocated", (Frame("malloc"),))) == ()


def test_stack_that_ends_in_the_interpreters_allocator_tells_that() -> None:
    (one,) = inner_calls(Stack("allocated", (Frame("malloc"), Frame("PyType_GenericAlloc"))))
    assert one.function == "PyType_GenericAlloc"


def test_library_call_that_opens_is_no_part_of_who_opened() -> None:
    calls = inner_calls(Stack("opened", (Frame("pipe", "/lib/libc.so.6"), Frame("serve"), Frame("main"))))
    assert [one.function for one in calls] == ["serve"]


@pytest.mark.parametrize(
    ("path", "name"), [("/lib/libc.so.6", "libc.so"), ("/lib/libc-2.31.so", "libc.so"), ("app", "app")]
)
def test_module_is_named_without_its_version(path: str, name: str) -> None:
    assert module_name(path) == name


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/src/demo/a.c", "a.c", True),
        ("./demo/a.c", "/src/demo/a.c", True),
        ("x/a.c", "y/a.c", False),
        ("", "a.c", False),
    ],
)
def test_paths_with_different_roots_may_be_one_file(one: str, other: str, same: bool) -> None:
    assert same_file(one, other) is same


@pytest.mark.parametrize(
    ("text", "frame_of"),
    [
        ("in main /src/demo/a.c:10:22", Frame("main", "", "/src/demo/a.c", 10)),
        ("in main a.c:10", Frame("main", "", "a.c", 10)),
        ("in f(int, char const*) /src/my dir/a.cc:7", Frame("f(int, char const*)", "", "/src/my dir/a.cc", 7)),
        (
            "in operator new[](unsigned long) ../../a.cpp:98",
            Frame("operator new[](unsigned long)", "", "../../a.cpp", 98),
        ),
        ("in f (/opt/my (new) app+0x12) (BuildId: ab)", Frame("f", "/opt/my (new) app", offset=0x12)),
        (" (/lib/libx.so+0x6f79)", Frame("", "/lib/libx.so", offset=0x6F79)),
        ("in f", Frame("f")),
        ("", Frame()),
    ],
)
def test_sanitizer_frame_is_parted(text: str, frame_of: Frame) -> None:
    assert frame(text) == frame_of


@pytest.mark.parametrize(
    ("one", "kind", "name"),
    [
        (Frame("f", "/lib/x86_64-linux-gnu/libdbus-1.so.3"), OwnerKind.SYSTEM, "libdbus-1"),
        (Frame("f", "/usr/lib/libstdc++.so.6.0.30"), OwnerKind.SYSTEM, "libstdc++.so.6.0.30"),
        (Frame("f", "/home/me/app/build/server"), OwnerKind.YOURS, "server"),
        (Frame("f", "/venv/lib/python3.12/site-packages/numpy/core.so"), OwnerKind.LIBRARY, "core.so"),
        (Frame("f", "/usr/lib/libpython3.12.so.1.0"), OwnerKind.INTERPRETER, "libpython3.12"),
        (Frame("f", "", "../sysdeps/nptl/libc_start_call_main.h", 58), OwnerKind.SYSTEM, ""),
        (Frame("f", "", "Objects/dictobject.c", 5), OwnerKind.INTERPRETER, ""),
        (Frame("f", "", "/src/demo/leak.c", 5), OwnerKind.YOURS, ""),
        (Frame("f", "", "leak.c", 5), OwnerKind.UNKNOWN, ""),
        (Frame("f"), OwnerKind.UNKNOWN, ""),
    ],
)
def test_owner_is_told_by_module_or_source_file(one: Frame, kind: OwnerKind, name: str) -> None:
    owner = owner_of(one)
    assert owner.kind is kind
    assert name in (owner.name, f"{owner.name}.so.6.0.30")


def test_with_mine_another_application_is_a_library() -> None:
    assert owner_of(Frame("f", "/home/me/other/tool"), ["/home/me/app"]).kind is OwnerKind.LIBRARY


def test_mine_may_be_a_folder_or_a_module() -> None:
    for mine in ("/home/me/app", "app", "server"):
        assert owner_of(Frame("f", "/home/me/app/server"), [mine]).kind is OwnerKind.YOURS


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("make", "make"),
        ("app::(anonymous namespace)::make", "make"),
        ("app::Pool<std::pair<int, int> >::take<char>", "take"),
        ("app::run()::{lambda(int)#1}::operator()", "operator()"),
        ("app::operator<<", "operator<<"),
        ("cooperator::run", "run"),
        (">>", ">>"),
        ("", ""),
    ],
)
def test_last_part_is_what_debug_information_says_alone(name: str, part: str) -> None:
    assert last_part(name) == part


def test_standard_library_is_passed_over() -> None:
    frames = (
        Frame("operator new(unsigned long)"),
        Frame("allocate", "/app/x", "/usr/include/c++/12/bits/new_allocator.h", 137),
        Frame("std::vector<int>::push_back(int&&)", "/app/x", "/usr/include/c++/12/bits/stl_vector.h", 1288),
        Frame("app::fill(int)", "/app/x"),
        Frame("main", "/app/x"),
    )
    assert [one.function for one in inner_calls(Stack("allocated", frames))] == ["app::fill"]


def test_standard_library_called_by_main_is_mains() -> None:
    frames = (Frame("malloc"), Frame("std::vector<int>::push_back(int&&)"), Frame("main"), Frame("_start"))
    assert [one.function for one in inner_calls(Stack("allocated", frames))] == ["main"]
