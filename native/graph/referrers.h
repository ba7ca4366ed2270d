/* The same references, read backwards: who refers to a node. */
#ifndef OUTLIVE_GRAPH_REFERRERS_H
#define OUTLIVE_GRAPH_REFERRERS_H

#include "graph/graph.h"

/* Count: starts[node_count + 1] becomes where each node's referrers begin among all; starts[node_count] is how many
 * references there are, those to 0 left out. */
void ol_count_referrers(const ol_graph *graph, uint64_t *starts);

/* List: sources[starts[node_count]] becomes the referrers, ascending for each node, one entry a reference. `starts` is
 * used as a place to count and is as before afterwards. */
void ol_list_referrers(const ol_graph *graph, uint64_t *starts, uint32_t *sources);

#endif
