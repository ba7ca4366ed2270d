/* Memory that the core takes for itself: whole mappings, never malloc.
 *
 * Why not malloc: the core measures programs by their mallocs and their Python blocks; its own arrays must be in
 * neither count. Why mappings: a large one costs nothing until it is touched, so an array may be reserved for the
 * worst case and grown by moving page tables (mremap), not bytes.
 *
 * Owner: whoever declared the array. Nothing here is thread-safe; nothing here blocks or prints.
 */
#ifndef OUTLIVE_GRAPH_RESERVE_H
#define OUTLIVE_GRAPH_RESERVE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ol_reserve {
  char *base;   /* NULL until the first growth */
  size_t bytes; /* mapped */
} ol_reserve;

/* Make at least `bytes` addressable (zeroed where new). May move the block. False: no memory, block unchanged. */
bool ol_reserve_grow(ol_reserve *reserve, size_t bytes);

/* Have the first `bytes` (of those mapped) backed by real memory now, so that writing there later waits for nobody. */
void ol_reserve_touch(const ol_reserve *reserve, size_t bytes);

/* Give everything back. The reserve is as good as new afterwards. */
void ol_reserve_deinit(ol_reserve *reserve);

#endif
