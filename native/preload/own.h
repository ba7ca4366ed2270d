/* What the recorder has of its own inside of somebody else's process: memory, locks, and a little state for each thread.
 *
 * Nothing here may call malloc, for malloc is what we stand in for. Memory is mapped by the raw system call and listed,
 * so that the scan can leave it out: our tables hold the address of every block, and would keep each of them "reached".
 *
 * Locks and signals. A lock is only taken by a thread that is not inside of the recorder already (`ol_me.inside`), so a
 * signal handler that allocates never waits for the thread that it interrupted: what it does is put off (record.c). A
 * holder is therefore always another thread, which goes on, and spinning ends. Locks and fork: the child has the locks
 * and not their holders. A page that the kernel empties in the child (MADV_WIPEONFORK) tells us, and all are opened.
 */
#ifndef OUTLIVE_PRELOAD_OWN_H
#define OUTLIVE_PRELOAD_OWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ol_region {
  uintptr_t start, end;
} ol_region;

enum { OL_OWN_REGIONS_MAX = 1024 };

/* Zeroed memory of our own, or NULL. Listed until it is given back. */
void *ol_own_map(size_t bytes);
/* The same, shared with a child made later. */
void *ol_own_map_shared(size_t bytes);
void ol_own_unmap(void *base, size_t bytes);
uint64_t ol_own_bytes(void);
/* The list; rows with start 0 are empty. */
const ol_region *ol_own_regions(void);
void ol_own_after_fork(void);

typedef struct ol_spin {
  _Atomic uint32_t held;
} ol_spin;

void ol_spin_lock(ol_spin *lock);
static inline void ol_spin_unlock(ol_spin *lock) { atomic_store_explicit(&lock->held, 0, memory_order_release); }

#endif
