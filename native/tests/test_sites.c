#include "stamps/sites.h"

#include <string.h>

#include "tests/expect.h"

static uint32_t make(ol_sites *sites, uint32_t line, const char *function) {
  return ol_sites_make(sites, line, "app.py", 6, function, strlen(function));
}

static void equal_sites_have_one_number(void) {
  ol_sites sites = {0};
  EXPECT(ol_sites_init(&sites));
  uint32_t first = make(&sites, 3, "f"), other = make(&sites, 4, "f");
  EXPECT(first != 0 && other != 0 && first != other);
  EXPECT(make(&sites, 3, "f") == first);
  EXPECT(ol_sites_under(&sites, first, 0) == first);
  uint32_t chained = ol_sites_under(&sites, first, other);
  EXPECT(chained > other && ol_sites_under(&sites, first, other) == chained);
  ol_sites_deinit(&sites);
}

static void a_place_is_recalled_only_while_its_code_is_the_same(void) {
  ol_sites sites = {0};
  EXPECT(ol_sites_init(&sites));
  EXPECT(ol_sites_recall(&sites, 0x1000, 2, 77) == OL_SITE_NOT_SEEN);
  ol_sites_remember(&sites, 0x1000, 2, 77, 5);
  EXPECT(ol_sites_recall(&sites, 0x1000, 2, 77) == 5);
  EXPECT(ol_sites_recall(&sites, 0x1000, 4, 77) == OL_SITE_NOT_SEEN);
  EXPECT(ol_sites_recall(&sites, 0x1000, 2, 78) == OL_SITE_NOT_SEEN);
  ol_sites_remember(&sites, 0x1000, 2, 78, 6);
  EXPECT(ol_sites_recall(&sites, 0x1000, 2, 78) == 6);
  ol_sites_deinit(&sites);
}

static void a_full_cache_begins_anew(void) {
  ol_sites sites = {0};
  EXPECT(ol_sites_init(&sites));
  for (uint32_t i = 1; i <= 4 * OL_RECOLLECTIONS; i++) {
    ol_sites_remember(&sites, (uintptr_t)i << 4, 0, i, i);
    EXPECT(ol_sites_recall(&sites, (uintptr_t)i << 4, 0, i) == i);
  }
  EXPECT(sites.recollection_count < OL_RECOLLECTIONS);
  ol_sites_deinit(&sites);
}

static void more_sites_than_fit_are_unknown_and_counted(void) {
  ol_sites sites = {0};
  EXPECT(ol_sites_init(&sites));
  for (uint32_t line = 1; line < OL_ROWS_MAX; line++) EXPECT(make(&sites, line, "f") == line);
  EXPECT(make(&sites, OL_ROWS_MAX, "f") == OL_SITE_UNKNOWN);
  EXPECT(sites.refused_count == 1);
  EXPECT(make(&sites, 7, "f") == 7);
  ol_sites_deinit(&sites);
}

int main(void) {
  equal_sites_have_one_number();
  a_place_is_recalled_only_while_its_code_is_the_same();
  a_full_cache_begins_anew();
  more_sites_than_fit_are_unknown_and_counted();
  return 0;
}
