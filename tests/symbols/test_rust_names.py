"""Rust's newer names: as other readers write them, and bounded where a name refers to itself again and again."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outlive.symbols.rust_v0 import demangled

pytestmark = pytest.mark.any_python

_KNOWN = {
    (
        "_RINvCs6xxl1lAjzDf_1a3genINtNtNtNtCsjrHSEGnQ3l9_3std11collections4hash3map7HashMapNtNtCslNYArtu3iFV_"
        "5alloc6string6StringINtNtB1l_3vec3VecTnEEERDNtNtCsgEmfK2I1SDS_4core3any3AnyEL_EB2_"
    ): (
        "a::gen::<std::collections::hash::map::HashMap<alloc::string::String, alloc::vec::Vec<(i128,)>>, &dyn"
        " core::any::Any>"
    ),
    "_RINvCs6xxl1lAjzDf_1a5applyNCNvB2_4mains0_0EB2_": "a::apply::<a::main::{closure#2}>",
    "_RINvNtCs6xxl1lAjzDf_1au9gre_6ka8iu8gdel_5qaThAsj4_ReEEB4_": "a::größe::gödel::<(u8, [i16; 4], &str)>",
    (
        "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeINtNtCslNYArtu3iFV_5alloc3vec3VecINtNtBL_5boxed3BoxDINt"
        "NtNtB4_3ops8function6FnOnceuEp6OutputuNtNtB4_6marker4SendEL_EEECs6xxl1lAjzDf_1a"
    ): (
        "core::ptr::drop_in_place::<alloc::vec::Vec<alloc::boxed::Box<dyn core::ops::function::FnOnce<(), Out"
        "put = ()> + core::marker::Send>>>"
    ),
    "_RINvNtNtCsjrHSEGnQ3l9_3std3sys9backtrace28___rust_begin_short_backtraceFEuuECs6xxl1lAjzDf"
    "_1a": "std::sys::backtrace::__rust_begin_short_backtrace::<fn(), ()>",
    (
        "_RNSNvYNCINvNtCsjrHSEGnQ3l9_3std2rt10lang_startuE0INtNtNtCsgEmfK2I1SDS_4core3ops8function6FnOnceuE9c"
        "all_once6vtableCs6xxl1lAjzDf_1a"
    ): ("<std::rt::lang_start<()>::{closure#0} as core::ops::function::FnOnce<()>>::call_once::{shim:vtable#0}"),
    "_RNvXCs6xxl1lAjzDf_1aINtB2_6CircledENtB2_5Shape4area": "<a::Circle<f64> as a::Shape>::area",
    "_RNvMC1aINtC1a3ArrKj3_Kc78_Kb1_E3len": "<a::Arr<3, 'x', true>>::len",
    "_RINvC1a1fKln5_E": "a::f::<-5>",
    "_RINvC1a1fFUKCPhOtEzE": 'a::f::<unsafe extern "C" fn(*const u8, *mut u16) -> !>',
    "_RINvC1a1fL_TjEuE": "a::f::<'_, (usize,), ()>",
}


@pytest.mark.parametrize("name", _KNOWN)
def test_a_name_is_what_was_written(name: str) -> None:
    assert demangled(name) == _KNOWN[name]


def test_what_the_linker_added_is_left_out() -> None:
    assert demangled("_RNvC7mycrate3foo.llvm.1234567890123456") == "mycrate::foo"


@pytest.mark.parametrize(
    "name", ["_ZN3fooE", "_R", "_RNvC3foo", "_Rabc", "_RNvC7mycrate9", "Readable", "_RNvC7mycrate3fo\xf6"]
)
def test_what_is_no_such_name_is_none(name: str) -> None:
    assert demangled(name) is None


def test_a_name_that_would_be_without_end_is_refused_soon() -> None:
    doubling = "_RINvC1a1b" + "T" + "".join(f"TB{at}_B{at}_E" for at in "abcdefghijklmnopqrstuvwxyzABCDEFG") + "EE"
    deep = "_RNvC1a1b" + "R" * 5000 + "h"
    begun = time.process_time()
    assert demangled("_RMC1a" + "R" * 4000 + "h") is None
    for name in (doubling, deep, "_RNvB_1a", "_RB_", "_RNvB0_1a"):
        demangled(name)
    assert time.process_time() - begun < 0.5


@given(st.text("RNvCMXYIBKLTESAPODFGsu0123456789_abhjp", max_size=80))
@example("INvC1a1bB_E")
@example("NvC1a999999999999999999999999_")
def test_any_text_is_read_or_refused(text: str) -> None:
    found = demangled("_R" + text)
    assert found is None or len(found) < 5000
