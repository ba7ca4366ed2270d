"""Freed memory that reaches Python: as text it cannot be read, and is told as what it is."""

from __future__ import annotations

import signal

import pytest

from outlive.capture.blocks import load_blocks

LENT = """
def handler():
    lent.lend("a piece of text that is long enough")
    view = lent.view()
    lent.drop()
    return view
view = handler()
"""


def test_text_read_from_freed_memory_is_a_use_after_free_and_names_the_module_that_lent_it(guarded_python):
    run = guarded_python(LENT + "lent.arrived()")
    assert run.code == 1
    assert run.error.splitlines()[-1].startswith("UnicodeDecodeError: ")
    assert run.only.kind == "use-after-free"
    assert run.only.sentence.endswith("it was lent to Python by lent.so")
    calls = dict(run.only.calls)
    assert [calls[role].lines[0].line for role in ("made", "freed", "used")] == [4, 6, 9]
    assert calls["freed"].lines[0].function == "handler"


def test_it_is_told_also_where_the_program_catches_the_error(guarded_python):
    run = guarded_python(LENT + "try: bytes(view).decode()\nexcept UnicodeDecodeError: print('caught')")
    assert (run.code, run.out, run.only.kind) == (0, "caught\n", "use-after-free")


def test_text_that_is_wrong_by_itself_raises_as_ever_and_is_not_accused(guarded_python):
    source = """
lent.lend("x" * 50), lent.drop()
import traceback
for wrong in (bytes.fromhex("e0e1e2e3e4e5dbdb") * 4, bytes.fromhex("dbdbdbdb") * 8, bytes.fromhex("fffe")):
    try: wrong.decode()
    except UnicodeDecodeError as error: print(error, len(traceback.extract_tb(error.__traceback__)))
import codecs
assert codecs.strict_errors is codecs.lookup_error("strict")
"""
    run = guarded_python(source)
    assert (run.code, run.broken) == (0, ())
    assert run.out.splitlines()[2] == "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte 1"


def test_a_write_through_a_view_of_freed_memory_is_told(guarded_python):
    run = guarded_python(LENT + "view[3] = 0")
    assert (run.code, run.only.kind) == (0, "write-after-free")
    assert run.only.evidence[0].startswith("bytes 3 to 3 of 36 were changed")


def test_memory_of_pythons_allocator_given_to_free_is_told(guarded_python):
    run = guarded_python("lent.arena()")
    assert (run.code, run.only.kind) == (0, "foreign-free")
    assert "in an arena of Python's allocator" in run.only.sentence


def test_every_allocator_of_python_goes_with_its_free(guarded_python):
    run = guarded_python("lent.right()\nimport json, ssl, decimal, threading, subprocess\nprint('done')")
    assert (run.code, run.out, run.error, run.broken) == (0, "done\n", "", ())


def test_memory_of_one_of_pythons_domains_given_to_another_is_told(guarded_python):
    run = guarded_python("lent.raw_to_object(); lent.malloc_to_mem(); lent.object_to_raw(); lent.mem_to_free()")
    to_python = "made by malloc or PyMem_RawMalloc, given to PyMem_Free or PyObject_Free"
    from_python = "made by PyMem_Malloc or PyObject_Malloc, given to free or PyMem_RawFree"
    assert run.code == 0
    assert {use.kind for use in run.broken} == {"mismatched-free"}
    assert [use.sentence.partition(": ")[2] for use in run.broken] == [to_python] * 2 + [from_python] * 2


def test_faulthandler_says_what_it_says_without_a_guard(guarded_python):
    source = "import ctypes, faulthandler; faulthandler.enable()\ndef touch(): ctypes.string_at(8)\ntouch()"
    run = guarded_python(source)
    assert (run.code, run.broken) == (-signal.SIGSEGV, ())
    assert run.error.count("Fatal Python error: Segmentation fault") == 1
    assert "in touch" in run.error


@pytest.mark.parametrize("how", ["malloc", "debug"])
def test_another_allocator_under_python_is_not_accused(guarded_python, monkeypatch, how):
    monkeypatch.setenv("PYTHONMALLOC", how)
    run = guarded_python("lent.right(); print('done')")
    assert (run.code, run.out, run.error, run.broken) == (0, "done\n", "", ())


@pytest.mark.parametrize("settings", [{}, {"why_lost": True}, {"guard": "sampled", "guard_rate": 10}])
def test_a_look_beside_the_guard_is_one_at_the_process_itself(guarded_python, settings):
    """The copy that looks handles its own faults: it is not taken for a child of the program that forked."""
    run = guarded_python("import os; print(os.getpid())", **settings)
    (file,) = run.folder.glob("blocks-*.outlive")
    facts = load_blocks(file).facts
    assert facts["pid"] == int(run.out)
    assert facts["lost_in_fork"] == 0
