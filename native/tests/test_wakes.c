#include "graph/wakes.h"

#include "tests/small_graph.h"

#include <string.h>

/* 1 refers to 2 (a task) and 3; 2 to its coroutine 4, and 4 to the future 5, which refers back to 2; 6 to 5. */
static const uint32_t edges[][2] = {{1, 2}, {1, 3}, {2, 4}, {4, 5}, {4, 7}, {5, 2}, {6, 5}, {7, 8}};
static const uint32_t members[] = {2, 1, 4, 1}, keys[] = {5, 1};
enum { NODES = 8, EDGES = 8 };

static void find(const uint32_t *roots, uint32_t root_count, const uint32_t *extra, uint32_t extra_count,
                 const uint32_t *cut, uint32_t cut_count, uint8_t *marks) {
  small_graph made = make_graph(NODES, edges, EDGES);
  ol_sleepers sleepers;
  ol_cuts more, cuts;
  EXPECT(ol_sleepers_init(&sleepers, members, 2, keys, 1));
  EXPECT(ol_cuts_init(&more, extra, extra_count) && ol_cuts_init(&cuts, cut, cut_count));
  EXPECT(ol_find_woken(&made.graph, roots, root_count, &sleepers, &more, &cuts, marks));
  ol_cuts_deinit(&more);
  ol_cuts_deinit(&cuts);
  ol_sleepers_deinit(&sleepers);
  drop_graph(&made);
}

static void expect_marks(const uint8_t *marks, const char *wanted) {
  for (uint32_t i = 0; i <= NODES; i++) EXPECT(marks[i] == wanted[i] - '0');
}

static void a_sleeper_is_reached_and_not_walked(void) {
  uint8_t marks[NODES + 1];
  find((const uint32_t[]){1}, 1, NULL, 0, NULL, 0, marks);
  expect_marks(marks, "021200000");
}

static void whoever_touches_the_key_wakes_it(void) {
  uint8_t marks[NODES + 1];
  find((const uint32_t[]){6, 0}, 2, NULL, 0, NULL, 0, marks);
  expect_marks(marks, "002022222");
}

static void an_extra_reference_is_a_way_and_a_cut_is_none(void) {
  uint8_t marks[NODES + 1];
  const uint32_t from_3_to_5[] = {3, 5}, to_5[] = {6, 5};
  find((const uint32_t[]){1}, 1, from_3_to_5, 1, NULL, 0, marks);
  expect_marks(marks, "022222022");
  find((const uint32_t[]){6}, 1, NULL, 0, to_5, 1, marks);
  expect_marks(marks, "000000200");
}

static void a_root_that_sleeps_is_only_reached(void) {
  uint8_t marks[NODES + 1];
  find((const uint32_t[]){4, 2}, 2, NULL, 0, NULL, 0, marks);
  expect_marks(marks, "001010000");
}

/* Sleeper 1 is woken by a member of sleeper 2 and the other way round: only walking counts. */
static void two_that_wait_for_each_other_sleep(void) {
  static const uint32_t ring[][2] = {{1, 2}, {1, 3}, {2, 3}, {3, 2}};
  small_graph made = make_graph(3, ring, 4);
  ol_sleepers sleepers;
  const ol_cuts none = {0};
  uint8_t marks[4];
  EXPECT(ol_sleepers_init(&sleepers, (const uint32_t[]){2, 1, 3, 2}, 2, (const uint32_t[]){3, 1, 2, 2}, 2));
  EXPECT(ol_find_woken(&made.graph, (const uint32_t[]){1}, 1, &sleepers, &none, &none, marks));
  EXPECT(memcmp(marks, (const uint8_t[]){0, 2, 1, 1}, 4) == 0);
  ol_sleepers_deinit(&sleepers);
  drop_graph(&made);
}

static void no_sleepers_make_it_a_closure(void) {
  small_graph made = make_graph(NODES, edges, EDGES);
  ol_sleepers nobody;
  const ol_cuts none = {0};
  uint8_t marks[NODES + 1];
  EXPECT(ol_sleepers_init(&nobody, NULL, 0, NULL, 0));
  EXPECT(ol_find_woken(&made.graph, (const uint32_t[]){1}, 1, &nobody, &none, &none, marks));
  expect_marks(marks, "022222022");
  ol_sleepers_deinit(&nobody);
  drop_graph(&made);
}

int main(void) {
  a_sleeper_is_reached_and_not_walked();
  whoever_touches_the_key_wakes_it();
  an_extra_reference_is_a_way_and_a_cut_is_none();
  a_root_that_sleeps_is_only_reached();
  two_that_wait_for_each_other_sleep();
  no_sleepers_make_it_a_closure();
  return 0;
}
