#include "binding/column.h"

#include <string.h>

ol_column *ol_column_new(uint64_t count, int item_bytes) {
  ol_column *column = (ol_column *)ol_ColumnType.tp_alloc(&ol_ColumnType, 0);
  if (column == NULL) return NULL;
  column->count = (Py_ssize_t)count;
  column->item_bytes = item_bytes;
  if (ol_reserve_grow(&column->memory, count * (uint64_t)item_bytes)) return column;
  Py_DECREF(column);
  return (ol_column *)PyErr_NoMemory();
}

static void column_dealloc(ol_column *self) {
  ol_reserve_deinit(&self->memory);
  ol_dominators_deinit(&self->tree);
  Py_TYPE(self)->tp_free(self);
}

static int column_buffer(ol_column *self, Py_buffer *view, int flags) {
  static char nothing;
  if (flags & PyBUF_WRITABLE & ~PyBUF_SIMPLE) {
    PyErr_SetString(PyExc_BufferError, "a Column is read-only");
    view->obj = NULL;
    return -1;
  }
  *view = (Py_buffer){
      .obj = Py_NewRef((PyObject *)self),
      .buf = self->memory.base != NULL ? self->memory.base : &nothing,
      .len = self->count * self->item_bytes,
      .itemsize = self->item_bytes,
      .readonly = 1,
      .ndim = 1,
      .format = (flags & PyBUF_FORMAT) == 0 ? NULL
                : self->item_bytes == 8     ? "L"
                : self->item_bytes == 4     ? "I"
                                            : "B",
      .shape = (flags & PyBUF_ND) == PyBUF_ND ? &self->count : NULL,
      .strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? &view->itemsize : NULL,
  };
  return 0;
}

static Py_ssize_t column_length(ol_column *self) { return self->count; }

static PyBufferProcs column_as_buffer = {.bf_getbuffer = (getbufferproc)column_buffer};
static PySequenceMethods column_as_sequence = {.sq_length = (lenfunc)column_length};

PyTypeObject ol_ColumnType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "outlive._core.Column",
    .tp_basicsize = sizeof(ol_column),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = (destructor)column_dealloc,
    .tp_as_buffer = &column_as_buffer,
    .tp_as_sequence = &column_as_sequence,
};

/* struct's codes for whole numbers: of this machine's byte order, or of one byte. */
static bool is_whole_numbers(const Py_buffer *view) {
  const char *format = view->format != NULL ? view->format : "B";
  if (*format == '@' || *format == '=' || *format == '<') format++; /* the core builds on little-endian machines only */
  return format[0] != '\0' && format[1] == '\0' && strchr("BHILQN", format[0]) != NULL;
}

int ol_array_view(PyObject *object, const char *name, int item_bytes, Py_buffer *view) {
  if (PyObject_GetBuffer(object, view, PyBUF_ND | PyBUF_FORMAT) < 0) return -1;
  if (view->len == 0) return 0;
  bool fits = view->itemsize == item_bytes && is_whole_numbers(view) && view->ndim == 1;
  if (fits && (uintptr_t)view->buf % (unsigned)item_bytes == 0) return 0;
  if (fits) PyErr_Format(PyExc_ValueError, "%s does not begin at a multiple of %d bytes", name, item_bytes);
  else PyErr_Format(PyExc_ValueError, "%s must be a row of unsigned numbers of %d bytes", name, item_bytes);
  PyBuffer_Release(view);
  return -1;
}
