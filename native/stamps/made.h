/* Asking in the running program: where and when was this object made, and which living objects were made in a scope. */
#ifndef OUTLIVE_STAMPS_MADE_H
#define OUTLIVE_STAMPS_MADE_H

#include "stamps/stamps.h"

/* The object's own stamp; 0: it has none, or what stands there may be an earlier object's. Needs the GIL. */
uint64_t ol_stamp_of_object(PyObject *object);

/* A new list of the living objects that the collector tracks, are of these types (or of subclasses; a tuple of types),
 * were made in tick `since` or later, and in `scope` unless it is NULL. NULL with an error set: no memory, damaged
 * lists. Runs no code of theirs; holds the GIL; objects that a running collection looks at just now may be missing. */
PyObject *ol_made(uint32_t since, const uint32_t *scope, PyObject *types);

#endif
