#include "graph/referrers.h"

#include <string.h>

/* Targets are read in order, so what they will touch is known as far ahead as one likes. */
enum { AHEAD = 16 };

static inline void look_ahead(const ol_graph *graph, uint64_t edge, const uint64_t *starts) {
  if (edge + AHEAD < graph->edge_count) ol_prefetch(&starts[graph->targets[edge + AHEAD]]);
}

void ol_count_referrers(const ol_graph *graph, uint64_t *starts) {
  memset(starts, 0, (graph->node_count + 1ull) * 8);
  for (uint64_t e = 0; e < graph->edge_count; e++) {
    look_ahead(graph, e, starts + 1);
    starts[graph->targets[e] + 1ull]++;
  }
  starts[1] = 0; /* of node 0 */
  for (uint64_t i = 1; i <= graph->node_count; i++) starts[i] += starts[i - 1];
}

/* While filling, starts[t] is the next free place of t, and so ends as the start of t + 1: shifting it up by one row
 * restores it. */
void ol_list_referrers(const ol_graph *graph, uint64_t *starts, uint32_t *sources) {
  uint64_t edge = 0;
  for (uint32_t node = 0; node < graph->node_count; node++)
    for (const uint64_t end = graph->edge_start[node + 1ull]; edge < end; edge++) {
      look_ahead(graph, edge, starts);
      uint32_t target = graph->targets[edge];
      if (target != 0) sources[starts[target]++] = node;
    }
  memmove(starts + 1, starts, graph->node_count * 8ull);
  starts[0] = 0;
}
