#include "allocations/live.h"

#include <string.h>

enum { FIRST_BITS = 12 };

static uint32_t home_of(const ol_live *live, uintptr_t address) {
  return (uint32_t)(((uint64_t)address >> 4) * 0x9e3779b97f4a7c15ull >> (64 - live->bits));
}

static ol_live_block *slots_of(const ol_live *live) { return (ol_live_block *)live->slots.base; }
static uint32_t mask_of(const ol_live *live) { return (1u << live->bits) - 1; }

/* The slot of `address`, or the empty one where it would go. */
static uint32_t slot_of(const ol_live *live, uintptr_t address) {
  const ol_live_block *slots = slots_of(live);
  uint32_t slot = home_of(live, address);
  while (slots[slot].address != 0 && slots[slot].address != address) slot = (slot + 1) & mask_of(live);
  return slot;
}

bool ol_live_init(ol_live *live) {
  memset(live, 0, sizeof *live);
  live->bits = FIRST_BITS;
  return ol_reserve_grow(&live->slots, sizeof(ol_live_block) << live->bits);
}

void ol_live_deinit(ol_live *live) {
  ol_reserve_deinit(&live->slots);
  live->count = 0;
}

static bool grow(ol_live *live) {
  ol_live wider = {.bits = live->bits + 1};
  if (!ol_reserve_grow(&wider.slots, sizeof(ol_live_block) << wider.bits)) return false;
  for (uint32_t i = 0; i <= mask_of(live); i++) {
    ol_live_block *block = slots_of(live) + i;
    if (block->address != 0) slots_of(&wider)[slot_of(&wider, block->address)] = *block;
  }
  wider.count = live->count;
  ol_reserve_deinit(&live->slots);
  *live = wider;
  return true;
}

bool ol_live_add(ol_live *live, ol_live_block block) {
  if (live->count >= OL_LIVE_MAX) return false;
  if (live->count >= mask_of(live) / 2 && !grow(live)) return false;
  ol_live_block *slot = slots_of(live) + slot_of(live, block.address);
  live->count += slot->address == 0;
  *slot = block;
  return true;
}

ol_live_block *ol_live_at(const ol_live *live, uintptr_t address) {
  ol_live_block *slot = slots_of(live) + slot_of(live, address);
  return address != 0 && slot->address != 0 ? slot : NULL;
}

bool ol_live_take(ol_live *live, uintptr_t address, ol_live_block *ret_block) {
  ol_live_block *slots = slots_of(live);
  uint32_t hole = slot_of(live, address), mask = mask_of(live);
  if (slots[hole].address == 0) return false;
  *ret_block = slots[hole];
  for (uint32_t next = (hole + 1) & mask; slots[next].address != 0; next = (next + 1) & mask) {
    uint32_t home = home_of(live, slots[next].address);
    if (((next - home) & mask) < ((next - hole) & mask)) continue; /* it may not stand before its home */
    slots[hole] = slots[next];
    hole = next;
  }
  slots[hole].address = 0;
  live->count--;
  return true;
}
