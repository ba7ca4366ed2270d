/* What was freed and is kept: a queue in 64 parts, and a memory of what left it.
 *
 * A part is a ring with a lock of its own; a block's part is found by its address, and by its serial, which is
 * number-in-part * OL_KEPT_PARTS + part. The bound is one for all parts: who brings a block takes out the oldest of the
 * parts in turn until the bytes fit, so that the queue is first in, first out but for the turn. Rows count towards the
 * bound: a quarter of it is theirs. Blocks larger than a 64th of the bound are not kept.
 *
 * Knows no report; what a look finds comes back as an `ol_finding`. Every call needs the caller to be inside of the
 * recorder (record.h), for the locks. Neither allocates nor blocks beyond that.
 */
#ifndef OUTLIVE_PRELOAD_GUARD_KEPT_H
#define OUTLIVE_PRELOAD_GUARD_KEPT_H

#include "preload/guard_fill.h"
#include "preload/table.h"

enum { OL_KEPT_PARTS = 64, OL_KEPT_ROW_BYTES = 80, OL_DEPARTED_ROWS = 1 << 15 };
enum { OL_FILL_HEAD = 32 << 10, OL_FILL_END = 4 << 10, OL_SHOWN_BYTES = 16 };

typedef struct ol_kept {
  ol_block made;
  uint64_t tick; /* of the free */
  uint32_t usable;
  uint32_t serial;
  uint32_t stack, site, thread; /* who freed */
  uint32_t told;                /* its fill was found broken, and that was told */
} ol_kept;

/* A write after the free. */
typedef struct ol_finding {
  ol_kept block;
  uint64_t offset, span; /* from the first changed byte to behind the last */
  uint32_t shown;
  uint8_t bytes[OL_SHOWN_BYTES];
} ol_finding;

typedef void ol_finding_visit(const ol_finding *finding);

/* False: no memory. */
bool ol_kept_init(uint64_t bytes);
uint64_t ol_kept_largest(void);

/* Fill and keep it; `row->serial` is set. What is beyond the bound then has its fill looked at, and is given back. */
void ol_kept_bring(ol_kept *row, ol_finding_visit *visit, void (*give_back)(void *));

/* The kept block that begins here; the one that this address lies in; the one of this serial. False: none. */
bool ol_kept_at(uintptr_t address, ol_kept *ret);
bool ol_kept_around(uintptr_t address, ol_kept *ret);
bool ol_kept_of_serial(uint32_t serial, ol_kept *ret);
/* One that has left, and began here. */
bool ol_kept_departed(uintptr_t address, ol_kept *ret);
/* A block that leaves without having been kept. */
void ol_kept_remember(const ol_kept *row);

/* Look at every fill now. */
void ol_kept_check(ol_finding_visit *visit);
/* In the child of a fork: a part that was being changed is given up, and what it kept is never given back. */
void ol_kept_after_fork(void);

#endif
