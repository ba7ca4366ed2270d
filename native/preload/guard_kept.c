#include "preload/guard_kept.h"

#include <string.h>

typedef struct part {
  ol_spin lock;
  uint32_t first, count;
  uint32_t first_number; /* of rows[first] */
  ol_kept *rows;         /* room of them, a ring */
} part;

static struct {
  part parts[OL_KEPT_PARTS];
  uint32_t room;
  uint64_t limit;
  _Atomic uint64_t bytes;
  _Atomic uint32_t turn;
  ol_spin departed_lock;
  ol_kept *departed;
} kept;

bool ol_kept_init(uint64_t bytes) {
  kept.room = (uint32_t)(bytes / 4 / OL_KEPT_ROW_BYTES / OL_KEPT_PARTS);
  if (kept.room < 16) kept.room = 16;
  if (kept.room > 1 << 20) kept.room = 1 << 20;
  kept.limit = bytes / 4 * 3;
  ol_kept *rows = ol_own_map((uint64_t)kept.room * OL_KEPT_PARTS * sizeof *rows);
  kept.departed = ol_own_map(OL_DEPARTED_ROWS * sizeof *kept.departed);
  if (rows == NULL || kept.departed == NULL) return false;
  for (uint32_t i = 0; i < OL_KEPT_PARTS; i++) kept.parts[i].rows = rows + (uint64_t)i * kept.room;
  return true;
}

uint64_t ol_kept_largest(void) { return kept.limit / 64; }

static uint64_t mixed(uintptr_t address) { return (address >> 4) * 0x9e3779b97f4a7c15ull; }
static uint32_t part_of(uintptr_t address) { return (uint32_t)(mixed(address) >> 58); }
static ol_kept *row_at(const part *p, uint32_t i) { return &p->rows[(p->first + i) % kept.room]; }

/* ---- the fill ---- */

static uint32_t head_of(const ol_kept *row) {
  return row->usable <= OL_FILL_HEAD + OL_FILL_END ? row->usable : OL_FILL_HEAD;
}

static void fill_range(uint8_t *block, uint32_t from, uint32_t to, uint64_t word) {
  for (; from + 8 <= to; from += 8) memcpy(block + from, &word, 8);
  if (from < to) memcpy(block + from, &word, to - from);
}

static void fill(const ol_kept *row) {
  uint8_t *block = (uint8_t *)row->made.address;
  uint64_t word = ol_fill_word(row->serial);
  fill_range(block, 0, head_of(row), word);
  if (head_of(row) < row->usable) fill_range(block, (row->usable - OL_FILL_END) & ~7u, row->usable, word);
}

/* The first and the last byte in the range that are not the fill's. */
static void look_over(const uint8_t *block, uint32_t from, uint32_t to, uint64_t word, uint32_t *first,
                      uint32_t *last) {
  uint64_t there, four[4];
  for (uint32_t at = from; at < to; at += 8) {
    for (; at + 32 <= to; at += 32) { /* nearly always all of it */
      memcpy(four, block + at, 32);
      if (((four[0] ^ word) | (four[1] ^ word) | (four[2] ^ word) | (four[3] ^ word)) != 0) break;
    }
    if (at >= to) return;
    uint32_t bytes = to - at < 8 ? to - at : 8;
    if (bytes == 8) {
      memcpy(&there, block + at, 8);
      if (there == word) continue;
    }
    for (uint32_t i = 0; i < bytes; i++) {
      if (block[at + i] == (uint8_t)(word >> (8 * i))) continue;
      if (*first > at + i) *first = at + i;
      *last = at + i + 1;
    }
  }
}

static bool disturbed(const ol_kept *row, ol_finding *ret) {
  const uint8_t *block = (const uint8_t *)row->made.address;
  uint64_t word = ol_fill_word(row->serial);
  uint32_t first = ~0u, last = 0;
  look_over(block, 0, head_of(row), word, &first, &last);
  if (head_of(row) < row->usable) look_over(block, (row->usable - OL_FILL_END) & ~7u, row->usable, word, &first, &last);
  if (last == 0) return false;
  *ret = (ol_finding){.block = *row, .offset = first, .span = last - first};
  ret->shown = last - first < OL_SHOWN_BYTES ? last - first : OL_SHOWN_BYTES;
  memcpy(ret->bytes, block + first, ret->shown);
  return true;
}

/* ---- in and out ---- */

static uint64_t weight(const ol_kept *row) { return row->usable + 16u; }

void ol_kept_remember(const ol_kept *row) {
  ol_kept *slot = &kept.departed[mixed(row->made.address) >> 32 & (OL_DEPARTED_ROWS - 1)];
  ol_spin_lock(&kept.departed_lock);
  *slot = *row;
  ol_spin_unlock(&kept.departed_lock);
}

