#include "graph/id_table.h"

bool ol_id_table_init(ol_id_table *table, size_t leaves_expected) {
  memset(table, 0, sizeof *table);
  table->leaf_count = 1;
  return ol_reserve_grow(&table->top, sizeof(uint32_t) << OL_TOP_BITS) &&
         ol_reserve_grow(&table->leaves, (leaves_expected + 2) * OL_LEAF_SLOTS * sizeof(uint32_t));
}

void ol_id_table_clear(ol_id_table *table) {
  memset(table->leaves.base, 0, (size_t)table->leaf_count * OL_LEAF_SLOTS * sizeof(uint32_t));
}

void ol_id_table_deinit(ol_id_table *table) {
  ol_reserve_deinit(&table->top);
  ol_reserve_deinit(&table->leaves);
  for (uint32_t i = 0; i < table->middle_count; i++) ol_reserve_deinit(&table->middles[i]);
  table->middle_count = 0;
  table->leaf_count = 0;
}

uint32_t *ol_id_table_make_slot(ol_id_table *table, uintptr_t address) {
  if (!ol_address_possible(address)) return NULL;
  uintptr_t page = address >> 12;
  uint32_t *middle = (uint32_t *)table->top.base + ((page >> OL_MIDDLE_BITS) & ((1u << OL_TOP_BITS) - 1));
  if (*middle == 0) {
    if (table->middle_count == OL_MIDDLES_MAX) return NULL;
    if (!ol_reserve_grow(&table->middles[table->middle_count], sizeof(uint32_t) << OL_MIDDLE_BITS)) return NULL;
    *middle = ++table->middle_count;
  }
  uint32_t *leaf = (uint32_t *)table->middles[*middle - 1].base + (page & ((1u << OL_MIDDLE_BITS) - 1));
  if (*leaf == 0) {
    size_t need = ((size_t)table->leaf_count + 1) * OL_LEAF_SLOTS * sizeof(uint32_t);
    if (table->leaf_count == UINT32_MAX || !ol_reserve_grow(&table->leaves, need)) return NULL;
    *leaf = table->leaf_count++;
  }
  return ol_id_table_slot(table, address);
}
