#include "allocations/stacks.h"

#include <string.h>

bool ol_stacks_init(ol_stacks *stacks) {
  memset(stacks, 0, sizeof *stacks);
  stacks->count = 1;
  return ol_reserve_grow(&stacks->words, 4096) && ol_reserve_grow(&stacks->ends, OL_STACKS_MAX * sizeof(uint32_t)) &&
         ol_reserve_grow(&stacks->slots, 2 * OL_STACKS_MAX * sizeof(uint32_t));
}

void ol_stacks_deinit(ol_stacks *stacks) {
  ol_reserve_deinit(&stacks->words);
  ol_reserve_deinit(&stacks->ends);
  ol_reserve_deinit(&stacks->slots);
  stacks->count = stacks->word_count = 0;
}

static uint32_t home_of(const uintptr_t *words, uint32_t length) {
  uint64_t mixed = length;
  for (uint32_t i = 0; i < length; i++) mixed = (mixed ^ words[i]) * 0x9e3779b97f4a7c15ull, mixed ^= mixed >> 29;
  return (uint32_t)(mixed >> 32) & (2 * OL_STACKS_MAX - 1);
}

uint32_t ol_stacks_number(ol_stacks *stacks, const uintptr_t *words, uint32_t length, bool *ret_is_new) {
  *ret_is_new = false;
  if (length == 0) return 0;
  uint32_t *slots = (uint32_t *)stacks->slots.base, slot = home_of(words, length);
  for (; slots[slot] != 0; slot = (slot + 1) & (2 * OL_STACKS_MAX - 1)) {
    uint32_t known;
    const uintptr_t *those = ol_stack_at(stacks, slots[slot], &known);
    if (known == length && memcmp(those, words, length * sizeof *words) == 0) return slots[slot];
  }
  size_t bytes = ((size_t)stacks->word_count + length) * sizeof *words;
  if (stacks->count == OL_STACKS_MAX || !ol_reserve_grow(&stacks->words, bytes)) return 0;
  memcpy((uintptr_t *)stacks->words.base + stacks->word_count, words, length * sizeof *words);
  stacks->word_count += length;
  ((uint32_t *)stacks->ends.base)[stacks->count] = stacks->word_count;
  *ret_is_new = true;
  return slots[slot] = stacks->count++;
}
