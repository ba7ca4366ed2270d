/* A heap as passes see it: who refers to whom, and nothing else. Somebody else's memory, only read.
 *
 * Rows are nodes; the references of node i are targets[edge_start[i] .. edge_start[i + 1]), in their order. Node 0 is
 * "nothing": a reference to 0 does not exist, and node 0 has none. In passes that need one root above all
 * roots, 0 is "everything".
 *
 * A graph may come from a stranger's file. `ol_graph_check` reads it once; every pass relies on what it proved, and on
 * nobody writing to the arrays since. Counts stay below 2^32, so that passes may number references, too, with 32 bits
 * (a heap of 4 G references has some 100 GB of objects).
 *
 * All passes are iterative, take their memory as whole mappings (reserve.h), block on nothing and print nothing. They
 * look ahead: nodes of a heap that has lived for long are scattered over memory, and a pass that touches one after the
 * other waits for a cache miss each. The order of work is known a few nodes before, so what it needs is asked for early.
 */
#ifndef OUTLIVE_GRAPH_GRAPH_H
#define OUTLIVE_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/reserve.h"

enum { OL_NOT_REACHED = 0xffffffffu };

typedef struct ol_graph {
  const uint64_t *edge_start; /* [node_count + 1] */
  const uint32_t *targets;    /* [edge_count] */
  uint32_t node_count;        /* node 0 included */
  uint32_t edge_count;
} ol_graph;

/* NULL when every number is in its place, else what is wrong, in words. One pass over both arrays. */
const char *ol_graph_check(const uint64_t *edge_start, uint64_t start_count, const uint32_t *targets,
                           uint64_t target_count);

/* References that are not to be followed: all from `source` to `target`. */
typedef struct ol_cuts {
  ol_reserve rows; /* uint64_t[count]: source << 32 | target, ascending */
  uint32_t count;
} ol_cuts;

/* `pairs` are source, target, source, target ... False: no memory. */
bool ol_cuts_init(ol_cuts *cuts, const uint32_t *pairs, uint32_t pair_count);
bool ol_cuts_has(const ol_cuts *cuts, uint32_t source, uint32_t target);
void ol_cuts_deinit(ol_cuts *cuts);

/* How many nodes ahead of their turn memory is asked for: of the row, then of the references, then of their targets.
 * Measured on an aged heap of 5 M objects; half or double as many makes no difference. */
enum { OL_AHEAD_ROW = 24, OL_AHEAD_REFERENCES = 16, OL_AHEAD_TARGETS = 8, OL_AHEAD_FANOUT = 8 };

static inline void ol_prefetch(const void *address) { __builtin_prefetch(address); }

/* For work that comes from a queue: ask for what the `left` nodes from `next` on will need. `state` is the array, of
 * `state_bytes` an entry, that is looked up for each target. */
static inline void ol_look_ahead(const ol_graph *graph, const uint32_t *next, uint32_t left, const void *state,
                                 uint32_t state_bytes) {
  if (left > OL_AHEAD_ROW) ol_prefetch(&graph->edge_start[next[OL_AHEAD_ROW]]);
  if (left > OL_AHEAD_REFERENCES) ol_prefetch(&graph->targets[graph->edge_start[next[OL_AHEAD_REFERENCES]]]);
  if (left <= OL_AHEAD_TARGETS) return;
  uint32_t node = next[OL_AHEAD_TARGETS];
  uint64_t at = graph->edge_start[node], end = graph->edge_start[node + 1];
  if (end > at + OL_AHEAD_FANOUT) end = at + OL_AHEAD_FANOUT;
  for (; at < end; at++) ol_prefetch((const char *)state + (uint64_t)graph->targets[at] * state_bytes);
}

#endif