static bool take_oldest(part *p, ol_kept *ret) {
  ol_spin_lock(&p->lock);
  bool any = p->count > 0;
  if (any) {
    *ret = *row_at(p, 0);
    p->first = (p->first + 1) % kept.room;
    p->first_number++;
    p->count--;
    atomic_fetch_sub_explicit(&kept.bytes, weight(ret), memory_order_relaxed);
  }
  ol_spin_unlock(&p->lock);
  return any;
}

static void let_go(const ol_kept *row, ol_finding_visit *visit, void (*give_back)(void *)) {
  ol_finding finding;
  if (!row->told && disturbed(row, &finding)) visit(&finding);
  ol_kept_remember(row);
  give_back((void *)row->made.address);
}

static bool brought(part *p, uint32_t number_of_part, ol_kept *row) {
  ol_spin_lock(&p->lock);
  bool room = p->count < kept.room;
  if (room) {
    row->serial = ((p->first_number + p->count) * OL_KEPT_PARTS + number_of_part) % OL_FILL_SERIALS;
    fill(row);
    *row_at(p, p->count++) = *row;
    atomic_fetch_add_explicit(&kept.bytes, weight(row), memory_order_relaxed);
  }
  ol_spin_unlock(&p->lock);
  return room;
}

void ol_kept_bring(ol_kept *row, ol_finding_visit *visit, void (*give_back)(void *)) {
  uint32_t number_of_part = part_of(row->made.address);
  part *p = &kept.parts[number_of_part];
  ol_kept oldest;
  while (!brought(p, number_of_part, row))
    if (take_oldest(p, &oldest)) let_go(&oldest, visit, give_back);
  for (uint32_t tries = 0; tries < OL_KEPT_PARTS * 2 && atomic_load(&kept.bytes) > kept.limit; tries++) {
    p = &kept.parts[atomic_fetch_add_explicit(&kept.turn, 1, memory_order_relaxed) % OL_KEPT_PARTS];
    if (take_oldest(p, &oldest)) let_go(&oldest, visit, give_back);
  }
}

/* ---- asking ---- */

static bool find_in(part *p, uintptr_t address, uint64_t reach, ol_kept *ret) {
  bool found = false;
  ol_spin_lock(&p->lock);
  for (uint32_t i = p->count; i > 0 && !found; i--) {
    const ol_kept *row = row_at(p, i - 1);
    uint64_t bytes = reach == 0 ? 1 : row->made.size;
    found = address - row->made.address < bytes;
    if (found) *ret = *row;
  }
  ol_spin_unlock(&p->lock);
  return found;
}

bool ol_kept_at(uintptr_t address, ol_kept *ret) { return find_in(&kept.parts[part_of(address)], address, 0, ret); }

bool ol_kept_around(uintptr_t address, ol_kept *ret) {
  for (uint32_t i = 0; i < OL_KEPT_PARTS; i++)
    if (find_in(&kept.parts[i], address, 1, ret)) return true;
  return false;
}

bool ol_kept_of_serial(uint32_t serial, ol_kept *ret) {
  part *p = &kept.parts[serial % OL_KEPT_PARTS];
  ol_spin_lock(&p->lock);
  uint32_t at = (serial / OL_KEPT_PARTS - p->first_number) % (OL_FILL_SERIALS / OL_KEPT_PARTS);
  bool found = at < p->count;
  if (found) *ret = *row_at(p, at);
  ol_spin_unlock(&p->lock);
  return found;
}

bool ol_kept_departed(uintptr_t address, ol_kept *ret) {
  if (kept.departed == NULL) return false;
  const ol_kept *slot = &kept.departed[mixed(address) >> 32 & (OL_DEPARTED_ROWS - 1)];
  ol_spin_lock(&kept.departed_lock);
  bool found = slot->made.address == address;
  if (found) *ret = *slot;
  ol_spin_unlock(&kept.departed_lock);
  return found;
}

static bool next_broken(part *p, uint32_t *at, ol_finding *ret) {
  bool found = false;
  ol_spin_lock(&p->lock);
  for (; *at < p->count && !found; (*at)++) {
    ol_kept *row = row_at(p, *at);
    found = !row->told && disturbed(row, ret);
    if (found) row->told = 1;
  }
  ol_spin_unlock(&p->lock);
  return found;
}

void ol_kept_check(ol_finding_visit *visit) {
  ol_finding finding;
  for (uint32_t i = 0; i < OL_KEPT_PARTS; i++)
    for (uint32_t at = 0; next_broken(&kept.parts[i], &at, &finding);) visit(&finding);
}

void ol_kept_after_fork(void) {
  for (uint32_t i = 0; i < OL_KEPT_PARTS; i++) {
    part *p = &kept.parts[i];
    if (atomic_load(&p->lock.held) != 0) p->first_number += p->count, p->count = 0;
    ol_spin_unlock(&p->lock);
  }
  ol_spin_unlock(&kept.departed_lock);
}
