/* Where a making happens: from the running frames to a site. The quick way is here, what it does not know is learnt.
 *
 * Which frames count: see stamps.h (`depth`, `ours`, `watcher`) and ol_stamps_look_through. A chain that was learnt is
 * believed as long as the code objects of its frames live: when one dies that was in any chain, all are forgotten. From
 * CPython 3.12 on the interpreter tells of it; before, we stand before the type's own dealloc. Where the interpreter
 * has no room for one more who is told, no chain is remembered: slow, and right.
 */
#ifndef OUTLIVE_STAMPS_WHERE_H
#define OUTLIVE_STAMPS_WHERE_H

#include "stamps/chains.h"
#include "stamps/frame.h"
#include "stamps/stamps.h"

/* Begin, with `ol_stamps_now` set up. Raises nothing. Needs the GIL. */
void ol_where_begin(void);
void ol_where_end(void);

/* The site of a chain that is not known yet. */
uint32_t ol_where_learn(const PyThreadState *thread);

static inline uint64_t ol_where_number(const ol_frame *frame) {
  return __builtin_expect(frame != NULL, 1) ? ol_frame_number(frame) : (uint64_t)OL_CHAIN_END;
}

/* The last link of the chain at which the thread stands, which wears its site; NULL: not known yet. The site is
 * OL_SITE_UNKNOWN where no Python code but ours runs. */
static inline const ol_chain_link *ol_where_recall(const PyThreadState *thread) {
  const ol_chains *chains = &ol_stamps_now.chains;
  const ol_frame *frame = ol_frame_of(thread);
  ol_chain_link *link = ol_chains_find(chains, chains->root, ol_where_number(frame));
  while (link != NULL && link->site == OL_CHAIN_GOES_ON) {
    frame = ol_frame_below(frame); /* there is one: else the chain would end here */
    link = ol_chains_outward(chains, link, ol_where_number(frame));
  }
  return link;
}

#endif
