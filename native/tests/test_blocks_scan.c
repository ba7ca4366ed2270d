#include <string.h>
#include <sys/mman.h>

#include "preload/pools.h"
#include "preload/scan.h"
#include "tests/expect.h"

/* A little heap: eight blocks of 64 bytes in one page, two words of roots, one pool. */
enum { BLOCKS = 8, BLOCK_BYTES = 64, NODES = BLOCKS + 4 };

static uint64_t *memory, *root_words, *pool_memory;
static ol_block blocks[BLOCKS];
static uint8_t has_header[BLOCKS], classes[NODES], holder_kind[NODES];
static uint64_t holder[NODES];
static uint32_t root[NODES];
static ol_pool pool;
static ol_root roots[2];

static uint64_t *word_of(int block, int word) { return memory + block * BLOCK_BYTES / 8 + word; }
static uint64_t address_of(int block) { return blocks[block].address; }

static void begin(void) {
  if (memory == NULL) memory = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  root_words = memory + 512;
  pool_memory = memory + 1024;
  memset(memory, 0, 3 * 4096);
  memset(has_header, 0, sizeof has_header);
  memset(classes, 0, sizeof classes);
  for (int i = 0; i < BLOCKS; i++)
    blocks[i] = (ol_block){.address = (uintptr_t)word_of(i, 0), .size = BLOCK_BYTES - (i == 7), .kind = OL_KIND_MALLOC};
  pool = (ol_pool){.start = (uintptr_t)pool_memory, .place_bytes = 48, .place_count = 4, .first_node = BLOCKS};
}

static ol_scan scan(void) {
  roots[0] = (ol_root){.start = (uintptr_t)root_words, .end = (uintptr_t)(root_words + 4), .kind = OL_HOLDER_GLOBAL};
  roots[1] =
      (ol_root){.start = (uintptr_t)(root_words + 4), .end = (uintptr_t)(root_words + 8), .kind = OL_HOLDER_STACK};
  ol_scan result = {.blocks = blocks,
                    .block_count = BLOCKS,
                    .pools = &pool,
                    .pool_count = 1,
                    .node_count = NODES,
                    .has_header = has_header,
                    .roots = roots,
                    .root_count = 2,
                    .present_fd = -1,
                    .classes = classes,
                    .holder_kind = holder_kind,
                    .holder = holder,
                    .root = root};
  EXPECT(ol_scan_run(&result));
  return result;
}

static void what_nobody_points_to_is_lost(void) {
  begin();
  root_words[0] = address_of(1);
  root_words[5] = address_of(2);
  *word_of(1, 3) = address_of(3);
  (void)scan();
  EXPECT(classes[0] == OL_CLASS_LOST && holder[0] == 0 && root[0] == 0);
  EXPECT(classes[1] == OL_CLASS_HELD && holder_kind[1] == OL_HOLDER_GLOBAL && holder[1] == (uintptr_t)root_words);
  EXPECT(classes[2] == OL_CLASS_HELD && holder_kind[2] == OL_HOLDER_STACK);
  EXPECT(classes[3] == OL_CLASS_HELD && holder_kind[3] == OL_HOLDER_BLOCK && holder[3] == (uintptr_t)word_of(1, 3));
}

static void chains_and_cycles_have_one_root(void) {
  begin();
  *word_of(1, 0) = address_of(0); /* the head has the higher number */
  *word_of(0, 0) = address_of(2);
  *word_of(3, 0) = address_of(4);
  *word_of(4, 0) = address_of(5);
  *word_of(5, 0) = address_of(3);
  *word_of(6, 0) = address_of(6);
  (void)scan();
  EXPECT(classes[1] == OL_CLASS_LOST && classes[0] == OL_CLASS_LOST_UNDER && classes[2] == OL_CLASS_LOST_UNDER);
  EXPECT(root[0] == 1 && root[2] == 1);
  EXPECT(classes[3] == OL_CLASS_LOST && root[4] == 3 && root[5] == 3);
  EXPECT(classes[6] == OL_CLASS_LOST && root[6] == 6);
}

static void middles_make_possible(void) {
  begin();
  root_words[0] = address_of(0) + 24;
  *word_of(0, 1) = address_of(1);
  root_words[1] = address_of(2) + 63;
  root_words[2] = address_of(3) + 64 - 1;
  root_words[3] = address_of(7) + 63; /* one past its last byte */
  (void)scan();
  EXPECT(classes[0] == OL_CLASS_POSSIBLE && classes[1] == OL_CLASS_POSSIBLE && classes[2] == OL_CLASS_POSSIBLE);
  EXPECT(classes[3] == OL_CLASS_POSSIBLE && classes[7] == OL_CLASS_LOST);
}

static void a_good_pointer_beats_a_poor_one_seen_before(void) {
  begin();
  root_words[0] = address_of(0) + 8;
  root_words[1] = address_of(0);
  (void)scan();
  EXPECT(classes[0] == OL_CLASS_HELD && holder[0] == (uintptr_t)(root_words + 1));
}

