/* The sampled guard: a block at the end of a page of its own, between pages that nobody may touch.
 *
 * One malloc or calloc in about `rate` is served from here (each thread counts for itself, by chance), as long as there is
 * a place among OL_PAGES_PLACES and the block is no larger than a page. When it is freed its page is closed, with what
 * was in it, and stands closed until it is the longest closed and its place is needed. Whoever touches a closed page, or
 * the pages between, faults; guard_fault.c tells, and opens the page, so that the program goes on as it would have
 * without us. What the kernel touches for a program (read, write) fails with EFAULT instead: nobody is told of that.
 */
#ifndef OUTLIVE_PRELOAD_GUARD_PAGES_H
#define OUTLIVE_PRELOAD_GUARD_PAGES_H

#include "preload/guard_report.h"

enum { OL_PAGES_PLACES = 1024, OL_PAGE_BYTES = 4096, OL_PAGES_LARGEST = OL_PAGE_BYTES - 64 };

extern uintptr_t ol_pages_start; /* 0: there are none */

static inline bool ol_pages_hold(const void *address) {
  return (uintptr_t)address - ol_pages_start < (2ull * OL_PAGES_PLACES + 1) * OL_PAGE_BYTES && ol_pages_start != 0;
}

bool ol_pages_init(uint32_t rate);
/* NULL: not this one. */
void *ol_pages_make(size_t size, const void *frame);
/* Any address in the pages; a wrong one is told. */
void ol_pages_free(void *block, const void *frame);
size_t ol_pages_size(const void *block);

/* Somebody touched this address in the pages. True: it was told where it was news, and the page is open now. */
bool ol_pages_touched(uintptr_t address, bool written, const ol_broken_call *used);
void ol_pages_after_fork(void);

#endif
