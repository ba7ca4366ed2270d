/* Python's small-object allocator, read from outside: which places of an arena hold something.
 *
 *   arena   1 MiB from mmap, cut into pools
 *   pool    16 KiB, aligned; a header of 48 bytes, then places of one size (16, 32 .. 512)
 *
 * The same in CPython 3.10 to 3.13. A pool's header counts its live places, links the freed ones, and says how far it has
 * been cut; a pool is believed only where these three agree: cut == free + counted. A pool that is being changed in that
 * moment, or memory that is no pool, does not agree (or not twice), and is told as unreadable.
 */
#ifndef OUTLIVE_PRELOAD_POOLS_H
#define OUTLIVE_PRELOAD_POOLS_H

#include "preload/scan.h"

enum { OL_ARENA_BYTES = 1 << 20, OL_POOL_BYTES = 16 << 10, OL_POOL_PLACES_MAX = OL_POOL_BYTES / 16 };

typedef enum ol_pool_is { OL_POOL_EMPTY, OL_POOL_READ, OL_POOL_UNREADABLE } ol_pool_is;

/* The pool at `pool` (aligned, readable, OL_POOL_BYTES). For OL_POOL_READ: *ret without first_node, and for each of its
 * places whether it is alive. */
ol_pool_is ol_pool_read(const void *pool, ol_pool *ret, bool ret_alive[OL_POOL_PLACES_MAX]);

#endif
