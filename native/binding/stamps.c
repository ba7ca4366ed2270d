/* outlive._core.Stamps: one object, as there is one set of stamps a process. */
#include "stamps/stamps.h"

#include "binding/core.h"
#include "stamps/made.h"

static PyObject *the_stamps; /* the singleton; kept for good */
static char ours[OL_SITE_TEXT_MAX], watcher[OL_SITE_TEXT_MAX], through[OL_THROUGH_MAX][OL_SITE_TEXT_MAX];

static PyObject *mode_word(ol_stamps_mode mode) {
  static const char *const words[] = {"off", "tracer", "allocator"};
  return PyUnicode_FromString(words[mode]);
}

static PyObject *stamps_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  static char *names[] = {NULL};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "", names)) return NULL;
  if (the_stamps == NULL) the_stamps = type->tp_alloc(type, 0);
  Py_XINCREF(the_stamps);
  return the_stamps;
}

static bool depth_is_possible(unsigned int depth) {
  if (depth >= 1 && depth <= OL_STAMP_DEPTH_MAX) return true;
  PyErr_Format(PyExc_ValueError, "depth must be 1 to %d", (int)OL_STAMP_DEPTH_MAX);
  return false;
}

static bool copy_folder(char *to, const char *from) {
  if (strlen(from) < OL_SITE_TEXT_MAX) return strcpy(to, from), true;
  PyErr_SetString(PyExc_ValueError, "the folder's name is too long");
  return false;
}

/* Copies the folders. -1 with an error set. */
static int copy_through(PyObject *given) {
  Py_ssize_t count = given != NULL ? PyTuple_GET_SIZE(given) : 0;
  if (count > OL_THROUGH_MAX) return PyErr_SetString(PyExc_ValueError, "too many folders to look through"), -1;
  for (Py_ssize_t i = 0; i < count; i++) {
    const char *folder = PyBytes_AsString(PyTuple_GET_ITEM(given, i));
    if (folder == NULL || !copy_folder(through[i], folder)) return -1;
  }
  return (int)count;
}

static void look_through(int count) {
  const char *folders[OL_THROUGH_MAX];
  for (int i = 0; i < count; i++) folders[i] = through[i];
  ol_stamps_look_through(folders, (uint32_t)count);
}

static PyObject *stamps_start(PyObject *self, PyObject *args, PyObject *kwargs) {
  (void)self;
  static char *names[] = {"depth", "allocator", "ours", "watcher", "sparse", "through", NULL};
  unsigned int depth = 1;
  int allocator = 0, sparse = 0;
  PyObject *through_given = NULL;
  const char *ours_given = "", *watcher_given = "";
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|I$pyypO!", names, &depth, &allocator, &ours_given, &watcher_given,
                                   &sparse, &PyTuple_Type, &through_given))
    return NULL;
  if (ol_stamps_now.mode != OL_STAMPS_OFF) {
    PyErr_SetString(PyExc_RuntimeError, "stamps have been started already");
    return NULL;
  }
  if (!depth_is_possible(depth) || !copy_folder(ours, ours_given) || !copy_folder(watcher, watcher_given)) return NULL;
  int folders = copy_through(through_given);
  if (folders < 0) return NULL;
  look_through(folders);
  if (!ol_stamps_start(depth, allocator, sparse, ours, watcher)) return PyErr_NoMemory();
  return mode_word(ol_stamps_now.mode);
}

/* Stamps read the variable in the hook: it goes only after they no longer do. */
static void set_scope_variable(PyObject *variable) {
  PyObject *before = ol_stamps_now.scope_variable;
  ol_stamps_now.scope_variable = Py_XNewRef(variable);
  Py_XDECREF(before);
}

static PyObject *stamps_stop(PyObject *self, PyObject *none) {
  (void)self, (void)none;
  ol_stamps_stop();
  set_scope_variable(NULL);
  Py_RETURN_NONE;
}

static PyObject *stamps_tick(PyObject *self, PyObject *number) {
  (void)self;
  unsigned long tick = PyLong_AsUnsignedLong(number);
  if (tick == (unsigned long)-1 && PyErr_Occurred()) return NULL;
  ol_stamps_tick(tick > OL_TICK_BETWEEN ? OL_TICK_BETWEEN - 1 : (uint32_t)tick);
  Py_RETURN_NONE;
}

static PyObject *stamps_depth(PyObject *self, PyObject *args) {
  (void)self;
  unsigned int depth;
  if (!PyArg_ParseTuple(args, "I", &depth) || !depth_is_possible(depth)) return NULL;
  ol_stamps_deepen(depth);
  Py_RETURN_NONE;
}

static PyObject *stamps_scope_variable(PyObject *self, PyObject *variable) {
  (void)self;
  if (!Py_IS_TYPE(variable, &PyContextVar_Type))
    return PyErr_SetString(PyExc_TypeError, "a contextvars.ContextVar is needed"), NULL;
  set_scope_variable(variable);
  Py_RETURN_NONE;
}

