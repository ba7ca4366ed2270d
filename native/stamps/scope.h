/* Which scope runs now: the int that one context variable has in the calling thread's context.
 *
 * Theory of operation. The hooks ask at every making, in the middle of whatever the interpreter does, also while it
 * changes a context. So the mapping of the context is read by us, by identity, without CPython's own look-up: that one
 * may raise RecursionError (it compares), and it leaves what it found in the variable's cache. While `Token.reset`
 * deletes a value, it empties that cache first and makes the new mapping, an object, then: a look-up from our hook would
 * put the old value back for good.
 * Nothing is cached here either: the way through a context of a few variables is four loads.
 *
 * Mapping and nodes are as in Python/hamt.c of 3.10 to 3.13. A value that is no exact int from 1 to 2^32 - 1 is scope 0.
 */
#ifndef OUTLIVE_STAMPS_SCOPE_H
#define OUTLIVE_STAMPS_SCOPE_H

#include <stdint.h>

#include "walk/cpython.h"

/* The scope that `variable` (an exact ContextVar, borrowed) says in this thread; 0: none. Allocates nothing, raises
 * nothing, takes no reference. Needs the GIL. */
uint32_t ol_scope_now(const PyThreadState *thread, const PyObject *variable);

#endif
