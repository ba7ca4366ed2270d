#include "graph/dominators.h"
#include "graph/closure.h"
#include "graph/components.h"
#include "tests/small_graph.h"

enum { NODES = 60, MOST = 1 << 18 };

static void dominators_of(const ol_graph *graph, uint32_t root, uint32_t *ret) {
  ol_dominators dominators;
  EXPECT(ol_dominators_init(&dominators, graph, &root, 1));
  ol_dominators_by_node(&dominators, graph->node_count, ret);
  ol_dominators_deinit(&dominators);
}

/* Whether a path leads to `node` when nothing follows the references of `gone` any more. */
static bool reached_without(const ol_graph *graph, uint32_t root, uint32_t gone, uint32_t node) {
  uint8_t reached[NODES + 1];
  uint32_t pairs[2 * (NODES + 1)];
  ol_cuts cuts;
  for (uint32_t i = 0; i <= NODES; i++) pairs[2 * i] = gone, pairs[2 * i + 1] = i;
  EXPECT(ol_cuts_init(&cuts, pairs, NODES + 1));
  EXPECT(ol_find_reached(graph, &root, 1, &cuts, reached));
  ol_cuts_deinit(&cuts);
  return reached[node] != 0;
}

static void a_dominator_is_what_no_path_can_do_without(void) {
  for (unsigned seed = 1; seed <= 9; seed++) {
    small_graph made = make_random_graph(NODES, 1 + seed % 3, seed);
    uint32_t immediate[NODES + 1], root = 1 + seed % NODES;
    dominators_of(&made.graph, root, immediate);
    for (uint32_t node = 1; node <= NODES; node++) {
      bool seen = reached_without(&made.graph, root, 0, node);
      EXPECT(seen == (immediate[node] != OL_NOT_REACHED));
      for (uint32_t gone = 1; gone <= NODES && seen; gone++) {
        bool above = false;
        for (uint32_t at = immediate[node]; at != 0; at = immediate[at]) above |= at == gone;
        EXPECT(gone == node || above == !reached_without(&made.graph, root, gone, node));
      }
    }
    drop_graph(&made);
  }
}

static void retained_sizes_add_up(void) {
  static const uint32_t edges[][2] = {{1, 2}, {1, 3}, {2, 4}, {3, 4}, {4, 5}, {6, 5}};
  const uint32_t roots[] = {1}, small[] = {99, 1, 1, 1, 1, 1, 1};
  const uint64_t large[] = {99, 1ull << 40, 0, 0, 0, 1, 5};
  uint64_t retained[7];
  small_graph made = make_graph(6, edges, 6);
  ol_dominators dominators;
  EXPECT(ol_dominators_init(&dominators, &made.graph, roots, 1));
  EXPECT(ol_find_retained(&dominators, &(ol_sizes){.small = small}, 7, retained));
  EXPECT(retained[0] == 5 && retained[1] == 5 && retained[2] == 1 && retained[4] == 2 && retained[6] == 0);
  EXPECT(ol_find_retained(&dominators, &(ol_sizes){.large = large}, 7, retained));
  EXPECT(retained[0] == (1ull << 40) + 1 && retained[4] == 1);
  ol_dominators_deinit(&dominators);
  drop_graph(&made);
}

/* 1 -> 2 -> ... -> MOST -> 1: as deep as can be, and all of it one component. */
static void a_ring_is_walked_without_recursion(void) {
  uint32_t (*edges)[2] = calloc(MOST, sizeof *edges), *found = calloc(MOST + 1, sizeof *found);
  EXPECT(edges != NULL && found != NULL);
  for (uint32_t i = 0; i < MOST; i++) edges[i][0] = i + 1, edges[i][1] = (i + 1) % MOST + 1;
  small_graph made = make_graph(MOST, (const uint32_t (*)[2])edges, MOST);
  EXPECT(ol_find_components(&made.graph, found));
  for (uint32_t node = 1; node <= MOST; node++) EXPECT(found[node] == 1);
  dominators_of(&made.graph, 1, found);
  for (uint32_t node = 1; node <= MOST; node++) EXPECT(found[node] == node - 1);
  drop_graph(&made);
  free(edges);
  free(found);
}

static void a_component_comes_after_what_it_holds(void) {
  static const uint32_t edges[][2] = {{1, 2}, {2, 1}, {2, 3}, {3, 0}, {3, 4}, {4, 3}, {5, 5}};
  uint32_t found[6];
  small_graph made = make_graph(5, edges, 7);
  EXPECT(ol_find_components(&made.graph, found));
  EXPECT(found[0] == 0 && found[3] == 1 && found[4] == 1 && found[1] == 2 && found[2] == 2 && found[5] == 3);
  drop_graph(&made);
}

int main(void) {
  a_dominator_is_what_no_path_can_do_without();
  retained_sizes_add_up();
  a_ring_is_walked_without_recursion();
  a_component_comes_after_what_it_holds();
  return 0;
}
