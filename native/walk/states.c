#include "walk/states.h"

#include <string.h>

#include "walk/layout.h"

enum { STACKED_FILES_MAX = 4 }; /* text over buffer over raw, and one to spare */

static int64_t field(PyObject *object, ol_state_field where) {
  const char *place = (const char *)object + where.offset;
  int64_t wide = 0;
  int32_t narrow = 0;
  switch (where.bytes) {
    case 1: wide = *(const uint8_t *)place; break;
    case 4: memcpy(&narrow, place, 4), wide = narrow; break;
    case 8: memcpy(&wide, place, 8); break;
    default: return 0;
  }
  return where.mask != 0 ? wide & where.mask : wide;
}

static ol_state state_of_future(PyObject *object, const ol_native_state *row) {
  switch (field(object, row->fields[0])) {
    case 0: break;
    case 1: return OL_STATE_CANCELLED;
    case 2: return OL_STATE_DONE;
    default: return OL_STATE_UNKNOWN;
  }
  bool asked =
      row->reading == OL_READ_TASK && (field(object, row->fields[1]) != 0 || field(object, row->fields[2]) > 0);
  return asked ? OL_STATE_CANCEL_REQUESTED : OL_STATE_PENDING;
}

static ol_state state_of_memoryview(PyObject *object) {
  const PyMemoryViewObject *view = (const PyMemoryViewObject *)object;
  return view->flags & _Py_MEMORYVIEW_RELEASED ? OL_STATE_RELEASED : OL_STATE_OPEN;
}

static ol_state read_state(PyObject *object, const ol_native_state *row) {
  int64_t first = field(object, row->fields[0]);
  switch (row->reading) {
    case OL_READ_FUTURE:
    case OL_READ_TASK: return state_of_future(object, row);
    case OL_READ_NEGATIVE_IS_CLOSED: return first < 0 ? OL_STATE_CLOSED : OL_STATE_OPEN;
    case OL_READ_NULL_IS_CLOSED: return first == 0 ? OL_STATE_CLOSED : OL_STATE_OPEN;
    case OL_READ_SET_IS_CLOSED: return first != 0 ? OL_STATE_CLOSED : OL_STATE_OPEN;
    case OL_READ_NULL_IS_EXHAUSTED: return first == 0 ? OL_STATE_EXHAUSTED : OL_STATE_UNKNOWN;
    case OL_READ_LOCK: return first != 0 ? OL_STATE_LOCKED : OL_STATE_UNLOCKED;
    case OL_READ_TOKEN: return first != 0 ? OL_STATE_USED : OL_STATE_UNKNOWN;
    case OL_READ_GENERATOR: return ol_generator_state(object);
    case OL_READ_FRAME: return ol_frame_state(object);
    case OL_READ_WEAKREF:
      return ((const PyWeakReference *)object)->wr_object == Py_None ? OL_STATE_DEAD : OL_STATE_ALIVE;
    case OL_READ_MEMORYVIEW: return state_of_memoryview(object);
    default: return OL_STATE_UNKNOWN;
  }
}

/* A buffer or text file is as open as what it stands on; when that is no file of ours, nobody can tell. */
ol_state ol_state_of(PyObject *object, const ol_native_state *row, PyInterpreterState *interp) {
  for (int depth = 0; depth < STACKED_FILES_MAX && object != NULL && row != NULL; depth++) {
    if (row->reading != OL_READ_OVER) return read_state(object, row);
    if (field(object, row->fields[0]) == 0) return field(object, row->fields[1]) ? OL_STATE_DETACHED : OL_STATE_UNKNOWN;
    if (field(object, row->fields[1]) != 0) return OL_STATE_DETACHED;
    object = *(PyObject **)((char *)object + row->fields[2].offset);
    row = object != NULL ? ol_state_of_type(Py_TYPE(object), interp) : NULL;
  }
  return OL_STATE_UNKNOWN;
}
