/* What was seen to take a last pointer away, and what was freed while it pointed to a live block: two bounded tables.
 *
 * A *sure* event was seen between two scans: the block was held before, and lost after. A *note* is bookkeeping: a
 * block was freed and a word of it was the address of a live block; whether that was the only pointer nobody has
 * looked. A note of a block stands until a later one of the same block, or until a scan has seen the block held by
 * something else.
 */
#ifndef OUTLIVE_PRELOAD_FOLLOW_EVENTS_H
#define OUTLIVE_PRELOAD_FOLLOW_EVENTS_H

#include "graph/container.h"
#include "preload/table.h"

enum { OL_NOTE = 0, OL_SURE = 1, OL_SURE_BUT_UNSEEN = 2 };
typedef enum ol_loss { OL_LOSS_NONE, OL_LOSS_PARENT_FREED, OL_LOSS_OVERWRITTEN, OL_LOSS_DISCARDED } ol_loss;

/* Who did something, when. Fields of a block row that no block has: address and size are 0. */
typedef struct ol_event {
  uint64_t loss;            /* ol_loss */
  uint64_t sure;            /* OL_SURE.. */
  uint64_t address, tick;   /* of the block that was lost */
  uint64_t head, head_tick; /* what it is lost under, both at once; else the block itself */
  uint64_t origin;          /* stack that asked for it */
  uint64_t place;           /* address of the parent that was freed, or of the word that was written; 0: neither */
  uint64_t when;            /* the last tick of that moment */
  uint64_t step, thread, stack, site;
  uint64_t by_result; /* discarded: it was last in the register of a function's result */
} ol_event;

bool ol_events_begin(void);
/* The caller holds the lock of follow.c. */
void ol_event_put(const ol_event *event);
void ol_note_put(const ol_event *note);
void ol_note_remove(uint64_t address);

/* Columns `loss_events` (with the notes of blocks in `live`, sorted by address) and `loss_facts`. */
void ol_events_report(ol_container_writer *out, const ol_block *live, uint64_t live_count, const uint64_t *facts,
                      uint64_t fact_count);

#endif
