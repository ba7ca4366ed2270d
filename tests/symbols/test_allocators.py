"""A stack begins with who asked for memory, not with what handed it out."""

from __future__ import annotations

import pytest

from outlive.model.explanation import NativeFrame
from outlive.symbols.allocators import is_allocator, strip

pytestmark = pytest.mark.any_python


def _stack(*names: str) -> tuple[NativeFrame, ...]:
    return tuple(NativeFrame("/lib/x.so", at, name) for at, name in enumerate(names))


@pytest.mark.parametrize(
    "name",
    [
        "malloc", "__libc_malloc", "__GI___libc_malloc", "_int_malloc", "sysmalloc", "calloc@plt", "__strdup",
        "posix_memalign", "__vasprintf_internal", "free", "je_malloc", "mi_zalloc_small", "_int_free.constprop.0",
        "_Znwm", "_ZnamRKSt9nothrow_t", "_ZdlPvm", "operator new(unsigned long)", "operator new[](unsigned long)",
        "operator delete(void*, unsigned long)",
        "std::__new_allocator<int>::allocate(unsigned long, void const*)",
        "__gnu_cxx::new_allocator<char>::allocate(unsigned long, void const*)",
        "std::allocator_traits<std::allocator<int> >::allocate(std::allocator<int>&, unsigned long)",
        "std::_Vector_base<int, std::allocator<int> >::_M_allocate(unsigned long)",
        "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::_M_create(unsigned long&)",
        "std::shared_ptr<Peer> std::allocate_shared<Peer, std::allocator<void>>(std::allocator<void> const&)",
        "std::_MakeUniq<app::Peer>::__single_object std::make_unique<app::Peer>()",
        "std::__shared_count<(__gnu_cxx::_Lock_policy)2>::__shared_count<Peer, std::allocator<void> >(Peer*&)",
        "__rust_alloc", "__rustc::__rust_alloc", "alloc::alloc::exchange_malloc", "alloc::raw_vec::finish_grow",
        "<alloc::alloc::Global as core::alloc::Allocator>::allocate", "<alloc::raw_vec::RawVec<u8>>::grow_one",
        "alloc::raw_vec::RawVec<T,A>::reserve_for_push", "<alloc::boxed::Box<app::Peer>>::new",
        "PyMem_Malloc", "PyObject_Malloc", "_PyObject_Malloc", "_PyMem_DebugRawAlloc", "_PyObject_GC_New",
        "_PyObject_New", "PyType_GenericAlloc", "g_malloc0", "g_strdup", "uv__malloc", "uv__strdup",
        "sqlite3DbMallocRaw", "strndup",
    ],
)  # fmt: skip
def test_is_an_allocator(name: str) -> None:
    assert is_allocator(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "main", "parse_header", "mallocate_seats", "free_peers", "peer_malloc_count", "uv_tcp_init", "PyList_New",
        "PyDict_New", "PyObject_Call", "PyObject_GetAttr", "g_list_append", "std::vector<int>::push_back(int const&)",
        "app::Pool::allocate(unsigned long)", "my::operator_new()", "app::make_shared_state()",
        "<app::Peer as core::clone::Clone>::clone", "app::alloc::table", "alloc::string::String::from",
        "alloc::collections::btree::map::BTreeMap<K,V>::insert", "std::function<void* (malloc)>::operator()() const",
        "getaddrinfo", "fopen", "sqlite3_open", "strdup_all_names", "realloc_table",
    ],
)  # fmt: skip
def test_is_none(name: str) -> None:
    assert not is_allocator(name)


def test_the_innermost_run_of_them_is_dropped_and_what_follows_is_kept() -> None:
    stack = _stack("malloc", "operator new(unsigned long)", "app::meet()", "malloc", "main")
    assert [one.function for one in strip(stack)] == ["app::meet()", "malloc", "main"]


def test_what_was_inlined_into_an_allocator_is_its_own() -> None:
    inner = NativeFrame("/lib/x.so", 1, "_PyType_PreHeaderSize", inlined=True)
    assert strip((inner, *_stack("_PyObject_GC_New", "PyList_New")))[0].function == "PyList_New"


def test_what_an_allocator_was_inlined_into_is_kept() -> None:
    names = ("helper", "std::allocator<int>::allocate(unsigned long)", "std::vector<int>::push_back(int const&)")
    inlined = tuple(NativeFrame("/lib/x.so", 1, name, inlined=True) for name in names)
    told = strip((*inlined, *_stack("app::fill()", "main")))
    assert [one.function for one in told] == ["std::vector<int>::push_back(int const&)", "app::fill()", "main"]


def test_what_nobody_asked_of_an_allocator_is_left_alone() -> None:
    inner = NativeFrame("/lib/x.so", 1, "helper", inlined=True)
    assert strip((inner, *_stack("app::fill()", "malloc"))) == (inner, *_stack("app::fill()", "malloc"))


def test_a_frame_without_a_name_ends_the_run() -> None:
    assert strip(_stack("malloc", "", "operator new(unsigned long)"))[0].function == ""


def test_something_always_stays() -> None:
    assert [one.function for one in strip(_stack("malloc", "xmalloc"))] == ["xmalloc"]
    assert strip(()) == ()
