/* What roots reach, renumbered depth-first, and its references sorted by what they mean for dominators.
 *
 *   number      place in the order, from 1; number 0 is "everything", which refers to every root.
 *   parent      the number from which a node was found first: always lower than its own.
 *   uppermost   the lowest number that refers to the node directly, among its ancestors in this tree: its parent, unless
 *               an ancestor further up does so, too.
 *   crossing    a reference to a node from a higher number: from its descendants, or from branches found later.
 *
 * Why renumber: numbers in a tree are near their parents', so that all later work is done in memory that is near, even
 * for heaps whose rows are scattered. It is the only pass that reads the heap's own arrays, and it reads each once.
 *
 * References to roots are left out: they change nothing about who dominates whom, since everything reaches a root
 * without them, and they are many (None, types, small numbers).
 */
#ifndef OUTLIVE_GRAPH_DEPTH_FIRST_H
#define OUTLIVE_GRAPH_DEPTH_FIRST_H

#include "graph/graph.h"

typedef struct ol_crossing {
  uint32_t target, source; /* numbers; target < source */
} ol_crossing;

typedef struct ol_depth_first {
  uint32_t count;       /* nodes reached, and 1 for "everything" */
  ol_reserve nodes;     /* uint32_t[count]: by number */
  ol_reserve parents;   /* uint32_t[count] */
  ol_reserve uppermost; /* uint32_t[count] */
  ol_reserve crossings; /* ol_crossing[crossing_count], as found */
  uint32_t crossing_count;
} ol_depth_first;

/* Roots must be < node_count; root 0 is passed over. False: no memory, and nothing is left to deinit. */
bool ol_depth_first_init(ol_depth_first *order, const ol_graph *graph, const uint32_t *roots, uint32_t root_count);
void ol_depth_first_deinit(ol_depth_first *order);

#endif
