/* Chains of running frames that were seen before, and the site that each of them is. Knows no Python: a frame is a
 * number that stands for the place where it stands.
 *
 * Theory of operation. To know the site of a making, frames are asked one after the other, outwards, until one is the
 * program's own; in between lie line tables, folders' names and callers' rows. Programs make objects in few ways, again
 * and again, so all of that is done once for each way. What was seen is a tree: a *link* is one frame further out of
 * what another link stands for, and wears the site where the chain ends there, or OL_CHAIN_GOES_ON. A walk is one
 * look-up a frame and compares frames exactly: no hash stands for a chain.
 *
 * Links are slots of one open table, and a link's number is its distance from the first in bytes: nothing moves. Innermost frames hang on the root.
 * Most calls come from where the last one came from, so each link knows the one that was outside of it last time, and
 * the table is asked only where that is another one this time. To forget everything is to take a new root: the old links
 * can no longer be reached, and lie there until the table is full and emptied. Losing links costs learning them again
 * and nothing else.
 *
 * All of it needs the GIL; nothing allocates but the mapping, in init.
 */
#ifndef OUTLIVE_STAMPS_CHAINS_H
#define OUTLIVE_STAMPS_CHAINS_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/reserve.h"

enum { OL_CHAIN_LINKS = 1 << 16, OL_CHAIN_LINKS_MAX = OL_CHAIN_LINKS / 4 * 3, OL_CHAIN_FRAMES_MAX = 128 };
enum { OL_CHAIN_GOES_ON = 0xffffffffu };
enum { OL_CHAIN_END = 1 }; /* stands for "no frame": the stack has ended */

typedef struct ol_chain_link {
  uint64_t frame; /* 0: the slot is empty */
  uint32_t inner; /* the number of the link within this one, or of a root */
  uint32_t site;
  uint32_t last; /* the number of the link that was outside of this one last time, or OL_CHAIN_NOBODY */
  uint32_t unused;
} ol_chain_link;

/* Numbers that are no link's: of a slot behind the last, which stays empty, and from there on those of roots. */
enum { OL_CHAIN_NOBODY = OL_CHAIN_LINKS * sizeof(ol_chain_link), OL_CHAIN_FIRST_ROOT };

typedef struct ol_chains {
  ol_reserve links; /* ol_chain_link[OL_CHAIN_LINKS + 1] */
  uint32_t link_count;
  uint32_t root; /* from OL_CHAIN_FIRST_ROOT on */
} ol_chains;

/* False: no memory. */
bool ol_chains_init(ol_chains *chains);
void ol_chains_deinit(ol_chains *chains);

/* From now on no chain is known. */
void ol_chains_forget(ol_chains *chains);

/* Note a chain of `count` frames (1 to OL_CHAIN_FRAMES_MAX), innermost first, none of them 0. Empties the table first
 * where they may not fit. */
void ol_chains_remember(ol_chains *chains, const uint64_t *frames, uint32_t count, uint32_t site);

static inline uint32_t ol_chain_slot(uint32_t inner, uint64_t frame) {
  return (uint32_t)((frame + ((uint64_t)inner << 32)) * 0x9e3779b97f4a7c15ull >> (64 - 16));
}

static inline ol_chain_link *ol_chain_links(const ol_chains *chains) { return (ol_chain_link *)chains->links.base; }

static inline uint32_t ol_chain_number(const ol_chains *chains, const ol_chain_link *link) {
  return (uint32_t)((const char *)link - chains->links.base);
}

/* The link of `frame` outside of link number `inner`; NULL: not seen. */
static inline ol_chain_link *ol_chains_find(const ol_chains *chains, uint32_t inner, uint64_t frame) {
  ol_chain_link *all = ol_chain_links(chains);
  for (uint32_t slot = ol_chain_slot(inner, frame);; slot = (slot + 1) & (OL_CHAIN_LINKS - 1)) {
    if (all[slot].frame == frame && all[slot].inner == inner) return &all[slot];
    if (all[slot].frame == 0) return NULL;
  }
}

/* The same, beginning with the one that was there last time. */
static inline ol_chain_link *ol_chains_outward(const ol_chains *chains, ol_chain_link *link, uint64_t frame) {
  ol_chain_link *found = (ol_chain_link *)(chains->links.base + link->last);
  if (__builtin_expect(found->frame == frame, 1)) return found;
  found = ol_chains_find(chains, ol_chain_number(chains, link), frame);
  if (found != NULL) link->last = ol_chain_number(chains, found);
  return found;
}

#endif
