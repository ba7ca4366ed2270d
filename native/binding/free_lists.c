/* empty_free_lists(events: int) -> bool: see core.h.
 *
 * A tuple, a list, a dict, a float may be made out of one that was given back a moment ago, without the allocator that is
 * watched hearing of it: its block then stands for whoever made the first one. A full collection gives back what waits
 * in those lists. Done at every call and return, it makes each object's block its own, as far as between two such events
 * one line of one function runs.
 *
 * Meant for objects that were set aside (gc.freeze): a collection then looks at what the last few calls made, in
 * microseconds. The collector runs here even where the program has switched it off, which is why this is for a check's own
 * process, after its verdict.
 */
#include "binding/core.h"

static long left;

static int on_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg) {
  (void)self, (void)frame, (void)what, (void)arg;
  if (left-- <= 0) {
    PyEval_SetProfile(NULL, NULL);
    return 0;
  }
  int enabled = PyGC_Enable();
  (void)PyGC_Collect();
  if (!enabled) (void)PyGC_Disable();
  return 0;
}

PyObject *ol_empty_free_lists(PyObject *module, PyObject *events) {
  (void)module;
  long most = PyLong_AsLong(events);
  if (most == -1 && PyErr_Occurred()) return NULL;
  bool ran_out = left < 0;
  left = most;
  PyEval_SetProfile(most > 0 ? on_event : NULL, NULL);
  if (most <= 0) left = 0;
  return PyBool_FromLong(!ran_out);
}
