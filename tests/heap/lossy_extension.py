"""A small extension module with the mistakes of real ones, one function or type each; built where the tests run."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

SOURCE = r"""
#include <Python.h>
#include <stdlib.h>

/* ---- functions ---- */

static PyObject *fresh(PyObject *m, PyObject *number) { /* makes a text, and forgets one more reference to it */
  (void)m;
  PyObject *text = PyUnicode_FromFormat("number %S of the lost texts", number);
  Py_XINCREF(text);
  return text;
}

static PyObject *peek(PyObject *m, PyObject *object) { /* forgets a reference to what it was given */
  (void)m;
  Py_INCREF(object);
  Py_RETURN_NONE;
}

static PyObject *first(PyObject *m, PyObject *iterable) { /* never lets go of what the iterator gave */
  (void)m;
  PyObject *iterator = PyObject_GetIter(iterable);
  if (iterator == NULL) return NULL;
  PyObject *item = PyIter_Next(iterator);
  Py_DECREF(iterator);
  if (item == NULL && PyErr_Occurred()) return NULL;
  Py_RETURN_NONE;
}

static PyObject *last_seen; /* the right way: one object, replaced */
static PyObject *remember(PyObject *m, PyObject *object) {
  (void)m;
  Py_INCREF(object);
  Py_XSETREF(last_seen, object);
  Py_RETURN_NONE;
}

static PyObject *drop(PyObject *m, PyObject *object) { /* lets go of what it does not own */
  (void)m;
  Py_DECREF(object);
  Py_RETURN_NONE;
}

/* ---- types that hold an object, none of which shows it to the collector ---- */

typedef struct {
  PyObject_HEAD PyObject *held;
} Hider;
typedef struct {
  PyObject_HEAD long before;
  PyObject **box;
} Boxer;
typedef struct {
  PyObject_HEAD PyObject *borrowed;
} Borrower;

static PyObject *hider_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  (void)kwargs;
  Hider *self = (Hider *)type->tp_alloc(type, 0);
  if (self != NULL && PyArg_ParseTuple(args, "O", &self->held)) Py_INCREF(self->held);
  return (PyObject *)self;
}
static void hider_dealloc(Hider *self) {
  Py_XDECREF(self->held);
  Py_TYPE(self)->tp_free(self);
}
static PyObject *boxer_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  (void)kwargs;
  PyObject *held;
  if (!PyArg_ParseTuple(args, "O", &held)) return NULL;
  Boxer *self = (Boxer *)type->tp_alloc(type, 0);
  self->box = malloc(8 * sizeof *self->box);
  for (int i = 0; i < 8; i++) self->box[i] = NULL;
  Py_INCREF(held);
  self->box[3] = held;
  return (PyObject *)self;
}
static void boxer_dealloc(Boxer *self) {
  Py_XDECREF(self->box[3]);
  free(self->box);
  Py_TYPE(self)->tp_free(self);
}
static PyObject *borrower_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  (void)kwargs;
  Borrower *self = (Borrower *)type->tp_alloc(type, 0);
  if (self != NULL && !PyArg_ParseTuple(args, "O", &self->borrowed)) return NULL;
  return (PyObject *)self;
}
static void borrower_dealloc(PyObject *self) { Py_TYPE(self)->tp_free(self); }

#define KIND(name, lower)                                                                     \
  static PyTypeObject name##_type = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "lossy." #name,  \
                                     .tp_basicsize = sizeof(name),                            \
                                     .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,    \
                                     .tp_new = lower##_new,                                   \
                                     .tp_dealloc = (destructor)lower##_dealloc}
KIND(Hider, hider);
KIND(Boxer, boxer);
KIND(Borrower, borrower);

static PyMethodDef methods[] = {{"fresh", fresh, METH_O, NULL},       {"peek", peek, METH_O, NULL},
                                {"first", first, METH_O, NULL},       {"remember", remember, METH_O, NULL},
                                {"drop", drop, METH_O, NULL},         {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "lossy", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_lossy(void) {
  PyObject *module = PyModule_Create(&definition);
  PyTypeObject *types[] = {&Hider_type, &Boxer_type, &Borrower_type};
  for (int i = 0; i < 3; i++)
    if (module == NULL || PyModule_AddType(module, types[i]) < 0) return NULL;
  return module;
}
"""


def build(folder: Path) -> None:
    """Puts the module `lossy` into the folder."""
    source = folder / "lossy.c"
    source.write_text(SOURCE)
    target = folder / ("lossy" + sysconfig.get_config_var("EXT_SUFFIX"))
    include = sysconfig.get_path("include")
    command = ["cc", "-O1", "-shared", "-fPIC", f"-I{include}", str(source), "-o", str(target)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
