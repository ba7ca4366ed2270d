/* outlive._core.Hooked: stands where a function stood, tells that it is called, and calls it.
 *
 * Theory of operation. A wrapper written in Python would put a frame of ours into every traceback and would look like a
 * wrapper to whoever asks. This one is called by C's protocol and has no frame; whatever is asked of it, the function
 * answers, its class included, so that `inspect` and `asyncio` take it for what it stands for. It binds to an instance
 * where the function would, and then passes the instance on as first argument. Copies and pickles name the place where
 * it stands, as those of functions do.
 *
 * What a callback raises is dropped, except what is no `Exception`: KeyboardInterrupt and SystemExit come from a signal
 * handler of the program's, which ran within the callback by chance and must be heard.
 */
#include "binding/core.h"

#include <stddef.h>

typedef struct hooked {
  PyObject_HEAD vectorcallfunc call;
  PyObject *function;
  PyObject *note, *after; /* NULL: none */
  int whole;              /* callbacks get all positional arguments instead of the first */
  PyObject *weak_references;
} hooked;

/* ---- calling ---- */

/* Takes the answer of a callback. False, and the error stays: somebody else's. */
static bool forgive(PyObject *answer) {
  Py_XDECREF(answer);
  if (answer != NULL) return true;
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return false;
  PyErr_Clear();
  return true;
}

/* What callbacks get to see of a call; a new reference. NULL with an error set: no memory. */
static PyObject *seen_of(const hooked *self, PyObject *const *args, size_t count) {
  if (!self->whole) return Py_NewRef(count > 0 ? args[0] : Py_None);
  PyObject *all = PyTuple_New((Py_ssize_t)count);
  for (size_t i = 0; all != NULL && i < count; i++) PyTuple_SET_ITEM(all, (Py_ssize_t)i, Py_NewRef(args[i]));
  return all;
}

/* Owns `result`, which is NULL where the function failed. */
static PyObject *tell_after(const hooked *self, PyObject *seen, PyObject *result) {
  PyObject *type = NULL, *value = NULL, *trace = NULL;
  if (result == NULL) PyErr_Fetch(&type, &value, &trace);
  PyObject *failed = result == NULL ? Py_True : Py_False;
  PyObject *args[] = {seen, result != NULL ? result : Py_None, failed};
  bool heard = forgive(PyObject_Vectorcall(self->after, args, 3, NULL));
  if (!heard) {
    Py_XDECREF(type), Py_XDECREF(value), Py_XDECREF(trace);
    Py_CLEAR(result);
  } else if (result == NULL) {
    PyErr_Restore(type, value, trace);
  }
  return result;
}

static PyObject *hooked_call(PyObject *object, PyObject *const *args, size_t flagged, PyObject *names) {
  hooked *self = (hooked *)object;
  /* The function may be given back its place, and we be dropped, while it runs. */
  PyObject *function = Py_NewRef(self->function), *result = NULL;
  PyObject *seen = seen_of(self, args, (size_t)PyVectorcall_NARGS(flagged));
  if (seen == NULL) PyErr_Clear();
  Py_INCREF(self);
  bool heard = seen == NULL || self->note == NULL || forgive(PyObject_CallOneArg(self->note, seen));
  if (heard) result = PyObject_Vectorcall(function, args, flagged, names);
  if (heard && seen != NULL && self->after != NULL) result = tell_after(self, seen, result);
  Py_XDECREF(seen);
  Py_DECREF(function);
  Py_DECREF(self);
  return result;
}

/* ---- looking like the function ---- */

static PyObject *hooked_bound(PyObject *self, PyObject *instance, PyObject *type) {
  (void)type;
  bool binds = Py_TYPE(((hooked *)self)->function)->tp_descr_get != NULL; /* built-in functions do not */
  return !binds || instance == NULL || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

static bool is_own(PyObject *name) {
  static const char *const own[] = {"__get__", "__call__", "__reduce__", "__reduce_ex__"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, own[i]) == 0) return true;
  return false;
}

static PyObject *hooked_getattr(PyObject *self, PyObject *name) {
  return is_own(name) ? PyObject_GenericGetAttr(self, name) : PyObject_GetAttr(((hooked *)self)->function, name);
}

