#include "allocations/live.h"
#include "allocations/stacks.h"
#include "tests/expect.h"

enum { BLOCKS = 50000 };

static void what_is_taken_out_is_gone_and_the_rest_stays(void) {
  ol_live live;
  EXPECT(ol_live_init(&live));
  for (uint32_t i = 0; i < BLOCKS; i++)
    EXPECT(ol_live_add(&live, (ol_live_block){.address = 0x1000 + i * 16ull, .size = i, .group = i % 7}));
  EXPECT(live.count == BLOCKS);
  ol_live_block found;
  unsigned long long state = 7;
  static bool gone[BLOCKS];
  for (uint32_t tries = 0; tries < BLOCKS; tries++) {
    uint32_t i = (uint32_t)(next_random(&state) % BLOCKS);
    EXPECT(ol_live_take(&live, 0x1000 + i * 16ull, &found) == !gone[i]);
    EXPECT(gone[i] || (found.size == i && found.group == i % 7));
    gone[i] = true;
  }
  for (uint32_t i = 0; i < BLOCKS; i++) EXPECT(ol_live_take(&live, 0x1000 + i * 16ull, &found) == !gone[i]);
  EXPECT(live.count == 0);
  ol_live_deinit(&live);
}

static void an_address_that_comes_again_is_one_block(void) {
  ol_live live;
  ol_live_block found;
  EXPECT(ol_live_init(&live));
  EXPECT(ol_live_add(&live, (ol_live_block){.address = 64, .size = 1}));
  EXPECT(ol_live_add(&live, (ol_live_block){.address = 64, .size = 2}));
  EXPECT(live.count == 1 && ol_live_take(&live, 64, &found) && found.size == 2);
  EXPECT(!ol_live_take(&live, 64, &found));
  ol_live_deinit(&live);
}

static void equal_stacks_have_one_number(void) {
  ol_stacks stacks;
  bool is_new;
  EXPECT(ol_stacks_init(&stacks));
  const uintptr_t one[] = {1, 2, 3}, longer[] = {1, 2, 3, 4};
  uint32_t first = ol_stacks_number(&stacks, one, 3, &is_new);
  EXPECT(first != 0 && is_new);
  EXPECT(ol_stacks_number(&stacks, longer, 4, &is_new) != first && is_new);
  EXPECT(ol_stacks_number(&stacks, one, 3, &is_new) == first && !is_new);
  EXPECT(ol_stacks_number(&stacks, one, 0, &is_new) == 0);
  uint32_t length;
  EXPECT(ol_stack_at(&stacks, first, &length)[2] == 3 && length == 3);
  ol_stacks_deinit(&stacks);
}

static void a_full_depot_says_none(void) {
  ol_stacks stacks;
  bool is_new;
  EXPECT(ol_stacks_init(&stacks));
  for (uintptr_t i = 1; i < OL_STACKS_MAX; i++) EXPECT(ol_stacks_number(&stacks, &i, 1, &is_new) == i);
  uintptr_t another = OL_STACKS_MAX + 1, known = 5;
  EXPECT(ol_stacks_number(&stacks, &another, 1, &is_new) == 0);
  EXPECT(ol_stacks_number(&stacks, &known, 1, &is_new) == 5);
  ol_stacks_deinit(&stacks);
}

int main(void) {
  what_is_taken_out_is_gone_and_the_rest_stays();
  an_address_that_comes_again_is_one_block();
  equal_stacks_have_one_number();
  a_full_depot_says_none();
  return 0;
}
