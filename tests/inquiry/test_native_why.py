"""A whole check of an extension that loses memory and references: its function is named, and the line that called."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig

import pytest

from outlive.model.explanation import Explanation, OwnerKind
from outlive.model.verdict import CheckResult, Verdict
from outlive.session import CheckSettings, check

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")]

_EXTENSION = """
#include <Python.h>
static PyObject *parse(PyObject *module, PyObject *text) {
  (void)module, (void)text;
  if (PyObject_Malloc(77) == NULL) return PyErr_NoMemory();
  Py_RETURN_NONE;
}
static PyObject *measure(PyObject *module, PyObject *text) {
  (void)module;
  PyObject *length = PyFloat_FromDouble((double)PyObject_Length(text));
  if (length == NULL) return NULL;
  Py_INCREF(length); /* the mistake */
  double doubled = 2 * PyFloat_AS_DOUBLE(length);
  Py_DECREF(length);
  return PyFloat_FromDouble(doubled);
}
static PyObject *look(PyObject *module, PyObject *text) {
  (void)module;
  Py_INCREF(text); /* the mistake */
  return PyBool_FromLong(PyObject_IsTrue(text));
}
static PyMethodDef methods[] = {{"parse", parse, METH_O, NULL}, {"measure", measure, METH_O, NULL},
                                {"look", look, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "lossy", .m_size = -1, .m_methods = methods};
PyMODINIT_FUNC PyInit_lossy(void) { return PyModule_Create(&definition); }
"""


_PROGRAM = """
import lossy

def step(i):
    for n in range(20):
        lossy.parse("x")
        lossy.measure("x" * n)
        lossy.look(f"message {i} {n}")
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> CheckResult:
    """A check of a program that calls all three."""
    folder = tmp_path_factory.mktemp("lossy")
    (folder / "lossy.c").write_text(_EXTENSION)
    (folder / "app.py").write_text(_PROGRAM)
    include = sysconfig.get_path("include")
    command = ["cc", "-O1", "-shared", "-fPIC", f"-I{include}", "-o", f"lossy{sysconfig.get_config_var('EXT_SUFFIX')}"]
    subprocess.run([*command, "lossy.c"], cwd=folder, check=True)
    return check(str(folder / "app.py"), CheckSettings())


def _why(found: CheckResult, line: int) -> Explanation:
    assert found.verdict is Verdict.LEAK
    whys = [one.explanation for one in found.findings if one.explanation is not None]
    return next(one for one in whys if one.site is not None and one.site.line == line)


def test_a_block_that_is_never_freed_names_the_function_that_took_it(found: CheckResult) -> None:
    why = _why(found, 6)
    assert why.sentence.startswith("parse() of lossy, called from app.py:6 in step, takes a block of 77 bytes each")
    assert why.native[0].function == "parse"
    assert why.owner.kind is OwnerKind.YOURS


def test_an_object_that_the_extension_makes_and_keeps_names_its_function(found: CheckResult) -> None:
    assert _why(found, 7).sentence.startswith("measure() of lossy, called from app.py:7 in step, makes a float each")


def test_an_object_that_was_given_and_kept_names_the_call(found: CheckResult) -> None:
    why = _why(found, 8)
    assert why.sentence.startswith("Each str that app.py:8 in step makes stays")
    assert "lossy.look(), called there" in why.sentence
