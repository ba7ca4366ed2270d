#include "walk/census.h"

#include <string.h>

#include "walk/names.h"

bool ol_census_init(ol_census *census, size_t objects_expected) {
  memset(census, 0, sizeof *census);
  return ol_walk_init(&census->walk, objects_expected);
}

void ol_census_deinit(ol_census *census) {
  ol_walk_deinit(&census->walk);
  ol_text_set_deinit(&census->names);
  ol_reserve_deinit(&census->rows);
  ol_reserve_deinit(&census->sent);
  ol_reserve_deinit(&census->row_of_type);
  ol_reserve_deinit(&census->of_types);
}

static bool number_types(ol_census *census) {
  const ol_type_info *slots = (const ol_type_info *)census->walk.types.slots.base;
  char name[OL_NAME_MAX];
  for (uint32_t i = 0; i < census->walk.types.capacity; i++) {
    if (slots[i].type == NULL) continue;
    size_t length = ol_type_name(slots[i].type, census->walk.interp, name);
    uint32_t number;
    if (!ol_text_set_number(&census->names, name, length, &number)) return false;
    if (!ol_reserve_grow(&census->of_types, number + 1ull)) return false;
    census->of_types.base[number] = slots[i].kind == OL_KIND_TYPE;
    ((uint32_t *)census->row_of_type.base)[slots[i].node] = number;
  }
  return true;
}

ol_walk_status ol_census_take(ol_census *census) {
  ol_walk_status status = ol_walk_take(&census->walk);
  if (status != OL_WALK_OK) return status;
  const ol_columns *columns = &census->walk.columns;
  if (!ol_columns_count_in_degrees(&census->walk.columns)) return OL_WALK_NO_MEMORY;
  if (!ol_reserve_grow(&census->row_of_type, (size_t)columns->node_count * 4)) return OL_WALK_NO_MEMORY;
  if (!number_types(census)) return OL_WALK_NO_MEMORY;
  size_t bytes = (size_t)census->names.texts.count * sizeof(ol_tally_row);
  if (!ol_reserve_grow(&census->rows, bytes) || !ol_reserve_grow(&census->sent, bytes)) return OL_WALK_NO_MEMORY;
  memset(census->rows.base, 0, bytes);
  ol_tally_by_type(columns, (const uint32_t *)census->row_of_type.base, (ol_tally_row *)census->rows.base);
  return OL_WALK_OK;
}