static void headers_and_lengths_are_good(void) {
  begin();
  has_header[0] = OL_HEADER_PYTHON;
  has_header[1] = OL_HEADER_ANY;
  root_words[0] = address_of(0) + 16;
  root_words[1] = address_of(1) + 40;
  *word_of(2, 0) = BLOCK_BYTES - 8;
  root_words[2] = address_of(2) + 8;
  blocks[3].kind = OL_KIND_NEW_ARRAY;
  *word_of(3, 0) = 7;
  root_words[3] = address_of(3) + 8;
  *word_of(4, 0) = 7; /* the same, of malloc: no count of elements */
  root_words[4] = address_of(4) + 8;
  (void)scan();
  for (int i = 0; i < 4; i++) EXPECT(classes[i] == OL_CLASS_HELD);
  EXPECT(classes[4] == OL_CLASS_POSSIBLE);
}

static void living_places_lead_on_and_dead_ones_do_not(void) {
  begin();
  classes[BLOCKS + 1] = OL_CLASS_DEAD;
  root_words[0] = pool.start + 20;
  root_words[1] = pool.start + 48;
  pool_memory[2] = address_of(0);
  pool_memory[6 + 2] = address_of(1);
  ol_scan done = scan();
  EXPECT(classes[BLOCKS] == OL_CLASS_HELD && classes[0] == OL_CLASS_HELD && holder_kind[0] == OL_HOLDER_PYTHON);
  EXPECT(classes[BLOCKS + 1] == OL_CLASS_DEAD && classes[1] == OL_CLASS_LOST);
  EXPECT(classes[BLOCKS + 2] == OL_CLASS_LOST && ol_scan_address(&done, BLOCKS + 2) == pool.start + 96);
}

static void a_free_chunks_header_says_nothing(void) {
  begin();
  blocks[0].size = 56; /* asked for to the last byte: the next chunk's header is its last word */
  root_words[0] = address_of(0) + 48;
  roots[0].of_allocator = 1;
  ol_root kept = {
      .start = (uintptr_t)root_words, .end = (uintptr_t)(root_words + 4), .kind = OL_HOLDER_GLOBAL, .of_allocator = 1};
  ol_scan one = {.blocks = blocks,
                 .block_count = BLOCKS,
                 .node_count = BLOCKS,
                 .has_header = has_header,
                 .roots = &kept,
                 .root_count = 1,
                 .present_fd = -1,
                 .classes = classes,
                 .holder_kind = holder_kind,
                 .holder = holder,
                 .root = root};
  EXPECT(ol_scan_run(&one) && classes[0] == OL_CLASS_LOST);
}

static void a_page_that_cannot_be_read_is_passed_over(void) {
  begin();
  uint64_t *wide = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  wide[0] = address_of(0);
  wide[1024] = address_of(1);
  EXPECT(mprotect(wide + 512, 4096, PROT_NONE) == 0);
  ol_root all = {.start = (uintptr_t)wide, .end = (uintptr_t)(wide + 1536), .kind = OL_HOLDER_MAPPING};
  ol_scan one = {.blocks = blocks,
                 .block_count = BLOCKS,
                 .node_count = BLOCKS,
                 .has_header = has_header,
                 .roots = &all,
                 .root_count = 1,
                 .present_fd = -1,
                 .classes = classes,
                 .holder_kind = holder_kind,
                 .holder = holder,
                 .root = root};
  EXPECT(ol_scan_run(&one) && one.unreadable_pages == 1);
  EXPECT(classes[0] == OL_CLASS_HELD && classes[1] == OL_CLASS_HELD && classes[2] == OL_CLASS_LOST);
}

/* ---- pools ---- */

struct header {
  uint32_t alive, unused;
  uint64_t free_list, next, previous;
  uint32_t arena, size_class, cut_to, last_cut;
};

static void pools_are_believed_only_where_they_agree(void) {
  static _Alignas(16384) char page[OL_POOL_BYTES];
  static bool alive[OL_POOL_PLACES_MAX];
  ol_pool found;
  EXPECT(ol_pool_read(page, &found, alive) == OL_POOL_EMPTY);
  struct header *header = (struct header *)page;
  *header = (struct header){.alive = 2, .size_class = 3, .cut_to = 48 + 3 * 64, .last_cut = OL_POOL_BYTES - 64};
  header->free_list = (uintptr_t)page + 48 + 64;
  EXPECT(ol_pool_read(page, &found, alive) == OL_POOL_READ);
  EXPECT(found.place_bytes == 64 && found.place_count == 3 && alive[0] && !alive[1] && alive[2]);
  header->alive = 3;
  EXPECT(ol_pool_read(page, &found, alive) == OL_POOL_UNREADABLE);
  header->alive = 2;
  *(uint64_t *)(page + 48 + 64) = (uintptr_t)page + 48 + 64; /* a list that comes back to itself */
  EXPECT(ol_pool_read(page, &found, alive) == OL_POOL_UNREADABLE);
  *(uint64_t *)(page + 48 + 64) = 1; /* out of the pool */
  EXPECT(ol_pool_read(page, &found, alive) == OL_POOL_UNREADABLE);
  header->size_class = 77;
  EXPECT(ol_pool_read(page, &found, alive) == OL_POOL_UNREADABLE);
}

int main(void) {
  what_nobody_points_to_is_lost();
  chains_and_cycles_have_one_root();
  middles_make_possible();
  a_good_pointer_beats_a_poor_one_seen_before();
  headers_and_lengths_are_good();
  living_places_lead_on_and_dead_ones_do_not();
  a_free_chunks_header_says_nothing();
  a_page_that_cannot_be_read_is_passed_over();
  pools_are_believed_only_where_they_agree();
  return 0;
}
