#include "preload/table.h"

#include <string.h>

static uint64_t mixed(uintptr_t address) {
  uint64_t value = (address >> 4) * 0x9e3779b97f4a7c15ull;
  return value ^ value >> 29;
}

static ol_shard *shard_of(ol_block_table *table, uint64_t hash) { return &table->shards[hash >> 58]; }
static uint32_t home_of(const ol_shard *shard, uint64_t hash) { return (uint32_t)(hash >> 20) & (shard->capacity - 1); }

static void place(ol_shard *shard, const ol_block *block) {
  uint32_t slot = home_of(shard, mixed(block->address));
  while (shard->rows[slot].address != 0) slot = (slot + 1) & (shard->capacity - 1);
  shard->rows[slot] = *block;
}

static bool grow(ol_block_table *table, ol_shard *shard) {
  uint32_t capacity = shard->capacity == 0 ? OL_SHARD_ROWS_FIRST : shard->capacity * 2;
  uint64_t bytes = (uint64_t)capacity * sizeof(ol_block), old_bytes = (uint64_t)shard->capacity * sizeof(ol_block);
  if (capacity > 1u << 30 || atomic_load(&table->row_bytes) + bytes - old_bytes > table->limit_bytes) return false;
  ol_block *rows = ol_own_map(bytes), *old = shard->rows;
  if (rows == NULL) return false;
  uint32_t old_capacity = shard->capacity;
  shard->rows = rows;
  shard->capacity = capacity;
  for (uint32_t i = 0; i < old_capacity; i++)
    if (old[i].address != 0) place(shard, &old[i]);
  atomic_fetch_add(&table->row_bytes, bytes - old_bytes);
  ol_own_unmap(old, old_bytes);
  return true;
}

/* The slot of this address, or the empty one where it would stand. The shard has rows, and an empty one among them. */
static uint32_t slot_of(const ol_shard *shard, uintptr_t address, uint64_t hash) {
  uint32_t slot = home_of(shard, hash);
  while (shard->rows[slot].address != 0 && shard->rows[slot].address != address)
    slot = (slot + 1) & (shard->capacity - 1);
  return slot;
}

bool ol_table_put(ol_block_table *table, const ol_block *block) {
  uint64_t hash = mixed(block->address);
  ol_shard *shard = shard_of(table, hash);
  ol_spin_lock(&shard->lock);
  bool room = shard->count + 1 <= shard->capacity / 4 * 3 || grow(table, shard);
  if (room) {
    uint32_t slot = slot_of(shard, block->address, hash);
    if (shard->rows[slot].address == 0) shard->count++;
    else atomic_fetch_add(&table->replaced, 1);
    shard->rows[slot] = *block;
  }
  ol_spin_unlock(&shard->lock);
  if (!room) atomic_fetch_add(&table->refused, 1);
  return room;
}

/* Close the gap at `hole`: whoever was pushed past it moves back, so that no row is cut off from its home. */
static void close_gap(ol_shard *shard, uint32_t hole) {
  uint32_t mask = shard->capacity - 1;
  for (uint32_t next = (hole + 1) & mask; shard->rows[next].address != 0; next = (next + 1) & mask) {
    uint32_t home = home_of(shard, mixed(shard->rows[next].address));
    if (((next - home) & mask) < ((next - hole) & mask)) continue;
    shard->rows[hole] = shard->rows[next];
    hole = next;
  }
  shard->rows[hole].address = 0;
}

/* The row of this address into *ret; out of the table too, or it stays. */
static bool look_up(ol_block_table *table, uintptr_t address, bool out, ol_block *ret) {
  uint64_t hash = mixed(address);
  ol_shard *shard = shard_of(table, hash);
  bool found = false;
  ol_spin_lock(&shard->lock);
  if (shard->capacity != 0) {
    uint32_t slot = slot_of(shard, address, hash);
    found = shard->rows[slot].address != 0;
    if (found) *ret = shard->rows[slot];
    if (found && out) {
      close_gap(shard, slot);
      shard->count--;
    }
  }
  ol_spin_unlock(&shard->lock);
  return found;
}

bool ol_table_take(ol_block_table *table, uintptr_t address, ol_block *ret) {
  return look_up(table, address, true, ret);
}

bool ol_table_find(ol_block_table *table, uintptr_t address, ol_block *ret) {
  return look_up(table, address, false, ret);
}

static bool around(const ol_shard *shard, uintptr_t address, ol_block *ret) {
  for (uint32_t i = 0; i < shard->capacity; i++) {
    const ol_block *row = &shard->rows[i];
    if (row->address == 0 || address - row->address >= row->size) continue;
    *ret = *row;
    return true;
  }
  return false;
}

bool ol_table_around(ol_block_table *table, uintptr_t address, ol_block *ret) {
  bool found = false;
  for (int i = 0; i < OL_SHARDS && !found; i++) {
    ol_spin_lock(&table->shards[i].lock);
    found = around(&table->shards[i], address, ret);
    ol_spin_unlock(&table->shards[i].lock);
  }
  return found;
}

void ol_table_lock(ol_block_table *table) {
  for (int i = 0; i < OL_SHARDS; i++) ol_spin_lock(&table->shards[i].lock);
}

void ol_table_unlock(ol_block_table *table) {
  for (int i = 0; i < OL_SHARDS; i++) ol_spin_unlock(&table->shards[i].lock);
}

uint64_t ol_table_after_fork(ol_block_table *table) {
  uint64_t lost = 0;
  for (int i = 0; i < OL_SHARDS; i++) {
    ol_shard *shard = &table->shards[i];
    if (atomic_load(&shard->lock.held) != 0) {
      lost += shard->count;
      shard->count = 0;
      shard->rows = NULL; /* its mapping may be half made: it is left, and listed as ours */
      shard->capacity = 0;
    }
    ol_spin_unlock(&shard->lock);
  }
  return lost;
}

uint64_t ol_table_count(const ol_block_table *table) {
  uint64_t count = 0;
  for (int i = 0; i < OL_SHARDS; i++) count += table->shards[i].count;
  return count;
}

uint64_t ol_table_copy(const ol_block_table *table, ol_block *ret, uint64_t limit) {
  uint64_t count = 0;
  for (int i = 0; i < OL_SHARDS; i++)
    for (uint32_t k = 0; k < table->shards[i].capacity && count < limit; k++)
      if (table->shards[i].rows[k].address != 0) ret[count++] = table->shards[i].rows[k];
  return count;
}
