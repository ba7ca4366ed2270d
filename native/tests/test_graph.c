#include "graph/graph.h"
#include "graph/closure.h"
#include "graph/holders.h"
#include "graph/referrers.h"
#include "tests/small_graph.h"

#include <string.h>

static const ol_reading_costs FREE = {0};
static const ol_cuts NO_CUTS = {0};

static void numbers_out_of_place_are_found(void) {
  const uint32_t targets[] = {1, 2};
  EXPECT(ol_graph_check((const uint64_t[]){0, 0, 1, 2}, 4, targets, 2) == NULL);
  EXPECT(ol_graph_check((const uint64_t[]){0, 0, 2}, 3, targets, 2) != NULL);        /* target 2 of 2 rows */
  EXPECT(ol_graph_check((const uint64_t[]){0, 0, 3, 2}, 4, targets, 2) != NULL);     /* goes down */
  EXPECT(ol_graph_check((const uint64_t[]){0, 0, 1, 3}, 4, targets, 2) != NULL);     /* ends outside */
  EXPECT(ol_graph_check((const uint64_t[]){0, 0, 1, 1}, 4, targets, 2) != NULL);     /* ends too early */
  EXPECT(ol_graph_check((const uint64_t[]){0, 1, 1, 2}, 4, targets, 2) != NULL);     /* nothing refers */
  EXPECT(ol_graph_check((const uint64_t[]){0, 0, ~0ull, 2}, 4, targets, 2) != NULL); /* far outside */
  EXPECT(ol_graph_check((const uint64_t[]){0}, 1, targets, 0) != NULL);
  EXPECT(ol_graph_check(NULL, 0, NULL, 0) != NULL);
}

static void cuts_are_found_in_any_order(void) {
  const uint32_t pairs[] = {7, 1, 2, 9, 2, 3, 7, 1};
  ol_cuts cuts;
  EXPECT(ol_cuts_init(&cuts, pairs, 4));
  EXPECT(ol_cuts_has(&cuts, 7, 1) && ol_cuts_has(&cuts, 2, 9) && ol_cuts_has(&cuts, 2, 3));
  EXPECT(!ol_cuts_has(&cuts, 1, 7) && !ol_cuts_has(&cuts, 2, 1) && !ol_cuts_has(&cuts, 9, 9));
  ol_cuts_deinit(&cuts);
}

/* 1 refers to 2 and 3; 2 to 4; 3 to 4 and 5; 6 to itself. */
static const uint32_t edges[][2] = {{1, 2}, {1, 3}, {2, 4}, {3, 4}, {3, 5}, {6, 6}};

static void paths_go_around_what_is_dear_or_cut(void) {
  small_graph made = make_graph(6, edges, 6);
  const uint32_t roots[] = {1}, cut[] = {3, 5};
  const uint8_t enter[] = {0, 0, 9, 0, 0, 0, 0};
  uint32_t parents[7];
  EXPECT(ol_find_holders(&made.graph, roots, NULL, 1, &FREE, &NO_CUTS, parents));
  EXPECT(parents[1] == 1 && parents[4] == 2 && parents[5] == 3 && parents[6] == OL_NOT_REACHED);
  ol_reading_costs dear = {.enter = enter};
  ol_cuts cuts;
  EXPECT(ol_cuts_init(&cuts, cut, 1));
  EXPECT(ol_find_holders(&made.graph, roots, NULL, 1, &dear, &cuts, parents));
  EXPECT(parents[4] == 3 && parents[2] == 1 && parents[5] == OL_NOT_REACHED);
  ol_cuts_deinit(&cuts);
  drop_graph(&made);
}

static void referrers_are_the_references_backwards(void) {
  small_graph made = make_graph(6, edges, 6);
  uint64_t starts[8];
  uint32_t sources[6];
  ol_count_referrers(&made.graph, starts);
  EXPECT(starts[7] == 6 && starts[4] == 2 && starts[5] == 4);
  ol_list_referrers(&made.graph, starts, sources);
  EXPECT(starts[0] == 0 && starts[1] == 0 && starts[2] == 0 && starts[4] == 2 && starts[5] == 4 && starts[7] == 6);
  EXPECT(sources[starts[4]] == 2 && sources[starts[4] + 1] == 3 && sources[starts[6]] == 6);
  drop_graph(&made);
}

/* Lists of more than a block, stale entries and empty lists between, against the closure. */
static void whatever_is_reached_has_a_holder(void) {
  enum { NODES = 20000 };
  static uint8_t enter[NODES + 1], reached[NODES + 1];
  static uint32_t parents[NODES + 1];
  unsigned long long seed = 5;
  small_graph made = make_random_graph(NODES, 2, 3);
  for (int i = 0; i <= NODES; i++) enter[i] = (uint8_t)next_random(&seed);
  const uint32_t roots[] = {NODES, 7, 0, 7};
  const ol_reading_costs costs = {.enter = enter, .exit = enter};
  EXPECT(ol_find_holders(&made.graph, roots, NULL, 4, &costs, &NO_CUTS, parents));
  EXPECT(ol_find_reached(&made.graph, roots, 4, &NO_CUTS, reached));
  for (uint32_t node = 0; node <= NODES; node++) {
    EXPECT((parents[node] != OL_NOT_REACHED) == (reached[node] != 0));
    EXPECT(!reached[node] || reached[parents[node]]);
  }
  drop_graph(&made);
}

int main(void) {
  numbers_out_of_place_are_found();
  cuts_are_found_in_any_order();
  paths_go_around_what_is_dear_or_cut();
  referrers_are_the_references_backwards();
  whatever_is_reached_has_a_holder();
  return 0;
}
