/* Heaps for tests, written down as edges. Node 1 is a pseudo-node that holds the roots; every node has type 2. */
#ifndef OUTLIVE_TESTS_SMALL_HEAP_H
#define OUTLIVE_TESTS_SMALL_HEAP_H

#include "graph/columns.h"
#include "tests/expect.h"

/* `edges` is rows of {from, to} sorted by from; reference counts are made to agree with them. */
static inline void make_heap(ol_columns *c, uint32_t nodes, const uint32_t (*edges)[2], size_t edge_count) {
  EXPECT(ol_columns_init(c, nodes));
  size_t next = 0;
  for (uint32_t node = 1; node <= nodes; node++) {
    EXPECT(ol_columns_make_room(c, 1, edge_count + 1, 1));
    OL_COLUMN(uint64_t, c->address)[node] = 0x1000 + node * 64;
    OL_COLUMN(uint32_t, c->type)[node] = node == 1 ? 0 : 2;
    OL_COLUMN(uint32_t, c->size)[node] = 64;
    OL_COLUMN(uint32_t, c->refcount)[node] = node == 1 ? OL_REFCOUNT_IMMORTAL : 0;
    OL_COLUMN(uint8_t, c->layout)[node] = node == 1 ? OL_LAYOUT_INTERPRETER : OL_LAYOUT_SEQUENCE;
    for (; next < edge_count && edges[next][0] == node; next++)
      OL_COLUMN(uint32_t, c->targets)[c->edge_count++] = edges[next][1];
    c->node_count = node + 1;
    OL_COLUMN(uint64_t, c->edge_start)[node + 1] = c->edge_count;
  }
  EXPECT(next == edge_count);
  EXPECT(ol_columns_count_in_degrees(c));
  for (uint32_t node = 2; node <= nodes; node++)
    OL_COLUMN(uint32_t, c->refcount)[node] = OL_COLUMN(uint32_t, c->in_degree)[node];
}

#endif
