/* outlive._core.Column: a result of a native pass as Python sees it, an array whose memory goes with it. */
#ifndef OUTLIVE_BINDING_COLUMN_H
#define OUTLIVE_BINDING_COLUMN_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "graph/dominators.h"

typedef struct {
  PyObject_HEAD ol_reserve memory;
  Py_ssize_t count;
  int item_bytes;     /* 1, 4 or 8 */
  ol_dominators tree; /* of a column of dominators: what retained sizes go on from; else count is 0 */
} ol_column;

extern PyTypeObject ol_ColumnType;

/* A column of zeros, or NULL with MemoryError set. */
ol_column *ol_column_new(uint64_t count, int item_bytes);

/* View an argument that is to be an array of whole numbers of `item_bytes` bytes each, native, contiguous and aligned.
 * Nothing at all (b"") is an empty array of any kind. -1 with TypeError or ValueError set; else release the view. */
int ol_array_view(PyObject *object, const char *name, int item_bytes, Py_buffer *view);

#endif
