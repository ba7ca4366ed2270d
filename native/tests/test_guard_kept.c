#include <malloc.h>
#include <pthread.h>
#include <string.h>

#include "preload/guard_kept.h"
#include "tests/expect.h"

enum { BOUND = 2 << 20, THREADS = 4, ROUNDS = 20000 };

/* What is kept at the end is known to memory of our own only, which LeakSanitizer does not read. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

static _Atomic uint64_t given_back, found;
static ol_finding last;

static void give_back(void *block) {
  atomic_fetch_add(&given_back, 1);
  free(block);
}

static void note(const ol_finding *finding) {
  atomic_fetch_add(&found, 1);
  last = *finding;
}

static ol_kept row_of(void *block, size_t size) {
  return (ol_kept){.made = {.address = (uintptr_t)block, .size = size}, .usable = (uint32_t)malloc_usable_size(block)};
}

static void a_word_of_fill_names_its_block(void) {
  uint32_t serial = 0, phase = 0;
  unsigned long long dice = 7;
  for (int i = 0; i < 10000; i++) {
    uint32_t wanted = (uint32_t)next_random(&dice) % OL_FILL_SERIALS;
    uint64_t words[3] = {ol_fill_word(wanted), ol_fill_word(wanted), ol_fill_word(wanted)};
    EXPECT(ol_fill_is_word(words[0], &serial) && serial == wanted);
    for (uint32_t from = 0; from < 8; from++) {
      EXPECT(ol_fill_is_text((uint8_t *)words + from, 24 - from, &serial, &phase));
      EXPECT(serial == wanted && phase == from);
    }
  }
}

static void what_is_no_fill_is_not_taken_for_one(void) {
  uint32_t serial, phase;
  EXPECT(!ol_fill_is_word(0, &serial) && !ol_fill_is_word(~0ull, &serial));
  EXPECT(!ol_fill_is_word(0x00007f1234567890ull, &serial));
  EXPECT(!ol_fill_is_text((const uint8_t *)"plain text of some length", 25, &serial, &phase));
  uint64_t word = ol_fill_word(5);
  EXPECT(!ol_fill_is_text((uint8_t *)&word, 7, &serial, &phase));
  uint8_t broken[16];
  memcpy(broken + 4, &word, 8);
  memset(broken, 'x', 4); /* what stands before the whole word is not the end of the same */
  EXPECT(!ol_fill_is_text(broken, 12, &serial, &phase));
}

/* Every byte begins a sequence and none continues one. */
static void no_byte_of_the_fill_is_text(void) {
  for (uint32_t serial = 0; serial < OL_FILL_SERIALS; serial += 7919)
    for (int i = 0; i < 8; i++) EXPECT((ol_fill_word(serial) >> (8 * i) & 255) >= 0xC2);
}

static void a_kept_block_is_found_by_address_by_what_lies_in_it_and_by_its_fill(void) {
  char *block = malloc(100);
  ol_kept row = row_of(block, 100), there;
  ol_kept_bring(&row, note, give_back);
  uint64_t word;
  memcpy(&word, block + 8, 8);
  uint32_t serial = 0;
  EXPECT(ol_fill_is_word(word, &serial) && serial == row.serial);
  EXPECT(ol_kept_at((uintptr_t)block, &there) && there.serial == serial);
  EXPECT(ol_kept_around((uintptr_t)block + 99, &there) && !ol_kept_around((uintptr_t)block + 100, &there));
  EXPECT(!ol_kept_at((uintptr_t)block + 16, &there));
  EXPECT(ol_kept_of_serial(serial, &there) && there.made.address == (uintptr_t)block);
  EXPECT(!ol_kept_of_serial(serial + OL_KEPT_PARTS, &there));
}

static void a_write_is_found_once_with_its_place(void) {
  for (uint32_t at = 0; at < 300; at += 13) {
    uint8_t *block = malloc(300);
    ol_kept row = row_of(block, 300);
    ol_kept_bring(&row, note, give_back);
    uint64_t before = found;
    block[at] ^= 1;
    ol_kept_check(note);
    ol_kept_check(note);
    EXPECT(found == before + 1 && last.offset == at && last.span == 1 && last.bytes[0] == block[at]);
  }
}

static void the_bound_holds_and_the_oldest_go_first(void) {
  ol_kept there;
  void *first = malloc(500);
  ol_kept row = row_of(first, 500);
  ol_kept_bring(&row, note, give_back);
  uint64_t brought = 0, before = given_back, broken = found;
  for (; brought < 40000; brought++) {
    void *block = malloc(16 + brought % 900);
    row = row_of(block, 16 + brought % 900);
    ol_kept_bring(&row, note, give_back);
  }
  EXPECT(given_back - before > brought - BOUND / 400); /* of about 466 bytes each */
  EXPECT(found == broken);
  EXPECT(!ol_kept_at((uintptr_t)first, &there) || there.serial > 0);
  EXPECT(ol_kept_at(row.made.address, &there));
}

static void *bring_many(void *seed) {
  unsigned long long dice = (unsigned long long)(uintptr_t)seed + 1;
  for (int i = 0; i < ROUNDS; i++) {
    size_t size = 1 + next_random(&dice) % 2000;
    ol_kept row = row_of(malloc(size), size), there;
    ol_kept_bring(&row, note, give_back);
    (void)ol_kept_of_serial(row.serial, &there);
  }
  return NULL;
}

static void threads_bring_and_release_at_once(void) {
  pthread_t threads[THREADS];
  uint64_t broken = found;
  for (uintptr_t i = 0; i < THREADS; i++) EXPECT(pthread_create(&threads[i], NULL, bring_many, (void *)i) == 0);
  for (int i = 0; i < 20; i++) ol_kept_check(note);
  for (int i = 0; i < THREADS; i++) EXPECT(pthread_join(threads[i], NULL) == 0);
  EXPECT(found == broken);
}

int main(void) {
  EXPECT(ol_kept_init(BOUND));
  a_word_of_fill_names_its_block();
  what_is_no_fill_is_not_taken_for_one();
  no_byte_of_the_fill_is_text();
  a_kept_block_is_found_by_address_by_what_lies_in_it_and_by_its_fill();
  a_write_is_found_once_with_its_place();
  the_bound_holds_and_the_oldest_go_first();
  threads_bring_and_release_at_once();
  return 0;
}
