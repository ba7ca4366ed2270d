/* Who holds each node: the cheapest path from any root to everything, all at once.
 *
 * A path costs its root's cost and, for each reference u -> v on it, 1 + exit_costs[u] + enter_costs[v], and type_cost
 * if v is types[u]. Costs make paths readable rather than short: what nobody wants to read (an object's type, a
 * registry of the interpreter) costs more than a detour.
 *
 * Theory of operation: Dijkstra with Dial's buckets. All costs are small whole numbers, so the nodes that wait have
 * costs within a window of SPAN above the one that is worked on, and a ring of SPAN lists takes the place of a heap:
 * linear time. A node that is found again more cheaply is put into the cheaper list as well; its older entry is known to
 * be stale by the node's state, which then says another place. The state is what every reference looks up, so it is two
 * bytes: the place in the ring while a node waits, or that it is settled, or that it was never seen and what entering
 * it costs. Whole costs are never stored, so no path is too long for them.
 *
 * A reference costs at least 1: no list grows while it is worked on. Lists are chains of blocks that are taken and given
 * back; entries that wait are at most one a reference.
 *
 * Order decides between equal costs: roots as given, then nodes by cost, in the order in which they were first found at
 * that cost, their references in order. A root that is as cheap as a root and by a path stays a root.
 */
#ifndef OUTLIVE_GRAPH_HOLDERS_H
#define OUTLIVE_GRAPH_HOLDERS_H

#include "graph/graph.h"

enum { OL_TYPE_COST_MAX = 255 };

typedef struct ol_reading_costs {
  const uint8_t *enter;  /* [node_count], or NULL: no extra cost */
  const uint8_t *exit;   /* [node_count], or NULL */
  const uint32_t *types; /* [node_count], or NULL: type_cost has no say */
  uint32_t type_cost;    /* at most OL_TYPE_COST_MAX */
} ol_reading_costs;

/* `parents`[node_count] becomes the node before each on its path: itself for a root that is reached as a root,
 * OL_NOT_REACHED where no path leads. Roots must be < node_count; root 0 is passed over. `root_costs` may be NULL.
 * False: no memory; parents then mean nothing. */
bool ol_find_holders(const ol_graph *graph, const uint32_t *roots, const uint8_t *root_costs, uint32_t root_count,
                     const ol_reading_costs *costs, const ol_cuts *cuts, uint32_t *parents);

#endif
