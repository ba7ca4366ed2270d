#include "stamps/stamp_columns.h"

#include <string.h>

#include "stamps/kept_types.h"

/* preheaders[node of a type] = 1 + bytes before its instances, 0 where those wear no stamps; and the types that are approximate. */
static bool learn_types(ol_stamp_columns *s, const ol_walk *walk, uint8_t *preheaders) {
  const ol_type_info *slots = (const ol_type_info *)walk->types.slots.base;
  for (uint32_t i = 0; i < walk->types.capacity; i++) {
    if (slots[i].type == NULL || slots[i].node == 0) continue;
    if (!ol_stamps_are_worn_by((PyTypeObject *)slots[i].type)) continue;
    preheaders[slots[i].node] = (uint8_t)(1 + slots[i].preheader_bytes);
    if (ol_stamps_now.mode != OL_STAMPS_ALLOCATOR || !ol_type_is_kept(slots[i].type)) continue;
    if (!ol_reserve_grow(&s->approximate, (s->approximate_count + 1ull) * 4)) return false;
    ((uint32_t *)s->approximate.base)[s->approximate_count++] = slots[i].node;
  }
  return true;
}

/* The row that stands for a stamp's place in the file. `rows_of_pairs`: uint32_t[scoped.row_count], 0: not added yet. */
static uint32_t row_of_place(ol_stamp_columns *s, uint32_t number, uint32_t *rows_of_pairs) {
  if (number < OL_SCOPED_FIRST) return number;
  uint32_t *row = &rows_of_pairs[number - OL_SCOPED_FIRST];
  if (*row != 0) return *row;
  ol_scoped_row pair = ol_scoped_read(&ol_stamps_now.scoped, number);
  if (!ol_reserve_grow(&s->rows, (s->row_count + 1ull) * sizeof(ol_site_row)) ||
      !ol_reserve_grow(&s->scopes, (s->row_count + 1ull) * 4))
    return pair.site;
  ol_site_row *rows = (ol_site_row *)s->rows.base;
  rows[s->row_count] = rows[pair.site];
  ((uint32_t *)s->scopes.base)[s->row_count] = pair.scope;
  return *row = s->row_count++;
}

static void look_up(ol_stamp_columns *s, const ol_columns *c, const uint8_t *preheaders, uint32_t *rows_of_pairs) {
  const uint64_t *address = OL_COLUMN(const uint64_t, c->address);
  const uint32_t *type = OL_COLUMN(const uint32_t, c->type);
  uint32_t *tick = OL_COLUMN(uint32_t, s->tick), *site = OL_COLUMN(uint32_t, s->site);
  for (uint32_t node = 1; node < c->node_count; node++) {
    uint8_t preheader = preheaders[type[node]]; /* 0 for what is no object */
    uint64_t stamp = preheader != 0 ? ol_stamp_of(address[node], preheader - 1u) : 0;
    tick[node] = ol_stamp_tick(stamp);
    site[node] = row_of_place(s, (uint32_t)stamp, rows_of_pairs);
  }
}

static bool copy_sites(ol_stamp_columns *s, const ol_sites *sites) {
  const ol_text *texts = &sites->texts.texts;
  if (!ol_reserve_grow(&s->rows, (size_t)sites->row_count * sizeof(ol_site_row)) ||
      !ol_reserve_grow(&s->scopes, (size_t)sites->row_count * 4) ||
      !ol_reserve_grow(&s->texts.bytes, texts->byte_count + 1) ||
      !ol_reserve_grow(&s->texts.ends, (texts->count + 1ull) * sizeof(uint64_t)))
    return false;
  memcpy(s->rows.base, sites->rows.base, (size_t)sites->row_count * sizeof(ol_site_row));
  if (texts->count > 0) {
    memcpy(s->texts.bytes.base, texts->bytes.base, texts->byte_count);
    memcpy(s->texts.ends.base, texts->ends.base, texts->count * sizeof(uint64_t));
  }
  s->row_count = sites->row_count;
  s->texts.byte_count = texts->byte_count;
  s->texts.count = texts->count;
  return true;
}

/* Order documented in docs/reference/snapshot-format.md and mirrored by capture/stamps.py. */
static void note_facts(ol_stamp_columns *s) {
  const ol_stamps *now = &ol_stamps_now;
  uint64_t facts[OL_STAMP_FACTS] = {now->mode,
                                    now->depth,
                                    now->tick,
                                    now->tracer_taken,
                                    now->lost,
                                    now->lost_at,
                                    now->unstamped_count,
                                    now->sites.refused_count,
                                    now->scoped.left_out_count,
                                    now->sparse};
  memcpy(s->facts, facts, sizeof facts);
}

bool ol_stamp_columns_gather(ol_stamp_columns *s, ol_walk *walk) {
  memset(s, 0, sizeof *s);
  const ol_columns *c = &walk->columns;
  if (ol_stamps_now.mode == OL_STAMPS_OFF || walk->interp != ol_stamps_now.interp) return true;
  ol_reserve preheaders = {0}, rows_of_pairs = {0};
  bool ok = ol_reserve_grow(&preheaders, c->node_count) && ol_reserve_grow(&s->tick, c->node_count * 4ull) &&
            ol_reserve_grow(&s->site, c->node_count * 4ull) &&
            ol_reserve_grow(&rows_of_pairs, ol_stamps_now.scoped.row_count * 4ull + 4) &&
            learn_types(s, walk, (uint8_t *)preheaders.base) && copy_sites(s, &ol_stamps_now.sites);
  if (ok) {
    look_up(s, c, (const uint8_t *)preheaders.base, (uint32_t *)rows_of_pairs.base);
    note_facts(s);
    s->node_count = c->node_count;
  }
  ol_reserve_deinit(&preheaders);
  ol_reserve_deinit(&rows_of_pairs);
  return ok;
}

void ol_stamp_columns_write(const ol_stamp_columns *s, ol_container_writer *w) {
  if (s->node_count == 0) return;
  ol_container_add(w, "stamp_facts", "u8", s->facts, OL_STAMP_FACTS);
  ol_container_add(w, "tick", "u4", s->tick.base, s->node_count);
  ol_container_add(w, "site", "u4", s->site.base, s->node_count);
  ol_container_add(w, "site_rows", "u4", s->rows.base, s->row_count * 4ull);
  ol_container_add(w, "site_scopes", "u4", s->scopes.base, s->row_count);
  ol_container_add(w, "site_text_bytes", "u1", s->texts.bytes.base, s->texts.byte_count);
  ol_container_add(w, "site_text_ends", "u8", s->texts.ends.base, s->texts.count);
  ol_container_add(w, "approximate_types", "u4", s->approximate.base, s->approximate_count);
}

void ol_stamp_columns_deinit(ol_stamp_columns *s) {
  ol_reserve_deinit(&s->tick);
  ol_reserve_deinit(&s->site);
  ol_reserve_deinit(&s->rows);
  ol_reserve_deinit(&s->scopes);
  ol_text_deinit(&s->texts);
  ol_reserve_deinit(&s->approximate);
  memset(s, 0, sizeof *s);
}
