#include <pthread.h>
#include <string.h>

#include "preload/sorting.h"
#include "preload/stacks.h"
#include "preload/table.h"
#include "tests/expect.h"

enum { ADDRESSES = 4096, ROUNDS = 200000 };

static ol_block block_at(uintptr_t address, uint64_t tick) {
  return (ol_block){.address = address, .size = 24, .tick = tick, .kind = OL_KIND_MALLOC};
}

/* Against a plain array, over many random puts and takes: no row is lost, none comes back. */
static void a_table_is_what_a_plain_array_says(void) {
  static ol_block_table table = {.limit_bytes = 64 << 20};
  static uint64_t plain[ADDRESSES];
  unsigned long long dice = 88172645463325252ull;
  uint64_t alive = 0;
  for (uint64_t tick = 1; tick <= ROUNDS; tick++) {
    uint32_t at = (uint32_t)(next_random(&dice) % ADDRESSES);
    uintptr_t address = 0x500000000000 + at * 16ull;
    if (next_random(&dice) % 2) {
      ol_block block = block_at(address, tick);
      EXPECT(ol_table_put(&table, &block));
      alive += plain[at] == 0;
      plain[at] = tick;
    } else {
      ol_block found = {0};
      bool there = ol_table_take(&table, address, &found);
      EXPECT(there == (plain[at] != 0));
      EXPECT(!there || (found.tick == plain[at] && found.address == address));
      alive -= there;
      plain[at] = 0;
    }
  }
  EXPECT(ol_table_count(&table) == alive);
  static ol_block all[ADDRESSES], scratch[ADDRESSES];
  EXPECT(ol_table_copy(&table, all, ADDRESSES) == alive);
  ol_sort_by_first_word(all, scratch, alive, sizeof *all);
  for (uint64_t i = 1; i < alive; i++) EXPECT(all[i - 1].address < all[i].address);
}

static void a_full_table_refuses_and_counts(void) {
  static ol_block_table table = {.limit_bytes = OL_SHARDS * OL_SHARD_ROWS_FIRST * sizeof(ol_block)};
  uint64_t refused = 0;
  for (uintptr_t i = 1; i <= 20000; i++) {
    ol_block block = block_at(i * 32, i);
    refused += !ol_table_put(&table, &block);
  }
  EXPECT(refused > 0 && refused == table.refused);
  EXPECT(ol_table_count(&table) + refused == 20000);
}

static void a_shard_that_was_held_in_a_fork_is_given_up(void) {
  static ol_block_table table = {.limit_bytes = 64 << 20};
  for (uintptr_t i = 1; i <= 6400; i++) {
    ol_block block = block_at(i * 16, i);
    EXPECT(ol_table_put(&table, &block));
  }
  uint64_t in_it = table.shards[5].count;
  ol_spin_lock(&table.shards[5].lock);
  EXPECT(ol_table_after_fork(&table) == in_it && in_it > 0);
  EXPECT(ol_table_count(&table) == 6400 - in_it);
  ol_block found;
  for (uintptr_t i = 1; i <= 6400; i++) (void)ol_table_take(&table, i * 16, &found);
  EXPECT(ol_table_count(&table) == 0);
}

static ol_block_table shared = {.limit_bytes = 256 << 20};

static void *put_and_take(void *part) {
  ol_block found;
  for (uintptr_t i = 0; i < 20000; i++) {
    ol_block block = block_at(((i * 8 + (uintptr_t)part) + 1) * 16, i);
    EXPECT(ol_table_put(&shared, &block));
    if (i % 2) EXPECT(ol_table_take(&shared, block.address, &found) && found.tick == i);
  }
  return NULL;
}

static void threads_do_not_disturb_each_other(void) {
  pthread_t threads[8];
  for (uintptr_t i = 0; i < 8; i++) EXPECT(pthread_create(&threads[i], NULL, put_and_take, (void *)i) == 0);
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  EXPECT(ol_table_count(&shared) == 8 * 10000);
}

static void a_stack_has_one_number(void) {
  static ol_native_stacks stacks;
  EXPECT(ol_native_stacks_init(&stacks));
  uintptr_t one[] = {1, 2, 3}, other[] = {1, 2, 4};
  uint32_t first = ol_native_stacks_number(&stacks, one, 3), second = ol_native_stacks_number(&stacks, other, 3);
  EXPECT(first != 0 && second != 0 && first != second);
  EXPECT(ol_native_stacks_number(&stacks, one, 3) == first && ol_native_stacks_number(&stacks, one, 2) != first);
  EXPECT(stacks.frames[stacks.ends[second - 1] + 2] == 4 && stacks.ends[second] - stacks.ends[second - 1] == 3);
  EXPECT(ol_native_stacks_number(&stacks, one, 0) == 0);
}

static ol_native_stacks shared_stacks;

static void *number_stacks(void *seen) {
  for (uintptr_t i = 0; i < 5000; i++) {
    uintptr_t frames[] = {i % 700 + 1, 2, 3};
    uint32_t number = ol_native_stacks_number(&shared_stacks, frames, 3), *kept = (uint32_t *)seen + i % 700;
    EXPECT(number != 0 && (*kept == 0 || *kept == number));
    *kept = number;
  }
  return NULL;
}

static void threads_get_the_same_number_for_one_stack(void) {
  static uint32_t seen[8][700];
  pthread_t threads[8];
  EXPECT(ol_native_stacks_init(&shared_stacks));
  for (int i = 0; i < 8; i++) EXPECT(pthread_create(&threads[i], NULL, number_stacks, seen[i]) == 0);
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  for (int i = 1; i < 8; i++) EXPECT(memcmp(seen[0], seen[i], sizeof seen[0]) == 0);
  EXPECT(shared_stacks.count == 701);
}

int main(void) {
  a_table_is_what_a_plain_array_says();
  a_full_table_refuses_and_counts();
  a_shard_that_was_held_in_a_fork_is_given_up();
  threads_do_not_disturb_each_other();
  a_stack_has_one_number();
  threads_get_the_same_number_for_one_stack();
  return 0;
}
