#include "stamps/scoped.h"

#include "tests/expect.h"

static ol_sheet sheet;

static void equal_pairs_have_one_number(void) {
  ol_scoped scoped = {0};
  uint32_t first = ol_scoped_number(&scoped, &sheet, 3, 7), other = ol_scoped_number(&scoped, &sheet, 7, 3);
  EXPECT(first >= OL_SCOPED_FIRST && other >= OL_SCOPED_FIRST && first != other);
  EXPECT(ol_scoped_number(&scoped, &sheet, 3, 7) == first);
  ol_scoped_row read = ol_scoped_read(&scoped, first);
  EXPECT(read.site == 3 && read.scope == 7);
  read = ol_scoped_read(&scoped, 12);
  EXPECT(read.site == 12 && read.scope == 0);
  ol_scoped_deinit(&scoped);
  EXPECT(ol_scoped_mapped_bytes(&scoped) == 0);
}

static void wear(uintptr_t address, uint32_t number) {
  uint64_t *place = ol_sheet_place(&sheet, address);
  if (place == NULL) place = ol_sheet_make_place(&sheet, address);
  *place = 9ull << 32 | number;
}

static void pairs_that_no_stamp_wears_are_used_again(void) {
  ol_scoped scoped = {0};
  enum { KEPT = 5000 };
  static uint32_t kept[KEPT];
  for (uint32_t scope = 1; scope <= 3 * OL_SCOPED_MAX; scope++) {
    uint32_t number = ol_scoped_number(&scoped, &sheet, 5, scope);
    EXPECT(number >= OL_SCOPED_FIRST);
    if (scope <= KEPT) wear(0x7f0000000000 + 16ull * scope, kept[scope - 1] = number);
  }
  EXPECT(scoped.left_out_count == 0);
  for (uint32_t scope = 1; scope <= KEPT; scope++) {
    EXPECT(ol_scoped_read(&scoped, kept[scope - 1]).scope == scope);
    EXPECT(ol_scoped_number(&scoped, &sheet, 5, scope) == kept[scope - 1]);
  }
  ol_scoped_deinit(&scoped);
}

static void where_all_are_worn_the_scope_is_left_out_and_the_site_is_not(void) {
  ol_scoped scoped = {0};
  for (uint32_t scope = 1; scope < OL_SCOPED_MAX; scope++)
    wear(0x7e0000000000 + 16ull * scope, ol_scoped_number(&scoped, &sheet, 5, scope));
  EXPECT(ol_scoped_number(&scoped, &sheet, 5, OL_SCOPED_MAX) == 5);
  EXPECT(scoped.left_out_count == 1 && scoped.patience > 0);
  EXPECT(ol_scoped_number(&scoped, &sheet, 5, 77) >= OL_SCOPED_FIRST);
  ol_scoped_deinit(&scoped);
}

int main(void) {
  EXPECT(ol_sheet_init(&sheet));
  equal_pairs_have_one_number();
  pairs_that_no_stamp_wears_are_used_again();
  where_all_are_worn_the_scope_is_left_out_and_the_site_is_not();
  ol_sheet_deinit(&sheet);
  return 0;
}
