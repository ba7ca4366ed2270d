#include "graph/closure.h"

#include <string.h>

bool ol_find_reached(const ol_graph *graph, const uint32_t *roots, uint32_t root_count, const ol_cuts *cuts,
                     uint8_t *reached) {
  ol_reserve memory = {0}; /* uint32_t[node_count]: each node is queued once */
  if (!ol_reserve_grow(&memory, graph->node_count * 4ull)) return false;
  uint32_t *queue = (uint32_t *)memory.base;
  uint32_t head = 0, tail = 0;
  memset(reached, 0, graph->node_count);
  for (uint32_t i = 0; i < root_count; i++)
    if (roots[i] != 0 && !reached[roots[i]]) reached[roots[i]] = 1, queue[tail++] = roots[i];
  for (; head < tail; head++) {
    ol_look_ahead(graph, queue + head, tail - head, reached, 1);
    uint32_t node = queue[head];
    for (uint64_t e = graph->edge_start[node], end = graph->edge_start[node + 1]; e < end; e++) {
      uint32_t target = graph->targets[e];
      if (target == 0 || reached[target]) continue;
      if (cuts->count != 0 && ol_cuts_has(cuts, node, target)) continue;
      reached[target] = 1;
      queue[tail++] = target;
    }
  }
  ol_reserve_deinit(&memory);
  return true;
}
