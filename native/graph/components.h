/* Strongly connected components: which nodes hold each other, by whatever way round.
 *
 * A component of more than one node (or of one that refers to itself) is a cycle, which reference counts alone never
 * free. Components are numbered so that a reference between two of them leads from the higher number to the lower: in
 * number order, whatever a component holds comes before it.
 *
 * Theory of operation: Tarjan's algorithm in Pearce's form ("A space-efficient algorithm for finding strongly connected
 * components", 2016), with a stack of its own instead of recursion. One array serves as visiting number, as low-link and
 * for the result: while a node is open it holds the lowest visiting number that it is known to lead to; once its
 * component is closed, the component's number counted down from the top, which is above all visiting numbers, so that a
 * comparison never takes it for an open one.
 */
#ifndef OUTLIVE_GRAPH_COMPONENTS_H
#define OUTLIVE_GRAPH_COMPONENTS_H

#include "graph/graph.h"

/* `ret`[node_count] becomes each node's component, from 1 without gaps; 0 for node 0. False: no memory. */
bool ol_find_components(const ol_graph *graph, uint32_t *ret);

#endif
