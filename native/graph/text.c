#include "graph/text.h"

#include <string.h>

void ol_text_clear(ol_text *text) { text->byte_count = text->count = 0; }

void ol_text_deinit(ol_text *text) {
  ol_reserve_deinit(&text->bytes);
  ol_reserve_deinit(&text->ends);
  ol_text_clear(text);
}

bool ol_text_append(ol_text *text, const char *bytes, size_t length) {
  if (!ol_reserve_grow(&text->bytes, text->byte_count + length + 1)) return false;
  if (!ol_reserve_grow(&text->ends, ((size_t)text->count + 1) * sizeof(uint64_t))) return false;
  memcpy(text->bytes.base + text->byte_count, bytes, length);
  text->byte_count += length;
  ((uint64_t *)text->ends.base)[text->count++] = text->byte_count;
  return true;
}

const char *ol_text_at(const ol_text *text, uint32_t number, size_t *ret_length) {
  const uint64_t *ends = (const uint64_t *)text->ends.base;
  uint64_t start = number == 0 ? 0 : ends[number - 1];
  *ret_length = (size_t)(ends[number] - start);
  return text->bytes.base + start;
}

static uint64_t hash_of(const char *bytes, size_t length) {
  uint64_t hash = 0xcbf29ce484222325ull; /* FNV-1a: names are short, and nobody attacks us with them */
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3ull;
  return hash ^ (hash >> 32);
}

static uint32_t *slot_of(const ol_text_set *set, const char *bytes, size_t length) {
  uint32_t *slots = (uint32_t *)set->slots.base;
  uint32_t place = (uint32_t)hash_of(bytes, length) & (set->capacity - 1);
  for (; slots[place] != 0; place = (place + 1) & (set->capacity - 1)) {
    size_t known_length;
    const char *known = ol_text_at(&set->texts, slots[place] - 1, &known_length);
    if (known_length == length && memcmp(known, bytes, length) == 0) break;
  }
  return &slots[place];
}

static bool make_room(ol_text_set *set) {
  if (set->capacity != 0 && set->texts.count * 2 < set->capacity) return true;
  ol_reserve bigger = {0};
  uint32_t capacity = set->capacity == 0 ? 4096 : set->capacity * 2;
  if (!ol_reserve_grow(&bigger, capacity * sizeof(uint32_t))) return false;
  ol_reserve_deinit(&set->slots);
  set->slots = bigger;
  set->capacity = capacity;
  for (uint32_t number = 0; number < set->texts.count; number++) {
    size_t length;
    const char *bytes = ol_text_at(&set->texts, number, &length);
    *slot_of(set, bytes, length) = number + 1;
  }
  return true;
}

bool ol_text_set_number(ol_text_set *set, const char *bytes, size_t length, uint32_t *ret) {
  if (!make_room(set)) return false;
  uint32_t *slot = slot_of(set, bytes, length);
  if (*slot == 0) {
    if (!ol_text_append(&set->texts, bytes, length)) return false;
    *slot = set->texts.count;
  }
  *ret = *slot - 1;
  return true;
}

void ol_text_set_deinit(ol_text_set *set) {
  ol_text_deinit(&set->texts);
  ol_reserve_deinit(&set->slots);
  set->capacity = 0;
}
