/* outlive._core.Census. */
#include "binding/core.h"

#include <string.h>

#include "walk/growth.h"

typedef struct {
  PyObject_HEAD ol_census census;
  ol_growth growth;
  bool ready;
} CensusObject;

static int census_init(CensusObject *self, PyObject *args, PyObject *kwargs) {
  static char *names[] = {NULL};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "", names)) return -1;
  if (self->ready) return 0;
  if (!ol_census_init(&self->census, ol_objects_expected())) return PyErr_NoMemory(), -1;
  self->ready = true;
  return 0;
}

static void census_dealloc(CensusObject *self) {
  if (self->ready) ol_census_deinit(&self->census), ol_growth_deinit(&self->growth);
  Py_TYPE(self)->tp_free(self);
}

static PyObject *census_take(CensusObject *self, PyObject *none) {
  (void)none;
  if (!self->ready) return PyErr_Format(PyExc_RuntimeError, "Census was not initialised");
  ol_walk_status status = ol_census_take(&self->census);
  if (status != OL_WALK_OK) return ol_raise_walk_status(status);
  Py_RETURN_NONE;
}

static char *put(char *out, const void *bytes, size_t length) {
  memcpy(out, bytes, length);
  return out + length;
}

static size_t names_bytes(const ol_census *census) {
  size_t total = 0, length;
  for (uint32_t i = census->names_sent; i < census->names.texts.count; i++) {
    (void)ol_text_at(&census->names.texts, i, &length);
    total += 4 + 2 + 1 + length;
  }
  return total;
}

static bool row_changed(const ol_census *census, uint32_t row) {
  return memcmp((const ol_tally_row *)census->rows.base + row, (const ol_tally_row *)census->sent.base + row,
                sizeof(ol_tally_row)) != 0;
}

/* u32 names, (u32 number, u16 length, u8 whether its instances are types, bytes) each; u32 rows, (u32 number, i64 count, bytes, items, unexplained, overdrawn) each. */
static PyObject *census_frame(CensusObject *self, PyObject *none) {
  (void)none;
  ol_census *census = &self->census;
  uint32_t name_count = census->names.texts.count - census->names_sent, row_count = 0;
  for (uint32_t row = 0; row < census->names.texts.count; row++) row_count += row_changed(census, row);
  size_t bytes = 8 + names_bytes(census) + row_count * (4 + sizeof(ol_tally_row));
  PyObject *frame = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)bytes);
  if (frame == NULL) return NULL;
  char *out = put(PyBytes_AS_STRING(frame), &name_count, 4);
  for (uint32_t i = census->names_sent; i < census->names.texts.count; i++) {
    size_t length;
    const char *name = ol_text_at(&census->names.texts, i, &length);
    uint16_t short_length = (uint16_t)length;
    out = put(put(put(put(out, &i, 4), &short_length, 2), &census->of_types.base[i], 1), name, length);
  }
  out = put(out, &row_count, 4);
  for (uint32_t row = 0; row < census->names.texts.count; row++) {
    if (!row_changed(census, row)) continue;
    const ol_tally_row *now = (const ol_tally_row *)census->rows.base + row;
    out = put(put(out, &row, 4), now, sizeof *now);
    ((ol_tally_row *)census->sent.base)[row] = *now;
  }
  census->names_sent = census->names.texts.count;
  return frame;
}

static PyObject *census_mark(CensusObject *self, PyObject *none) {
  (void)none;
  ol_walk_status status = ol_growth_take_mark(&self->growth, &self->census);
  if (status != OL_WALK_OK) return ol_raise_walk_status(status);
  Py_RETURN_NONE;
}

static PyObject *census_grown(CensusObject *self, PyObject *args) {
  Py_ssize_t limit = 64;
  if (!PyArg_ParseTuple(args, "|n", &limit)) return NULL;
  return ol_growth_list(&self->growth, &self->census, limit);
}

static PyObject *census_holders(CensusObject *self, PyObject *args) {
  PyObject *objects;
  Py_ssize_t limit = 16;
  if (!PyArg_ParseTuple(args, "O!|n", &PyTuple_Type, &objects, &limit)) return NULL;
  return ol_growth_holders(&self->census, objects, limit);
}

static PyObject *census_retained(CensusObject *self, PyObject *args) {
  PyObject *objects, *child_types;
  if (!PyArg_ParseTuple(args, "O!O!", &PyTuple_Type, &objects, &PyFrozenSet_Type, &child_types)) return NULL;
  return ol_growth_retained(&self->census, objects, child_types);
}

static PyObject *census_objects(CensusObject *self, void *none) {
  (void)none;
  return PyLong_FromUnsignedLong(self->ready ? self->census.walk.columns.node_count - 1 : 0);
}

static PyObject *census_caches(CensusObject *self, void *none) {
  (void)none;
  const ol_walk *walk = &self->census.walk;
  return Py_BuildValue("(KK)", (unsigned long long)walk->cache_blocks, (unsigned long long)walk->cache_native_bytes);
}

static PyMethodDef census_methods[] = {
    {"take", (PyCFunction)census_take, METH_NOARGS, NULL},
    {"frame", (PyCFunction)census_frame, METH_NOARGS, NULL},
    {"mark", (PyCFunction)census_mark, METH_NOARGS, NULL},
    {"grown", (PyCFunction)census_grown, METH_VARARGS, NULL},
    {"holders", (PyCFunction)census_holders, METH_VARARGS, NULL},
    {"retained", (PyCFunction)census_retained, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef census_getters[] = {{"nodes", (getter)census_objects, NULL, NULL, NULL},
                                       {"caches", (getter)census_caches, NULL, NULL, NULL},
                                       {NULL, NULL, NULL, NULL, NULL}};

PyTypeObject ol_CensusType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "outlive._core.Census",
    .tp_basicsize = sizeof(CensusObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)census_init,
    .tp_dealloc = (destructor)census_dealloc,
    .tp_methods = census_methods,
    .tp_getset = census_getters,
};
