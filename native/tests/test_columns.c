#include "graph/tally.h"
#include "tests/small_heap.h"

static const uint32_t edges[][2] = {{1, 2}, {1, 3}, {3, 4}, {3, 4}, {4, 3}, {4, 0}};

static void in_degrees_count_every_edge_but_those_to_nothing(void) {
  ol_columns c;
  make_heap(&c, 5, edges, 6);
  const uint32_t *in_degree = OL_COLUMN(uint32_t, c.in_degree);
  EXPECT(in_degree[0] == 0 && in_degree[2] == 1 && in_degree[3] == 2 && in_degree[4] == 2 && in_degree[5] == 0);
  ol_columns_deinit(&c);
}

static void self_check_parts_exact_more_and_fewer(void) {
  ol_columns c;
  make_heap(&c, 5, edges, 6);
  OL_COLUMN(uint32_t, c.refcount)[2] = 5; /* held from elsewhere, too */
  OL_COLUMN(uint32_t, c.refcount)[4] = 1; /* shows a reference that does not exist */
  ol_self_check check;
  ol_self_check_of(&c, &check);
  EXPECT(check.counted == 4 && check.exact == 2 && check.more == 1 && check.fewer == 1 && check.first_fewer == 4);
  ol_columns_deinit(&c);
}

static void tally_adds_up_by_type(void) {
  ol_columns c;
  make_heap(&c, 5, edges, 6);
  uint32_t row_of_type[6] = {0, 0, 1, 0, 0, 0};
  ol_tally_row rows[2] = {{0}};
  OL_COLUMN(uint32_t, c.refcount)[2] += 3;
  ol_tally_by_type(&c, row_of_type, rows);
  EXPECT(rows[0].count == 0 && rows[1].count == 4 && rows[1].bytes == 4 * 64 && rows[1].items == 4 &&
         rows[1].unexplained == 3);
  ol_columns_deinit(&c);
}

static void tally_tells_references_that_are_not_counted_apart_from_those_that_nothing_explains(void) {
  ol_columns c;
  make_heap(&c, 5, edges, 6);
  uint32_t row_of_type[6] = {0, 0, 1, 0, 0, 0};
  ol_tally_row rows[2] = {{0}};
  OL_COLUMN(uint32_t, c.refcount)[3] += 2;
  OL_COLUMN(uint32_t, c.refcount)[4] = 1; /* two refer to it */
  ol_tally_by_type(&c, row_of_type, rows);
  EXPECT(rows[1].overdrawn == 1 && rows[1].unexplained == 2 - 1);
  ol_columns_deinit(&c);
}

static void large_sizes_are_found_again(void) {
  ol_columns c;
  make_heap(&c, 5, edges, 6);
  OL_COLUMN(uint32_t, c.size)[4] = OL_SIZE_LARGE;
  EXPECT(ol_reserve_grow(&c.large_sizes, 2 * sizeof(ol_large_size)));
  OL_COLUMN(ol_large_size, c.large_sizes)[c.large_count++] = (ol_large_size){.node = 4, .bytes = 1ull << 40};
  EXPECT(ol_columns_size_of(&c, 4) == 1ull << 40 && ol_columns_size_of(&c, 3) == 64);
  ol_columns_deinit(&c);
}

int main(void) {
  in_degrees_count_every_edge_but_those_to_nothing();
  self_check_parts_exact_more_and_fewer();
  tally_adds_up_by_type();
  tally_tells_references_that_are_not_counted_apart_from_those_that_nothing_explains();
  large_sizes_are_found_again();
  return 0;
}