static PyObject *text_of(uint32_t number) {
  size_t length;
  const char *text = ol_text_at(&ol_stamps_now.sites.texts.texts, number, &length);
  return PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, "replace");
}

/* The innermost row of the chain that is not in a folder looked through; `site` itself where all are. */
static const ol_site_row *telling_row(uint32_t site) {
  const ol_site_row *rows = (const ol_site_row *)ol_stamps_now.sites.rows.base;
  for (uint32_t row = site; row != OL_SITE_UNKNOWN; row = rows[row].parent) {
    size_t length;
    const char *file = ol_text_at(&ol_stamps_now.sites.texts.texts, rows[row].file, &length);
    if (!ol_stamps_is_through(file, length)) return &rows[row];
  }
  return &rows[site];
}

static PyObject *stamps_of(PyObject *self, PyObject *object) {
  (void)self;
  uint64_t stamp = ol_stamp_of_object(object);
  if (stamp == 0) Py_RETURN_NONE;
  ol_scoped_row place = ol_stamp_place(stamp);
  if (place.site == OL_SITE_UNKNOWN) return Py_BuildValue("(IIsIs)", ol_stamp_tick(stamp), place.scope, "", 0, "");
  const ol_site_row *row = telling_row(place.site);
  return Py_BuildValue("(IININ)", ol_stamp_tick(stamp), place.scope, text_of(row->file), row->line,
                       text_of(row->function));
}

static bool as_number(PyObject *object, const char *what, uint32_t *ret) {
  unsigned long long number = PyLong_AsUnsignedLongLong(object);
  if (number == (unsigned long long)-1 && PyErr_Occurred()) return false;
  if (number > UINT32_MAX) return PyErr_Format(PyExc_OverflowError, "%s has more than 32 bits", what), false;
  *ret = (uint32_t)number;
  return true;
}

static bool are_types(PyObject *types) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(types); i++)
    if (!PyType_Check(PyTuple_GET_ITEM(types, i)))
      return PyErr_SetString(PyExc_TypeError, "a tuple of types is needed"), false;
  return true;
}

static PyObject *stamps_made(PyObject *self, PyObject *args) {
  (void)self;
  PyObject *since_given, *scope_given, *types;
  uint32_t since, scope = 0;
  if (!PyArg_ParseTuple(args, "OOO!", &since_given, &scope_given, &PyTuple_Type, &types) || !are_types(types) ||
      !as_number(since_given, "the tick", &since) ||
      (scope_given != Py_None && !as_number(scope_given, "the scope", &scope)))
    return NULL;
  return ol_made(since, scope_given != Py_None ? &scope : NULL, types);
}

static PyObject *stamps_mode(PyObject *self, void *none) {
  (void)self, (void)none;
  return mode_word(ol_stamps_now.mode);
}

static PyObject *stamps_mapped(PyObject *self, void *none) {
  (void)self, (void)none;
  return PyLong_FromUnsignedLongLong(ol_stamps_mapped_bytes());
}

static PyObject *stamps_facts(PyObject *self, void *none) {
  (void)self, (void)none;
  const ol_stamps *now = &ol_stamps_now;
  PyObject *lost_at = now->lost ? PyLong_FromUnsignedLong(now->lost_at) : Py_NewRef(Py_None);
  return Py_BuildValue("{sN sI sO sO sN sI sK sK sK}", "mode", mode_word(now->mode), "depth", now->depth, "sparse",
                       now->sparse ? Py_True : Py_False, "tracer_taken", now->tracer_taken ? Py_True : Py_False,
                       "lost_at", lost_at, "sites", now->sites.row_count > 0 ? now->sites.row_count - 1 : 0,
                       "unstamped", (unsigned long long)now->unstamped_count, "refused",
                       (unsigned long long)now->sites.refused_count, "scopes_left_out",
                       (unsigned long long)now->scoped.left_out_count);
}

static PyMethodDef stamps_methods[] = {
    {"start", (PyCFunction)(void (*)(void))stamps_start, METH_VARARGS | METH_KEYWORDS, NULL},
    {"stop", stamps_stop, METH_NOARGS, NULL},
    {"tick", stamps_tick, METH_O, NULL},
    {"depth", stamps_depth, METH_VARARGS, NULL},
    {"scope_variable", stamps_scope_variable, METH_O, NULL},
    {"of", stamps_of, METH_O, NULL},
    {"made", stamps_made, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef stamps_getters[] = {
    {"mode", stamps_mode, NULL, NULL, NULL},
    {"mapped_bytes", stamps_mapped, NULL, NULL, NULL},
    {"facts", stamps_facts, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyTypeObject ol_StampsType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "outlive._core.Stamps",
    .tp_basicsize = sizeof(PyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = stamps_new,
    .tp_methods = stamps_methods,
    .tp_getset = stamps_getters,
};
