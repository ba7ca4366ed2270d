/* Blocks that are alive, by address: an open-addressing table in mappings of its own. Knows no Python.
 *
 * Bounded: beyond OL_LIVE_MAX blocks a new one is not taken in. Removal shifts the rows after it back, so that looking
 * up stays as short as when the table was filled for the first time.
 */
#ifndef OUTLIVE_ALLOCATIONS_LIVE_H
#define OUTLIVE_ALLOCATIONS_LIVE_H

#include <stdint.h>

#include "graph/reserve.h"

enum { OL_LIVE_MAX = 1 << 21 };

typedef struct ol_live_block {
  uintptr_t address; /* 0: empty */
  uint64_t size;
  uint32_t group, stack;
} ol_live_block;

typedef struct ol_live {
  ol_reserve slots; /* ol_live_block[1 << bits] */
  uint32_t bits, count;
} ol_live;

bool ol_live_init(ol_live *live);
void ol_live_deinit(ol_live *live);

/* False: no room. An address that is there already is replaced. */
bool ol_live_add(ol_live *live, ol_live_block block);

/* The block at `address`; NULL: it is not known. Good until the next change. */
ol_live_block *ol_live_at(const ol_live *live, uintptr_t address);

/* The block at `address`, taken out. False: it is not known. */
bool ol_live_take(ol_live *live, uintptr_t address, ol_live_block *ret_block);

#endif
