#include "graph/reach.h"

#include <string.h>

bool ol_reach_begin(ol_reach *reach, const ol_columns *columns) {
  if (!ol_reserve_grow(&reach->mark, columns->node_count) ||
      !ol_reserve_grow(&reach->queue, columns->node_count * 4ull))
    return false;
  memset(reach->mark.base, 0, columns->node_count);
  return true;
}

static bool is_root(const ol_columns *c, uint32_t node) {
  uint8_t layout = OL_COLUMN(const uint8_t, c->layout)[node] & 0x7f;
  uint32_t refcount = OL_COLUMN(const uint32_t, c->refcount)[node];
  if (layout == OL_LAYOUT_KEYS) return false; /* counted elsewhere; whoever uses the table holds it */
  return refcount == OL_REFCOUNT_IMMORTAL || refcount > OL_COLUMN(const uint32_t, c->in_degree)[node];
}

void ol_reach_run(ol_reach *reach, const ol_columns *c) {
  uint8_t *mark = (uint8_t *)reach->mark.base;
  uint32_t *queue = (uint32_t *)reach->queue.base;
  const uint64_t *edge_start = OL_COLUMN(const uint64_t, c->edge_start);
  const uint32_t *targets = OL_COLUMN(const uint32_t, c->targets);
  uint32_t head = 0, tail = 0;
  for (uint32_t node = 1; node < c->node_count; node++)
    if (mark[node] == 0 && is_root(c, node)) mark[node] = OL_REACHED, queue[tail++] = node;
  while (head < tail) {
    uint32_t node = queue[head++];
    for (uint64_t e = edge_start[node]; e < edge_start[node + 1]; e++) {
      uint32_t target = targets[e];
      if (target != 0 && mark[target] == 0) mark[target] = OL_REACHED, queue[tail++] = target;
    }
  }
}

void ol_reach_deinit(ol_reach *reach) {
  ol_reserve_deinit(&reach->mark);
  ol_reserve_deinit(&reach->queue);
}
