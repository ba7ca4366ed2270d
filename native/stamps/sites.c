#include "stamps/sites.h"

#include <string.h>

bool ol_sites_init(ol_sites *sites) {
  sites->row_count = 1;
  return ol_reserve_grow(&sites->recollections, OL_RECOLLECTIONS * sizeof(ol_recollection)) &&
         ol_reserve_grow(&sites->rows, 4096 * sizeof(ol_site_row)) &&
         ol_reserve_grow(&sites->row_slots, OL_ROW_SLOTS * sizeof(uint32_t));
}

void ol_sites_deinit(ol_sites *sites) {
  ol_reserve_deinit(&sites->recollections);
  ol_reserve_deinit(&sites->rows);
  ol_reserve_deinit(&sites->row_slots);
  ol_text_set_deinit(&sites->texts);
  memset(sites, 0, sizeof *sites);
}

uint64_t ol_sites_mapped_bytes(const ol_sites *sites) {
  return sites->recollections.bytes + sites->rows.bytes + sites->row_slots.bytes + sites->texts.slots.bytes +
         sites->texts.texts.bytes.bytes + sites->texts.texts.ends.bytes;
}

void ol_sites_remember(ol_sites *sites, uintptr_t code, int32_t offset, uint32_t check, uint32_t site) {
  if (sites->recollection_count >= OL_RECOLLECTIONS / 4 * 3) {
    memset(sites->recollections.base, 0, OL_RECOLLECTIONS * sizeof(ol_recollection));
    sites->recollection_count = 0;
  }
  ol_recollection *all = (ol_recollection *)sites->recollections.base;
  uint32_t slot = ol_recollection_slot(code, offset);
  while (all[slot].code != 0 && !(all[slot].code == code && all[slot].offset == offset))
    slot = (slot + 1) & (OL_RECOLLECTIONS - 1);
  if (all[slot].code == 0) sites->recollection_count++;
  all[slot] = (ol_recollection){.code = code, .offset = offset, .check = check, .site = site};
}

static uint32_t row_slot_of(const ol_site_row *row) {
  uint64_t mixed = row->line * 0x9e3779b97f4a7c15ull;
  mixed = (mixed ^ row->file) * 0xc2b2ae3d27d4eb4full;
  mixed = (mixed ^ row->function) * 0x165667b19e3779f9ull;
  mixed = (mixed ^ row->parent) * 0x9e3779b97f4a7c15ull;
  return (uint32_t)(mixed >> 40) & (OL_ROW_SLOTS - 1);
}

static uint32_t refuse(ol_sites *sites) {
  sites->refused_count++;
  return OL_SITE_UNKNOWN;
}

static uint32_t number_of_row(ol_sites *sites, ol_site_row row) {
  uint32_t *slots = (uint32_t *)sites->row_slots.base;
  uint32_t slot = row_slot_of(&row);
  for (; slots[slot] != 0; slot = (slot + 1) & (OL_ROW_SLOTS - 1))
    if (memcmp((const ol_site_row *)sites->rows.base + slots[slot], &row, sizeof row) == 0) return slots[slot];
  if (sites->row_count == OL_ROWS_MAX) return refuse(sites);
  if (!ol_reserve_grow(&sites->rows, (sites->row_count + 1ull) * sizeof row)) return refuse(sites);
  ((ol_site_row *)sites->rows.base)[sites->row_count] = row;
  return slots[slot] = sites->row_count++;
}

uint32_t ol_sites_make(ol_sites *sites, uint32_t line, const char *file, size_t file_bytes, const char *function,
                       size_t function_bytes) {
  ol_site_row row = {.line = line};
  if (sites->texts.texts.byte_count + file_bytes + function_bytes > OL_SITE_TEXTS_MAX) return refuse(sites);
  if (!ol_text_set_number(&sites->texts, file, file_bytes, &row.file) ||
      !ol_text_set_number(&sites->texts, function, function_bytes, &row.function))
    return refuse(sites);
  return number_of_row(sites, row);
}

uint32_t ol_sites_under(ol_sites *sites, uint32_t site, uint32_t parent) {
  if (site == OL_SITE_UNKNOWN || parent == OL_SITE_UNKNOWN) return site;
  ol_site_row row = ((const ol_site_row *)sites->rows.base)[site];
  row.parent = parent;
  return number_of_row(sites, row);
}
