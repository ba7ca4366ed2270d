/* A module that lends its arguments' text to Python and drops them too early, and other mistakes with Python's memory. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

struct arguments {
  char *text;
};
static struct arguments held;

__attribute__((noinline)) static char *copied(const char *text) {
  char *copy = malloc(strlen(text) + 1);
  return strcpy(copy, text);
}
__attribute__((noinline)) static void drop_arguments(void) { free(held.text); }

static PyObject *lend(PyObject *self, PyObject *text) {
  (void)self;
  held.text = copied(PyUnicode_AsUTF8(text));
  Py_RETURN_NONE;
}
static PyObject *drop(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  drop_arguments();
  Py_RETURN_NONE;
}
static PyObject *arrived(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  return PyUnicode_FromString(held.text);
}
static PyObject *view(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  return PyMemoryView_FromMemory(held.text, (Py_ssize_t)strlen(held.text), PyBUF_WRITE);
}
static PyObject *arena(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  free(PyObject_Malloc(100));
  Py_RETURN_NONE;
}
static PyObject *raw_to_object(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  PyObject_Free(PyMem_RawMalloc(100));
  Py_RETURN_NONE;
}
static PyObject *malloc_to_mem(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  PyMem_Free(malloc(2000));
  Py_RETURN_NONE;
}
static PyObject *object_to_raw(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  PyMem_RawFree(PyObject_Malloc(2000));
  Py_RETURN_NONE;
}
static PyObject *mem_to_free(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  free(PyMem_Calloc(20, 100));
  Py_RETURN_NONE;
}
static PyObject *right(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  for (size_t size = 1; size < 2000; size += 97) {
    PyObject_Free(PyObject_Malloc(size));
    PyMem_Free(PyMem_Realloc(PyMem_Malloc(size), size * 3));
    PyMem_RawFree(PyMem_RawRealloc(PyMem_RawCalloc(size, 2), size * 3));
    free(malloc(size));
  }
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"lend", lend, METH_O, NULL},
                                {"drop", drop, METH_NOARGS, NULL},
                                {"arrived", arrived, METH_NOARGS, NULL},
                                {"view", view, METH_NOARGS, NULL},
                                {"arena", arena, METH_NOARGS, NULL},
                                {"right", right, METH_NOARGS, NULL},
                                {"raw_to_object", raw_to_object, METH_NOARGS, NULL},
                                {"malloc_to_mem", malloc_to_mem, METH_NOARGS, NULL},
                                {"object_to_raw", object_to_raw, METH_NOARGS, NULL},
                                {"mem_to_free", mem_to_free, METH_NOARGS, NULL},
                                {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "lent", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_lent(void) { return PyModule_Create(&module); }
