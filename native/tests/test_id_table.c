#include "graph/id_table.h"
#include "tests/expect.h"

static void every_address_keeps_its_number(void) {
  ol_id_table table;
  EXPECT(ol_id_table_init(&table, 4));
  unsigned long long state = 42;
  enum { COUNT = 20000 };
  static uintptr_t address[COUNT];
  for (uint32_t i = 0; i < COUNT; i++) {
    do address[i] = (uintptr_t)(next_random(&state) & 0x7ffffffffff0ull);
    while (!ol_address_possible(address[i]) || ol_id_table_find(&table, address[i]) != 0);
    uint32_t *slot = ol_id_table_make_slot(&table, address[i]);
    if (slot == NULL) { /* more distinct gigabytes than any process has: refused, not crashed */
      EXPECT(table.middle_count == OL_MIDDLES_MAX);
      address[i] = 0;
      continue;
    }
    *slot = i + 1;
  }
  for (uint32_t i = 0; i < COUNT; i++)
    if (address[i] != 0) EXPECT(ol_id_table_find(&table, address[i]) == i + 1);
  ol_id_table_clear(&table);
  for (uint32_t i = 0; i < COUNT; i++) EXPECT(ol_id_table_find(&table, address[i]) == 0);
  ol_id_table_deinit(&table);
}

static void neighbours_in_one_page_do_not_meet(void) {
  ol_id_table table;
  EXPECT(ol_id_table_init(&table, 4));
  for (uintptr_t granule = 0; granule < 4096; granule++)
    *ol_id_table_make_slot(&table, 0x7f0000000000 + granule * 16) = (uint32_t)granule + 1;
  for (uintptr_t granule = 0; granule < 4096; granule++)
    EXPECT(ol_id_table_find(&table, 0x7f0000000000 + granule * 16) == granule + 1);
  ol_id_table_deinit(&table);
}

static void impossible_addresses_are_refused(void) {
  ol_id_table table;
  EXPECT(ol_id_table_init(&table, 4));
  EXPECT(ol_id_table_make_slot(&table, 0) == NULL);
  EXPECT(ol_id_table_make_slot(&table, 8) == NULL);
  EXPECT(ol_id_table_make_slot(&table, 0x7f0000000003) == NULL);
  EXPECT(ol_id_table_make_slot(&table, (uintptr_t)1 << 50) == NULL);
  ol_id_table_deinit(&table);
}

int main(void) {
  every_address_keeps_its_number();
  neighbours_in_one_page_do_not_meet();
  impossible_addresses_are_refused();
  return 0;
}
