/* Emptying the interpreter's free lists, as the collector does after a full collection.
 *
 * A list, dict, tuple or float that is unmade waits there for the next one, which then wears the stamp of the first:
 * the allocator hears of neither. Emptied at every tick, so that at least no object wears the stamp of one that was
 * unmade in an earlier step. Before 3.13 only: the tracer needs none of it.
 */
#ifndef OUTLIVE_STAMPS_FREE_LISTS_H
#define OUTLIVE_STAMPS_FREE_LISTS_H

#include "walk/cpython.h"

/* Needs the GIL of `interp`. Runs no Python: what waits there is nobody's. */
void ol_free_lists_empty(PyInterpreterState *interp);

#endif
