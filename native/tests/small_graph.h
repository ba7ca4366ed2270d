/* Graphs for tests, written down as edges. */
#ifndef OUTLIVE_TESTS_SMALL_GRAPH_H
#define OUTLIVE_TESTS_SMALL_GRAPH_H

#include "graph/graph.h"
#include "tests/expect.h"

typedef struct small_graph {
  ol_graph graph;
  uint64_t *starts;
  uint32_t *targets;
} small_graph;

/* `edges` is rows of {from, to} sorted by from; nodes are 1 .. nodes. Free with drop_graph. */
static inline small_graph make_graph(uint32_t nodes, const uint32_t (*edges)[2], uint32_t edge_count) {
  small_graph made = {0};
  made.starts = calloc(nodes + 2, sizeof *made.starts);
  made.targets = calloc(edge_count + 1, sizeof *made.targets);
  EXPECT(made.starts != NULL && made.targets != NULL);
  for (uint32_t i = 0; i < edge_count; i++) made.starts[edges[i][0] + 1]++, made.targets[i] = edges[i][1];
  for (uint32_t i = 1; i <= nodes + 1; i++) made.starts[i] += made.starts[i - 1];
  EXPECT(ol_graph_check(made.starts, nodes + 2, made.targets, edge_count) == NULL);
  made.graph = (ol_graph){made.starts, made.targets, nodes + 1, edge_count};
  return made;
}

/* About `degree` references a node, to anywhere; 0 among them. */
static inline small_graph make_random_graph(uint32_t nodes, uint32_t degree, unsigned long long seed) {
  uint32_t edge_count = nodes * degree, (*edges)[2] = calloc(edge_count + 1, sizeof *edges);
  EXPECT(edges != NULL);
  for (uint32_t i = 0; i < edge_count; i++) {
    edges[i][0] = 1 + i / degree;
    edges[i][1] = (uint32_t)(next_random(&seed) % (nodes + 1));
  }
  small_graph made = make_graph(nodes, (const uint32_t (*)[2])edges, edge_count);
  free(edges);
  return made;
}

static inline void drop_graph(small_graph *made) {
  free(made->starts);
  free(made->targets);
}

#endif
