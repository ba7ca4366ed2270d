#include "stamps/chains.h"

#include "tests/expect.h"

/* The site of these frames as a walk finds it; 0: not known. */
static uint32_t walked(const ol_chains *chains, const uint64_t *frames, uint32_t count) {
  ol_chain_link *link = ol_chains_find(chains, chains->root, frames[0]);
  for (uint32_t i = 1; i < count && link != NULL && link->site == OL_CHAIN_GOES_ON; i++)
    link = ol_chains_outward(chains, link, frames[i]);
  return link != NULL && link->site != OL_CHAIN_GOES_ON ? link->site : 0;
}

#define WALKED(chains, ...) \
  walked(chains, (const uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))
#define REMEMBER(chains, site, ...)                                                                                 \
  ol_chains_remember(chains, (const uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), \
                     site)

static void a_chain_is_known_by_all_its_frames(void) {
  ol_chains chains = {0};
  EXPECT(ol_chains_init(&chains));
  EXPECT(WALKED(&chains, 0x100, 0x200) == 0);
  REMEMBER(&chains, 7, 0x100, 0x200);
  REMEMBER(&chains, 8, 0x100, 0x300, 0x400);
  REMEMBER(&chains, 9, 0x500);
  EXPECT(WALKED(&chains, 0x100, 0x200) == 7);
  EXPECT(WALKED(&chains, 0x100, 0x300, 0x400) == 8);
  EXPECT(WALKED(&chains, 0x500, 0x200) == 9); /* it ends at the first frame, whoever calls */
  EXPECT(WALKED(&chains, 0x100, 0x400) == 0);
  EXPECT(WALKED(&chains, 0x200) == 0);
  ol_chains_deinit(&chains);
}

static void callers_may_take_turns(void) {
  ol_chains chains = {0};
  EXPECT(ol_chains_init(&chains));
  for (uint64_t caller = 2; caller < 200; caller++) REMEMBER(&chains, (uint32_t)caller, 0x100, caller, 0x300);
  for (int round = 0; round < 3; round++)
    for (uint64_t caller = 2; caller < 200; caller++) EXPECT(WALKED(&chains, 0x100, caller, 0x300) == caller);
  ol_chains_deinit(&chains);
}

static void a_frame_may_stand_in_a_chain_twice(void) {
  ol_chains chains = {0};
  EXPECT(ol_chains_init(&chains));
  REMEMBER(&chains, 3, 0x100, 0x100, 0x100, 0x200);
  REMEMBER(&chains, 4, 0x100, 0x200);
  EXPECT(WALKED(&chains, 0x100, 0x100, 0x100, 0x200) == 3);
  EXPECT(WALKED(&chains, 0x100, 0x200) == 4);
  EXPECT(WALKED(&chains, 0x100, 0x100, 0x200) == 0);
  ol_chains_deinit(&chains);
}

static void what_was_forgotten_is_not_known_and_may_be_learnt_anew(void) {
  ol_chains chains = {0};
  EXPECT(ol_chains_init(&chains));
  REMEMBER(&chains, 7, 0x100, 0x200);
  ol_chains_forget(&chains);
  EXPECT(WALKED(&chains, 0x100, 0x200) == 0);
  REMEMBER(&chains, 8, 0x100, 0x200);
  EXPECT(WALKED(&chains, 0x100, 0x200) == 8);
  chains.root = UINT32_MAX; /* the last root there is */
  REMEMBER(&chains, 9, 0x100);
  ol_chains_forget(&chains);
  EXPECT(chains.root == OL_CHAIN_FIRST_ROOT && WALKED(&chains, 0x100, 0x200) == 0 && WALKED(&chains, 0x100) == 0);
  ol_chains_deinit(&chains);
}

static void a_full_table_begins_anew(void) {
  ol_chains chains = {0};
  EXPECT(ol_chains_init(&chains));
  uint64_t frames[OL_CHAIN_FRAMES_MAX];
  for (uint32_t i = 1; i <= 4000; i++) {
    for (uint32_t at = 0; at < OL_CHAIN_FRAMES_MAX; at++) frames[at] = (uint64_t)i << 16 | (at + 2);
    ol_chains_remember(&chains, frames, OL_CHAIN_FRAMES_MAX, i);
    EXPECT(walked(&chains, frames, OL_CHAIN_FRAMES_MAX) == i);
    EXPECT(chains.link_count <= OL_CHAIN_LINKS_MAX);
  }
  EXPECT(ol_chain_links(&chains)[OL_CHAIN_LINKS].frame == 0);
  ol_chains_deinit(&chains);
}

int main(void) {
  a_chain_is_known_by_all_its_frames();
  callers_may_take_turns();
  a_frame_may_stand_in_a_chain_twice();
  what_was_forgotten_is_not_known_and_may_be_learnt_anew();
  a_full_table_begins_anew();
  return 0;
}
