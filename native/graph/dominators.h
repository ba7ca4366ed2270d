/* Dominators: who alone keeps what alive, and how much that is.
 *
 * A dominates B when every path from "everything" (the roots' holder, number 0) to B leads through A: if A goes, B goes.
 * The nearest of B's dominators is its immediate one; these make a tree. What a node retains is its own size and all it
 * dominates.
 *
 * Theory of operation (Semi-NCA: Georgiadis, Tarjan, Werneck, "Finding dominators in practice", 2006), on depth-first
 * numbers, where everything below means numbers:
 *
 *   semidominator(w)  the lowest v with a path v -> ... -> w whose inner nodes are all higher than w.
 *   1. From the highest w down, it is the lowest of: who refers to w from above (`uppermost`), and, for each crossing
 *      reference from a v > w, the lowest semidominator on v's tree path, v included, above w. Those paths are shortened
 *      as they are read (`skip`; path splitting, so there is no stack), which keeps all of them together near-linear.
 *   2. From the lowest w up, its immediate dominator is the nearest of its parent's dominators, the parent included,
 *      that is not above semidominator(w) in number. Walking there step by step is quadratic for a long list whose tail
 *      holds what its head holds, too; each node therefore also knows a dominator far away (`jump`: Myers' skew-binary
 *      list), and no walk takes more than O(log n) steps.
 *   3. Sizes flow to the immediate dominator, from the highest number down: one sweep, since it is always lower.
 *
 * Memory: 24 bytes a node reached and 4 to 8 a crossing reference while at work; 8 bytes a node reached are kept.
 */
#ifndef OUTLIVE_GRAPH_DOMINATORS_H
#define OUTLIVE_GRAPH_DOMINATORS_H

#include "graph/graph.h"

typedef struct ol_dominators {
  uint32_t count;       /* nodes reached, and 1 for "everything" */
  ol_reserve nodes;     /* uint32_t[count]: the node of each number */
  ol_reserve immediate; /* uint32_t[count]: the number of its immediate dominator, lower than its own */
} ol_dominators;

/* Roots must be < node_count; root 0 is passed over. False: no memory, and nothing is left to deinit. */
bool ol_dominators_init(ol_dominators *dominators, const ol_graph *graph, const uint32_t *roots, uint32_t root_count);
void ol_dominators_deinit(ol_dominators *dominators);

/* `ret`[node_count] becomes the immediate dominator by node: 0 for what only "everything" dominates (and for 0),
 * OL_NOT_REACHED where no path leads. */
void ol_dominators_by_node(const ol_dominators *dominators, uint32_t node_count, uint32_t *ret);

/* Bytes of each node, as the one array or the other; the other is NULL. */
typedef struct ol_sizes {
  const uint32_t *small;
  const uint64_t *large;
} ol_sizes;

/* `ret`[node_count] becomes what each node retains in bytes; row 0: everything that is reached; not reached: 0. The size
 * of node 0 does not count. False: no memory. */
bool ol_find_retained(const ol_dominators *dominators, const ol_sizes *sizes, uint32_t node_count, uint64_t *ret);

#endif
