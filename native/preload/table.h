/* The live blocks, by address: 64 shards, each an open-addressed table with a lock of its own.
 *
 *   block    what malloc and its family gave out and has not been given back
 *   tick     a number that rises with every block recorded, in the whole process: address and tick together name a
 *            block for good, an address alone does not
 *   step     what the program (or its watcher) last said with `outlive_blocks_step`
 *
 * Invariants: a shard's rows[i].address is 0 or hashes to this shard, and no empty row stands between a row and the
 * place it hashes to; count <= capacity * 3 / 4. Rows are 48 bytes. Growing doubles a shard under its lock; where no
 * memory can be had, or the limit is reached, the block is not recorded and that is counted: whoever reads the table
 * must know that it may lack some.
 *
 * Knows no malloc, no thread, no Python; the caller holds `ol_spin` only through these calls.
 */
#ifndef OUTLIVE_PRELOAD_TABLE_H
#define OUTLIVE_PRELOAD_TABLE_H

#include "preload/own.h"

enum { OL_SHARDS = 64, OL_SHARD_ROWS_FIRST = 128 };

typedef enum ol_block_kind {
  OL_KIND_MALLOC = 1,
  OL_KIND_CALLOC,
  OL_KIND_REALLOC,
  OL_KIND_ALIGNED,
  OL_KIND_NEW,
  OL_KIND_NEW_ARRAY,
  OL_KIND_MAPPING
} ol_block_kind;

typedef struct ol_block {
  uintptr_t address; /* 0: an empty row */
  uint64_t size;
  uint64_t tick;
  uint32_t step;
  uint32_t thread;
  uint32_t stack; /* number in stacks.h; 0: none */
  uint32_t site;  /* row of the Python line; 0: none, or unknown */
  uint32_t kind;
  uint32_t told; /* the guard has told that its end was written over */
} ol_block;

typedef struct ol_shard {
  ol_spin lock;
  uint32_t capacity; /* a power of two; 0: nothing mapped */
  uint32_t count;
  ol_block *rows;
} ol_shard;

typedef struct ol_block_table {
  ol_shard shards[OL_SHARDS];
  uint64_t limit_bytes; /* of rows, over all shards */
  _Atomic uint64_t row_bytes;
  _Atomic uint64_t refused;  /* blocks without room */
  _Atomic uint64_t replaced; /* a row was there already: its free was not seen */
} ol_block_table;

/* Put a row in; one with its address is replaced. False: no room, and counted. */
bool ol_table_put(ol_block_table *table, const ol_block *block);
/* Take the row of this address out. False: there is none. */
bool ol_table_take(ol_block_table *table, uintptr_t address, ol_block *ret);

/* The row in whose block this address lies. False: none. Reads every row: not for a path that is taken often. */
bool ol_table_around(ol_block_table *table, uintptr_t address, ol_block *ret);
/* The row of this address stays, and is in *ret. False: there is none. */
bool ol_table_find(ol_block_table *table, uintptr_t address, ol_block *ret);

/* All locks, for a look; and their opening again. */
void ol_table_lock(ol_block_table *table);
void ol_table_unlock(ol_block_table *table);
/* In the child of a fork: open every lock. A shard that was being changed cannot be believed and is emptied; how many
 * rows were lost. */
uint64_t ol_table_after_fork(ol_block_table *table);

/* Rows of all shards, one after the other, into `ret`, at most `limit`; how many. Needs the locks, or a frozen copy. */
uint64_t ol_table_copy(const ol_block_table *table, ol_block *ret, uint64_t limit);
uint64_t ol_table_count(const ol_block_table *table);

#endif
