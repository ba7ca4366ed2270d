/* What the files of the extension module share. */
#ifndef OUTLIVE_BINDING_CORE_H
#define OUTLIVE_BINDING_CORE_H

#include "walk/walker.h"

extern PyTypeObject ol_CensusType;
extern PyTypeObject ol_ControlsType;
extern PyTypeObject ol_HookedType;
extern PyTypeObject ol_StampsType;

/* Readies the control types. -1 with an error set. */
int ol_controls_ready(void);

/* Adds HeapGraph and Column. -1 with an error set. */
int ol_heap_graph_add(PyObject *module);

/* snapshot(path: bytes) -> dict */
PyObject *ol_snapshot(PyObject *module, PyObject *args);

/* catch_signals(numbers, write_fd: int) -> list, pass_on(number: int) -> bool, release_signals() -> None */
PyObject *ol_catch_signals(PyObject *module, PyObject *args);
PyObject *ol_pass_on(PyObject *module, PyObject *number);
PyObject *ol_release_signals(PyObject *module, PyObject *none);

/* watch_allocations() -> bool, end_allocations() -> None, tell_allocations(types, fewest) -> dict,
 * forget_allocations() -> None */
PyObject *ol_watch_allocations(PyObject *module, PyObject *none);
PyObject *ol_end_allocations(PyObject *module, PyObject *none);
PyObject *ol_tell_allocations(PyObject *module, PyObject *args);
PyObject *ol_forget_allocations(PyObject *module, PyObject *none);

/* empty_free_lists(events: int) -> bool: from here on, in this thread, at each call and return empty the lists in which types
 * keep objects for reuse, for so many events; 0 ends it. Takes the place of a profile function. False: there were more
 * events since the last time than were wanted. */
PyObject *ol_empty_free_lists(PyObject *module, PyObject *events);

/* A Python error for a walk that failed; always NULL. */
PyObject *ol_raise_walk_status(ol_walk_status status);

/* About how many objects live here: blocks of the Python allocator, and some that are static. */
size_t ol_objects_expected(void);

#endif
