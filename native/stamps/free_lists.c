#include "stamps/free_lists.h"

#if PY_VERSION_HEX < 0x030d0000

static void empty_floats(PyInterpreterState *interp) {
  PyFloatObject *next = interp->float_state.free_list;
  interp->float_state.free_list = NULL;
  interp->float_state.numfree = 0;
  while (next != NULL) {
    PyFloatObject *waiting = next;
    next = (PyFloatObject *)Py_TYPE(waiting); /* linked by their types */
    PyObject_Free(waiting);
  }
}

static void empty_tuples(PyInterpreterState *interp) {
  enum { LISTS = sizeof interp->tuple.free_list / sizeof *interp->tuple.free_list };
  /* 3.10 keeps the one empty tuple in the first place */
  for (int i = PY_VERSION_HEX < 0x030b0000 ? 1 : 0; i < LISTS; i++) {
    PyTupleObject *next = interp->tuple.free_list[i];
    interp->tuple.free_list[i] = NULL;
    interp->tuple.numfree[i] = 0;
    while (next != NULL) {
      PyTupleObject *waiting = next;
      next = (PyTupleObject *)waiting->ob_item[0];
      PyObject_GC_Del(waiting);
    }
  }
}

void ol_free_lists_empty(PyInterpreterState *interp) {
  empty_floats(interp);
  empty_tuples(interp);
  while (interp->list.numfree > 0) PyObject_GC_Del(interp->list.free_list[--interp->list.numfree]);
  while (interp->dict_state.numfree > 0) PyObject_GC_Del(interp->dict_state.free_list[--interp->dict_state.numfree]);
}

#else

void ol_free_lists_empty(PyInterpreterState *interp) { (void)interp; }

#endif
