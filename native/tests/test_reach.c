#include "graph/reach.h"
#include "tests/small_heap.h"

/* 1 holds 2 and 3; 2 holds 4; 3 holds 5; 4 and 5 hold 6; 7 and 8 hold each other. */
static const uint32_t edges[][2] = {{1, 2}, {1, 3}, {2, 4}, {3, 5}, {4, 6}, {5, 6}, {7, 8}, {8, 7}};

static bool reached(const ol_reach *reach, uint32_t node) {
  return ((const uint8_t *)reach->mark.base)[node] == OL_REACHED;
}

static void a_cut_takes_only_what_it_alone_holds(void) {
  ol_columns c;
  ol_reach reach = {0};
  make_heap(&c, 8, edges, 8);
  EXPECT(ol_reach_begin(&reach, &c));
  ((uint8_t *)reach.mark.base)[2] = OL_CUT;
  ol_reach_run(&reach, &c);
  EXPECT(!reached(&reach, 4) && reached(&reach, 3) && reached(&reach, 5) && reached(&reach, 6));
  EXPECT(ol_reach_begin(&reach, &c)); /* a second run begins anew */
  ((uint8_t *)reach.mark.base)[2] = ((uint8_t *)reach.mark.base)[5] = OL_CUT;
  ol_reach_run(&reach, &c);
  EXPECT(!reached(&reach, 4) && !reached(&reach, 6) && reached(&reach, 3));
  ol_reach_deinit(&reach);
  ol_columns_deinit(&c);
}

static void a_cycle_that_nothing_holds_is_not_reached(void) {
  ol_columns c;
  ol_reach reach = {0};
  make_heap(&c, 8, edges, 8);
  EXPECT(ol_reach_begin(&reach, &c));
  ol_reach_run(&reach, &c);
  EXPECT(!reached(&reach, 7) && !reached(&reach, 8) && reached(&reach, 6));
  OL_COLUMN(uint32_t, c.refcount)[8]++; /* native code holds it */
  EXPECT(ol_reach_begin(&reach, &c));
  ol_reach_run(&reach, &c);
  EXPECT(reached(&reach, 7) && reached(&reach, 8));
  ol_reach_deinit(&reach);
  ol_columns_deinit(&c);
}

int main(void) {
  a_cut_takes_only_what_it_alone_holds();
  a_cycle_that_nothing_holds_is_not_reached();
  return 0;
}
