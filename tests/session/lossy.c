/* An extension that loses memory, keeps it in a variable, and gives it to an object; and one that does all right. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>

struct record {
  struct record *next;
  char body[304 - sizeof(struct record *)];
};

static struct record *journal;

__attribute__((noinline)) static struct record *make_record(void) { return calloc(1, sizeof(struct record)); }

static PyObject *forget(PyObject *module, PyObject *nothing) {
  (void)module, (void)nothing;
  struct record *made = make_record();
  if (made == NULL) return PyErr_NoMemory();
  Py_RETURN_NONE;
}

static PyObject *keep(PyObject *module, PyObject *nothing) {
  (void)module, (void)nothing;
  struct record *made = make_record();
  if (made == NULL) return PyErr_NoMemory();
  made->next = journal;
  journal = made;
  Py_RETURN_NONE;
}

static PyObject *release(PyObject *module, PyObject *nothing) {
  (void)module, (void)nothing;
  free(make_record());
  Py_RETURN_NONE;
}

typedef struct {
  PyObject_HEAD char *bytes;
  size_t size;
} Buffer;

static PyObject *buffer_feed(PyObject *self, PyObject *nothing) {
  (void)nothing;
  Buffer *buffer = (Buffer *)self;
  char *larger = realloc(buffer->bytes, buffer->size + 500);
  if (larger == NULL) return PyErr_NoMemory();
  memset(larger + buffer->size, 0, 500);
  buffer->bytes = larger;
  buffer->size += 500;
  Py_RETURN_NONE;
}

static void buffer_dealloc(PyObject *self) {
  free(((Buffer *)self)->bytes);
  Py_TYPE(self)->tp_free(self);
}

static PyMethodDef buffer_methods[] = {{"feed", buffer_feed, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyTypeObject buffer_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "lossy.Buffer",
    .tp_basicsize = sizeof(Buffer),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = buffer_dealloc,
    .tp_methods = buffer_methods,
};

static PyMethodDef methods[] = {{"forget", forget, METH_NOARGS, NULL},
                                {"keep", keep, METH_NOARGS, NULL},
                                {"release", release, METH_NOARGS, NULL},
                                {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "lossy", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_lossy(void) {
  if (PyType_Ready(&buffer_type) < 0) return NULL;
  PyObject *module = PyModule_Create(&definition);
  if (module == NULL) return NULL;
  Py_INCREF(&buffer_type);
  PyModule_AddObject(module, "Buffer", (PyObject *)&buffer_type);
  return module;
}
