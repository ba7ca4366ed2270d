#include "stamps/chains.h"

#include <string.h>

bool ol_chains_init(ol_chains *chains) {
  chains->root = OL_CHAIN_FIRST_ROOT;
  return ol_reserve_grow(&chains->links, (OL_CHAIN_LINKS + 1) * sizeof(ol_chain_link));
}

void ol_chains_deinit(ol_chains *chains) {
  ol_reserve_deinit(&chains->links);
  memset(chains, 0, sizeof *chains);
}

static void empty(ol_chains *chains) {
  memset(chains->links.base, 0, OL_CHAIN_LINKS * sizeof(ol_chain_link));
  chains->link_count = 0;
}

void ol_chains_forget(ol_chains *chains) {
  if (chains->link_count == 0) return;
  if (++chains->root != 0) return;
  chains->root = OL_CHAIN_FIRST_ROOT;
  empty(chains);
}

static ol_chain_link *make_outward(ol_chains *chains, uint32_t inner, uint64_t frame) {
  ol_chain_link *all = ol_chain_links(chains);
  uint32_t slot = ol_chain_slot(inner, frame);
  while (all[slot].frame != 0) slot = (slot + 1) & (OL_CHAIN_LINKS - 1);
  all[slot] = (ol_chain_link){.frame = frame, .inner = inner, .site = OL_CHAIN_GOES_ON, .last = OL_CHAIN_NOBODY};
  chains->link_count++;
  return &all[slot];
}

void ol_chains_remember(ol_chains *chains, const uint64_t *frames, uint32_t count, uint32_t site) {
  if (chains->link_count + count > OL_CHAIN_LINKS_MAX) empty(chains);
  uint32_t inner = chains->root;
  ol_chain_link *last = NULL;
  for (uint32_t i = 0; i < count; i++) {
    last = ol_chains_find(chains, inner, frames[i]);
    if (last == NULL) last = make_outward(chains, inner, frames[i]);
    inner = ol_chain_number(chains, last);
  }
  if (last != NULL) last->site = site;
}