static int hooked_setattr(PyObject *self, PyObject *name, PyObject *value) {
  return PyObject_SetAttr(((hooked *)self)->function, name, value);
}

static PyObject *hooked_repr(PyObject *self) { return PyObject_Repr(((hooked *)self)->function); }

/* A name says: by reference, as functions are. */
static PyObject *hooked_reduce(PyObject *self, PyObject *unused) {
  (void)unused;
  return PyObject_GetAttrString(((hooked *)self)->function, "__qualname__");
}

static PyObject *hooked_original(PyObject *type, PyObject *thing) {
  (void)type;
  return Py_NewRef(Py_IS_TYPE(thing, &ol_HookedType) ? ((hooked *)thing)->function : thing);
}

/* ---- being an object ---- */

static bool may_be_called(PyObject *object, const char *what, bool optional) {
  if ((optional && object == Py_None) || PyCallable_Check(object)) return true;
  return PyErr_Format(PyExc_TypeError, "%s cannot be called", what), false;
}

static bool may_be_hooked(PyObject *function) {
  if (!may_be_called(function, "the function", false)) return false;
  if (!PyType_Check(function) && !PyObject_TypeCheck(function, &PyStaticMethod_Type)) return true;
  return PyErr_SetString(PyExc_TypeError, "a function is needed: hook what a static method holds; classes cannot be"),
         false;
}

static PyObject *hooked_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"function", "note", "after", "whole", NULL};
  PyObject *function, *note = Py_None, *after = Py_None;
  int whole = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OO$p", names, &function, &note, &after, &whole) ||
      !may_be_hooked(function) || !may_be_called(note, "note", true) || !may_be_called(after, "after", true))
    return NULL;
  hooked *self = (hooked *)type->tp_alloc(type, 0);
  if (self == NULL) return NULL;
  self->call = hooked_call;
  self->function = Py_NewRef(function);
  self->note = note != Py_None ? Py_NewRef(note) : NULL;
  self->after = after != Py_None ? Py_NewRef(after) : NULL;
  self->whole = whole;
  return (PyObject *)self;
}

static int hooked_traverse(PyObject *object, visitproc visit, void *arg) {
  hooked *self = (hooked *)object;
  Py_VISIT(self->function);
  Py_VISIT(self->note);
  Py_VISIT(self->after);
  return 0;
}

/* No tp_clear for `function`: whoever still holds us may call. Cycles go through the callbacks, or the function's own
 * dict, cells and globals, which are cleared there. */
static int hooked_clear(PyObject *object) {
  hooked *self = (hooked *)object;
  Py_CLEAR(self->note);
  Py_CLEAR(self->after);
  return 0;
}

static void hooked_dealloc(PyObject *object) {
  hooked *self = (hooked *)object;
  PyObject_GC_UnTrack(object);
  if (self->weak_references != NULL) PyObject_ClearWeakRefs(object);
  (void)hooked_clear(object);
  Py_CLEAR(self->function);
  Py_TYPE(object)->tp_free(object);
}

static PyMethodDef hooked_methods[] = {
    {"__reduce__", hooked_reduce, METH_NOARGS, NULL},
    {"__reduce_ex__", hooked_reduce, METH_O, NULL},
    {"original", hooked_original, METH_O | METH_STATIC, NULL},
    {NULL, NULL, 0, NULL},
};

PyTypeObject ol_HookedType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "outlive._core.Hooked",
    .tp_basicsize = sizeof(hooked),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_new = hooked_new,
    .tp_dealloc = hooked_dealloc,
    .tp_traverse = hooked_traverse,
    .tp_clear = hooked_clear,
    .tp_call = PyVectorcall_Call,
    .tp_vectorcall_offset = offsetof(hooked, call),
    .tp_weaklistoffset = offsetof(hooked, weak_references),
    .tp_descr_get = hooked_bound,
    .tp_getattro = hooked_getattr,
    .tp_setattro = hooked_setattr,
    .tp_repr = hooked_repr,
    .tp_methods = hooked_methods,
};
