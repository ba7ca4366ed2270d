#include "stamps/sheet.h"
#include "tests/expect.h"

static void every_granule_keeps_its_stamp(void) {
  static ol_sheet sheet;
  EXPECT(ol_sheet_init(&sheet));
  enum { COUNT = 3000 };
  static uintptr_t address[COUNT];
  unsigned long long state = 7;
  for (uint64_t i = 0; i < COUNT; i++) {
    do address[i] = (uintptr_t)(next_random(&state) & 0x7ffffffffff0ull) | 1 << 20;
    while (ol_sheet_place(&sheet, address[i]) != NULL && *ol_sheet_place(&sheet, address[i]) != 0);
    uint64_t *place = ol_sheet_place(&sheet, address[i]);
    if (place == NULL) place = ol_sheet_make_place(&sheet, address[i]);
    EXPECT(place != NULL);
    *place = i + 1;
  }
  for (uint64_t i = 0; i < COUNT; i++) EXPECT(*ol_sheet_place(&sheet, address[i]) == i + 1);
  ol_sheet_deinit(&sheet);
  EXPECT(ol_sheet_mapped_bytes(&sheet) == 0);
}

static void neighbours_do_not_meet_over_the_edge_of_a_chunk(void) {
  static ol_sheet sheet;
  EXPECT(ol_sheet_init(&sheet));
  uintptr_t edge = 0x7f0000100000;
  *ol_sheet_make_place(&sheet, edge) = 1;
  EXPECT(ol_sheet_place(&sheet, edge - 16) == NULL);
  *ol_sheet_make_place(&sheet, edge - 16) = 2;
  EXPECT(*ol_sheet_place(&sheet, edge) == 1 && *ol_sheet_place(&sheet, edge - 16) == 2);
  EXPECT(*ol_sheet_place(&sheet, edge + 16) == 0);
  ol_sheet_deinit(&sheet);
}

static void there_is_an_end_to_chunks(void) {
  static ol_sheet sheet;
  EXPECT(ol_sheet_init(&sheet));
  sheet.chunk_count = OL_CHUNKS_MAX;
  EXPECT(ol_sheet_make_place(&sheet, 0x7f0000000000) == NULL);
  sheet.chunk_count = 0;
  EXPECT(ol_sheet_make_place(&sheet, 0x1000) == NULL); /* no object lives in the first megabyte */
  ol_sheet_deinit(&sheet);
}

int main(void) {
  every_granule_keeps_its_stamp();
  neighbours_do_not_meet_over_the_edge_of_a_chunk();
  there_is_an_end_to_chunks();
  return 0;
}
