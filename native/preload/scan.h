/* Which blocks can still be freed by somebody, and who holds them. The theory is in scan.c. */
#ifndef OUTLIVE_PRELOAD_SCAN_H
#define OUTLIVE_PRELOAD_SCAN_H

#include "preload/table.h"

typedef enum ol_class {
  OL_CLASS_LOST = 0,       /* no pointer to it is reachable: nobody can free it */
  OL_CLASS_LOST_UNDER = 1, /* only lost blocks point to it: it goes with one of them, its root */
  OL_CLASS_POSSIBLE = 2,   /* reachable only through a pointer into its middle */
  OL_CLASS_HELD = 3,
  OL_CLASS_DEAD = 4 /* a place of a pool that holds no object now: no node */
} ol_class;

typedef enum ol_holder {
  OL_HOLDER_NONE = 0,
  OL_HOLDER_GLOBAL,     /* a word of a library's or the program's writable data */
  OL_HOLDER_STACK,      /* a word of a thread's stack, or a register of the thread that looked */
  OL_HOLDER_THREAD,     /* a thread-local variable or control block */
  OL_HOLDER_MAPPING,    /* anonymous memory that is no allocator's we know */
  OL_HOLDER_PYTHON,     /* a block of Python's allocator: an object, or memory of one */
  OL_HOLDER_BLOCK,      /* another block of the table */
  OL_HOLDER_UNRECORDED, /* a part of the heap that no recorded block covers */
  OL_HOLDER_POOL        /* a pool of Python's allocator that could not be read */
} ol_holder;

typedef struct ol_root {
  uintptr_t start, end;
  uint32_t kind;         /* ol_holder */
  uint32_t of_allocator; /* it is the C library's data, with malloc's lists of free chunks in it */
} ol_root;

/* What other addresses than its first a block is held by. */
enum { OL_HEADER_NONE, OL_HEADER_PYTHON, OL_HEADER_ANY };

/* Memory cut into places of one size, of which those that are not OL_CLASS_DEAD hold something (pools.h). */
typedef struct ol_pool {
  uintptr_t start; /* of the first place */
  uint32_t place_bytes, place_count;
  uint32_t first_node;
  uint32_t unused;
} ol_pool;

enum { OL_POOL_ALIGN = 16 << 10, OL_NODES_MAX = 0x7ffffff0 };

/* What is scanned. Nodes are numbered: first the blocks, then the places of each pool. */
typedef struct ol_scan {
  const ol_block *blocks; /* sorted by address, not overlapping */
  uint32_t block_count;
  const ol_pool *pools; /* sorted by start */
  uint32_t pool_count;
  uint32_t node_count;
  const uint8_t *has_header; /* of each block: OL_HEADER_* */
  const ol_root *roots;      /* in the order in which holders are preferred */
  uint32_t root_count;
  int present_fd;             /* /proc/self/pagemap, to leave out memory that was never touched; -1: read all */
  uintptr_t unreadable_pages; /* result: pages that could not be read */
  /* results, one a node */
  uint8_t *classes;     /* in: OL_CLASS_DEAD or 0. out: ol_class */
  uint8_t *holder_kind; /* ol_holder */
  uint64_t *holder;     /* address of the word that holds it; 0: none */
  uint32_t *root;       /* for OL_CLASS_LOST_UNDER: the node it goes with */
} ol_scan;

/* Bytes of memory that ol_scan_run wants from `ol_own_map` besides its results. False: there was none. */
bool ol_scan_run(ol_scan *scan);

static inline uintptr_t ol_scan_address(const ol_scan *scan, uint32_t node) {
  if (node < scan->block_count) return scan->blocks[node].address;
  uint32_t low = 0, high = scan->pool_count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (scan->pools[middle].first_node <= node) low = middle;
    else high = middle;
  }
  return scan->pools[low].start + (uintptr_t)(node - scan->pools[low].first_node) * scan->pools[low].place_bytes;
}

static inline uint64_t ol_scan_size(const ol_scan *scan, uint32_t node) {
  if (node < scan->block_count) return scan->blocks[node].size;
  uint32_t low = 0, high = scan->pool_count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (scan->pools[middle].first_node <= node) low = middle;
    else high = middle;
  }
  return scan->pools[low].place_bytes;
}

#endif
