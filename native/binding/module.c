/* The extension module `outlive._core`: thin, no logic of its own. Signatures and docs stand in _core.pyi. */
#include "binding/core.h"

#include <malloc.h>

#include "graph/crc32c.h"

PyObject *ol_raise_walk_status(ol_walk_status status) {
  if (status == OL_WALK_NO_MEMORY) return PyErr_NoMemory();
  if (status == OL_WALK_BROKEN_LIST)
    PyErr_SetString(PyExc_RuntimeError, "the collector's lists are damaged: refusing to follow them");
  return NULL;
}

size_t ol_objects_expected(void) {
  PyObject *function = PySys_GetObject("getallocatedblocks"); /* borrowed */
  PyObject *blocks = function != NULL ? PyObject_CallNoArgs(function) : NULL;
  size_t count = blocks != NULL ? PyLong_AsSize_t(blocks) : 0;
  Py_XDECREF(blocks);
  PyErr_Clear();
  return (count == (size_t)-1 ? 0 : count * 9 / 8) + 50000;
}

static PyObject *native_heap(PyObject *module, PyObject *none) {
  (void)module, (void)none;
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
  struct mallinfo2 info = mallinfo2();
  return Py_BuildValue("(nnnn)", (Py_ssize_t)info.uordblks, (Py_ssize_t)info.hblkhd, (Py_ssize_t)info.arena,
                       (Py_ssize_t)info.fordblks);
#else
  Py_RETURN_NONE; /* the C library does not tell, or only in 32 bits */
#endif
}

static PyObject *crc32c(PyObject *module, PyObject *args) {
  (void)module;
  Py_buffer view;
  unsigned int crc = 0;
  if (!PyArg_ParseTuple(args, "y*|I", &view, &crc)) return NULL;
  uint32_t result;
  Py_BEGIN_ALLOW_THREADS result = ol_crc32c(crc, view.buf, (size_t)view.len);
  Py_END_ALLOW_THREADS PyBuffer_Release(&view);
  return PyLong_FromUnsignedLong(result);
}

/* How many objects the collector has counted towards its next youngest collection: what a look makes and drops is put
 * back, so that the program's collections come when they would have come. */
static PyObject *young_count(PyObject *module, PyObject *args) {
  (void)module;
  int count = -1;
  if (!PyArg_ParseTuple(args, "|i", &count)) return NULL;
  int *counted = &PyInterpreterState_Get()->gc.generations[0].count;
  int before = *counted;
  if (count >= 0) *counted = count;
  return PyLong_FromLong(before);
}

static PyMethodDef methods[] = {
    {"young_count", young_count, METH_VARARGS, NULL},
    {"native_heap", native_heap, METH_NOARGS, NULL},
    {"crc32c", crc32c, METH_VARARGS, NULL},
    {"snapshot", ol_snapshot, METH_VARARGS, NULL},
    {"catch_signals", ol_catch_signals, METH_VARARGS, NULL},
    {"pass_on", ol_pass_on, METH_O, NULL},
    {"release_signals", ol_release_signals, METH_NOARGS, NULL},
    {"watch_allocations", ol_watch_allocations, METH_NOARGS, NULL},
    {"end_allocations", ol_end_allocations, METH_NOARGS, NULL},
    {"tell_allocations", ol_tell_allocations, METH_VARARGS, NULL},
    {"forget_allocations", ol_forget_allocations, METH_NOARGS, NULL},
    {"empty_free_lists", ol_empty_free_lists, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "outlive._core", .m_size = -1,
                                        .m_methods = methods};

PyMODINIT_FUNC PyInit__core(void) {
  if (!ol_walk_learn()) return NULL;
  if (PyType_Ready(&ol_StampsType) < 0 || PyType_Ready(&ol_HookedType) < 0) return NULL;
  if (PyType_Ready(&ol_CensusType) < 0 || PyType_Ready(&ol_ControlsType) < 0 || ol_controls_ready() < 0) return NULL;
  PyObject *module = PyModule_Create(&definition);
  if (module == NULL) return NULL;
  if (PyModule_AddObjectRef(module, "Census", (PyObject *)&ol_CensusType) < 0 ||
      PyModule_AddObjectRef(module, "Controls", (PyObject *)&ol_ControlsType) < 0 ||
      PyModule_AddObjectRef(module, "Stamps", (PyObject *)&ol_StampsType) < 0 ||
      PyModule_AddObjectRef(module, "Hooked", (PyObject *)&ol_HookedType) < 0 || ol_heap_graph_add(module) < 0) {
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
