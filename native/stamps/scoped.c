#include "stamps/scoped.h"

#include <string.h>

void ol_scoped_deinit(ol_scoped *scoped) {
  ol_reserve_deinit(&scoped->rows);
  ol_reserve_deinit(&scoped->slots);
  memset(scoped, 0, sizeof *scoped);
}

uint64_t ol_scoped_mapped_bytes(const ol_scoped *scoped) { return scoped->rows.bytes + scoped->slots.bytes; }

static ol_scoped_row *rows_of(const ol_scoped *scoped) { return (ol_scoped_row *)scoped->rows.base; }

static uint32_t slot_of(ol_scoped_row row) {
  uint64_t mixed = (uint64_t)row.scope << 32 | row.site;
  mixed = (mixed ^ mixed >> 29) * 0x9e3779b97f4a7c15ull;
  return (uint32_t)(mixed >> 40) & (OL_SCOPED_SLOTS - 1);
}

/* The slot of an equal pair, or the empty one where it belongs. Half of all slots are empty at least. */
static uint32_t *find(const ol_scoped *scoped, ol_scoped_row wanted) {
  uint32_t *slots = (uint32_t *)scoped->slots.base, slot = slot_of(wanted);
  const ol_scoped_row *rows = rows_of(scoped);
  for (; slots[slot] != 0; slot = (slot + 1) & (OL_SCOPED_SLOTS - 1))
    if (rows[slots[slot]].site == wanted.site && rows[slots[slot]].scope == wanted.scope) break;
  return &slots[slot];
}

/* ---- pairs that no stamp wears ---- */

static void mark_worn(const ol_scoped *scoped, const ol_sheet *sheet, uint8_t *worn) {
  const ol_sheet_chunk *chunks = (const ol_sheet_chunk *)sheet->chunks.base;
  for (uint32_t slot = 0; slot < OL_SHEET_SLOTS; slot++) {
    if (chunks[slot].number == 0) continue;
    for (uint32_t granule = 0; granule < OL_CHUNK_GRANULES; granule++) {
      uint32_t row = (uint32_t)chunks[slot].places[granule] - OL_SCOPED_FIRST;
      if (row < scoped->row_count) worn[row] = 1;
    }
  }
}

static void free_unworn(ol_scoped *scoped, const uint8_t *worn) {
  ol_scoped_row *rows = rows_of(scoped);
  scoped->free_row = 0;
  memset(scoped->slots.base, 0, OL_SCOPED_SLOTS * sizeof(uint32_t));
  for (uint32_t row = 1; row < scoped->row_count; row++) {
    if (worn[row] && rows[row].site != 0) {
      *find(scoped, rows[row]) = row;
    } else {
      rows[row] = (ol_scoped_row){.site = 0, .scope = scoped->free_row};
      scoped->free_row = row;
    }
  }
}

static void make_room(ol_scoped *scoped, const ol_sheet *sheet) {
  ol_reserve worn = {0};
  scoped->patience = OL_SCOPED_PATIENCE;
  if (!ol_reserve_grow(&worn, OL_SCOPED_MAX)) return;
  mark_worn(scoped, sheet, (uint8_t *)worn.base);
  free_unworn(scoped, (const uint8_t *)worn.base);
  ol_reserve_deinit(&worn);
}

/* A row to write to; 0: none. */
static uint32_t new_row(ol_scoped *scoped) {
  if (scoped->free_row != 0) {
    uint32_t row = scoped->free_row;
    scoped->free_row = rows_of(scoped)[row].scope;
    return row;
  }
  if (scoped->row_count == OL_SCOPED_MAX) return 0;
  if (!ol_reserve_grow(&scoped->rows, (scoped->row_count + 1ull) * sizeof(ol_scoped_row))) return 0;
  return scoped->row_count++;
}

static bool begin(ol_scoped *scoped) {
  if (!ol_reserve_grow(&scoped->slots, OL_SCOPED_SLOTS * sizeof(uint32_t)) ||
      !ol_reserve_grow(&scoped->rows, 4096 * sizeof(ol_scoped_row)))
    return false;
  if (scoped->row_count == 0) scoped->row_count = 1;
  return true;
}

static uint32_t leave_out(ol_scoped *scoped, uint32_t site) {
  scoped->left_out_count++;
  return site;
}

uint32_t ol_scoped_number(ol_scoped *scoped, const ol_sheet *sheet, uint32_t site, uint32_t scope) {
  if (scoped->row_count == 0 && !begin(scoped)) return leave_out(scoped, site);
  ol_scoped_row wanted = {.site = site, .scope = scope};
  uint32_t *slot = find(scoped, wanted);
  if (*slot != 0) return OL_SCOPED_FIRST + *slot;
  if (scoped->patience > 0) scoped->patience--;
  bool full = scoped->free_row == 0 && scoped->row_count == OL_SCOPED_MAX;
  if (full && scoped->patience == 0) {
    make_room(scoped, sheet);
    slot = find(scoped, wanted);
  }
  uint32_t row = new_row(scoped);
  if (row == 0) return leave_out(scoped, site);
  rows_of(scoped)[row] = wanted;
  *slot = row;
  return OL_SCOPED_FIRST + row;
}
