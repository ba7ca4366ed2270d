#include "preload/stacks.h"

bool ol_native_stacks_init(ol_native_stacks *stacks) {
  stacks->slots = ol_own_map(OL_STACK_SLOTS * sizeof(ol_stack_slot));
  stacks->ends = ol_own_map((OL_STACKS_MAX + 1) * sizeof(uint32_t));
  stacks->frames = ol_own_map(OL_STACK_FRAMES_MAX * sizeof(uint64_t));
  stacks->count = 1;
  if (stacks->slots != NULL && stacks->ends != NULL && stacks->frames != NULL) return true;
  ol_own_unmap(stacks->slots, OL_STACK_SLOTS * sizeof(ol_stack_slot));
  ol_own_unmap(stacks->ends, (OL_STACKS_MAX + 1) * sizeof(uint32_t));
  ol_own_unmap(stacks->frames, OL_STACK_FRAMES_MAX * sizeof(uint64_t));
  stacks->slots = NULL;
  return false;
}

static uint64_t hash_of(const uintptr_t *frames, uint32_t count) {
  uint64_t hash = count;
  for (uint32_t i = 0; i < count; i++) {
    hash = (hash ^ frames[i]) * 0x9e3779b97f4a7c15ull;
    hash ^= hash >> 31;
  }
  return hash | 1; /* 0 is an empty slot */
}

static uint32_t look_up(const ol_native_stacks *stacks, uint64_t hash, uint32_t *ret_slot) {
  uint32_t slot = (uint32_t)(hash >> 32) & (OL_STACK_SLOTS - 1);
  for (;; slot = (slot + 1) & (OL_STACK_SLOTS - 1)) {
    uint64_t there = atomic_load_explicit(&stacks->slots[slot].hash, memory_order_acquire);
    *ret_slot = slot;
    if (there == 0) return 0;
    if (there == hash) return atomic_load_explicit(&stacks->slots[slot].number, memory_order_relaxed);
  }
}

static uint32_t add(ol_native_stacks *stacks, uint32_t slot, uint64_t hash, const uintptr_t *frames, uint32_t count) {
  uint32_t number = stacks->count, end = stacks->ends[number - 1];
  if (number >= OL_STACKS_MAX || end + count > OL_STACK_FRAMES_MAX) {
    atomic_fetch_add(&stacks->refused, 1);
    return 0;
  }
  for (uint32_t i = 0; i < count; i++) stacks->frames[end + i] = frames[i];
  stacks->ends[number] = end + count;
  stacks->count = number + 1;
  atomic_store_explicit(&stacks->slots[slot].number, number, memory_order_relaxed);
  atomic_store_explicit(&stacks->slots[slot].hash, hash, memory_order_release);
  return number;
}

uint32_t ol_native_stacks_number(ol_native_stacks *stacks, const uintptr_t *frames, uint32_t count) {
  if (stacks->slots == NULL || count == 0) return 0;
  uint64_t hash = hash_of(frames, count);
  uint32_t slot, number = look_up(stacks, hash, &slot);
  if (number != 0) return number;
  ol_spin_lock(&stacks->lock);
  number = look_up(stacks, hash, &slot);
  if (number == 0) number = add(stacks, slot, hash, frames, count);
  ol_spin_unlock(&stacks->lock);
  return number;
}

void ol_native_stacks_after_fork(ol_native_stacks *stacks) { ol_spin_unlock(&stacks->lock); }
