/* The recorder's stores and its scan, with the 1st, 2nd ... nth wish for memory refused: they say so, and nothing else. */
#include <string.h>

#include "preload/maps.h"
#include "preload/scan.h"
#include "preload/stacks.h"
#include "preload/table.h"
#include "tests/expect.h"

static long left;
static bool refused;

/* The linker puts this in the place of the recorder's own (--wrap). */
void *__real_ol_own_map(size_t);
void *__wrap_ol_own_map(size_t bytes) {
  if (left-- > 0) return __real_ol_own_map(bytes);
  refused = true;
  return NULL;
}

enum { PUT = 40000, BLOCKS = 64 };

static bool table(void) {
  static ol_block_table blocks;
  memset(&blocks, 0, sizeof blocks);
  blocks.limit_bytes = 64 << 20;
  uint64_t kept = 0, taken = 0;
  ol_block found;
  for (uintptr_t i = 1; i <= PUT; i++) {
    ol_block block = {.address = i * 16, .size = 8, .tick = i, .kind = OL_KIND_MALLOC};
    kept += ol_table_put(&blocks, &block);
  }
  EXPECT(kept + blocks.refused == PUT && ol_table_count(&blocks) == kept);
  for (uintptr_t i = 1; i <= PUT; i++) taken += ol_table_take(&blocks, i * 16, &found);
  EXPECT(taken == kept && ol_table_count(&blocks) == 0);
  for (int i = 0; i < OL_SHARDS; i++)
    if (blocks.shards[i].rows != NULL)
      ol_own_unmap(blocks.shards[i].rows, blocks.shards[i].capacity * sizeof(ol_block));
  return kept == PUT;
}

static bool stacks(void) {
  static ol_native_stacks numbers;
  memset(&numbers, 0, sizeof numbers);
  bool ok = ol_native_stacks_init(&numbers);
  uintptr_t frames[] = {1, 2, 3};
  EXPECT((ol_native_stacks_number(&numbers, frames, 3) != 0) == ok);
  if (!ok) return false;
  ol_own_unmap(numbers.slots, OL_STACK_SLOTS * sizeof(ol_stack_slot));
  ol_own_unmap(numbers.ends, (OL_STACKS_MAX + 1) * sizeof(uint32_t));
  ol_own_unmap(numbers.frames, OL_STACK_FRAMES_MAX * sizeof(uint64_t));
  return true;
}

/* Reads the headers of all that is mapped; of some of that TSan keeps no shadow. */
#ifndef __SANITIZE_THREAD__
static bool maps(void) {
  ol_maps found = {0};
  return ol_maps_read(&found);
}
#endif

static uint64_t memory[BLOCKS * 8] __attribute__((aligned(64)));
static ol_block rows[BLOCKS];

/* Each block holds the next; a word of the first is the root. */
static bool scanned(void) {
  static uint8_t headers[BLOCKS], classes[BLOCKS], kinds[BLOCKS];
  static uint64_t holders[BLOCKS];
  static uint32_t roots_of[BLOCKS];
  uint64_t word = (uintptr_t)&memory[0];
  ol_root root = {.start = (uintptr_t)&word, .end = (uintptr_t)(&word + 1), .kind = OL_HOLDER_GLOBAL};
  memset(classes, 0, sizeof classes);
  ol_scan scan = {.blocks = rows,
                  .block_count = BLOCKS,
                  .node_count = BLOCKS,
                  .has_header = headers,
                  .roots = &root,
                  .root_count = 1,
                  .present_fd = -1,
                  .classes = classes,
                  .holder_kind = kinds,
                  .holder = holders,
                  .root = roots_of};
  if (!ol_scan_run(&scan)) return false;
  for (int i = 0; i < BLOCKS; i++) EXPECT(classes[i] == OL_CLASS_HELD);
  return true;
}

static void goes_on_wherever_memory_ends(bool (*pass)(void), long step) {
  bool ok = false;
  for (long wishes = 0; !ok; wishes += step) {
    EXPECT(wishes < 10000);
    left = wishes, refused = false;
    ok = pass();
    EXPECT(ok == !refused);
  }
}

int main(void) {
  for (int i = 0; i < BLOCKS; i++) {
    rows[i] = (ol_block){.address = (uintptr_t)&memory[i * 8], .size = 64, .kind = OL_KIND_MALLOC};
    memory[i * 8] = i + 1 < BLOCKS ? (uintptr_t)&memory[(i + 1) * 8] : 0;
  }
  goes_on_wherever_memory_ends(table, 7);
  goes_on_wherever_memory_ends(stacks, 1);
#ifndef __SANITIZE_THREAD__
  goes_on_wherever_memory_ends(maps, 1);
#endif
  goes_on_wherever_memory_ends(scanned, 1);
  return 0;
}
