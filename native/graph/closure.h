/* What some roots reach, all in all: the question behind "what would go if this went?" (cut, and ask again). */
#ifndef OUTLIVE_GRAPH_CLOSURE_H
#define OUTLIVE_GRAPH_CLOSURE_H

#include "graph/graph.h"

/* `reached`[node_count] becomes 1 where a path leads that uses no cut reference, else 0. Roots must be < node_count;
 * root 0 is passed over. False: no memory; `reached` then means nothing. */
bool ol_find_reached(const ol_graph *graph, const uint32_t *roots, uint32_t root_count, const ol_cuts *cuts,
                     uint8_t *reached);

#endif
