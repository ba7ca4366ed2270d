/* The few blocks that are followed, and what is known of each right now. Theory in follow.c.
 *
 * Everything here is held by one lock (ol_follow_enter), which no thread takes twice.
 */
#ifndef OUTLIVE_PRELOAD_FOLLOW_SLOTS_H
#define OUTLIVE_PRELOAD_FOLLOW_SLOTS_H

#include <ucontext.h>

#include "preload/follow_events.h"
#include "preload/follow_scan.h"
#include "preload/follow_trap.h"

enum { OL_SLOTS = OL_ASKED_MAX, OL_SLOTS_FOR_BORN = 2, OL_SECOND = OL_SLOTS };

typedef enum ol_slot_state { OL_SLOT_EMPTY, OL_SLOT_WAITS, OL_SLOT_WATCHES, OL_SLOT_MOVES } ol_slot_state;

typedef struct ol_slot {
  ol_slot_state state;
  uint32_t generation;
  ol_block block;       /* the one that is followed */
  ol_trap trap, second; /* second: WAITS, and the word of the stack that holds it is watched, too */
  uint64_t since_us;
  uint32_t hops, leg; /* leg: rises with each wait and watch */
  uint32_t traps;     /* since it began to wait or to watch */
  bool unseen;        /* since the last scan the pointer may have gone through memory that nobody watched */
  ol_event last;      /* what would be told, were it lost now. OL_LOSS_NONE: that the awaited function discarded it */
  /* WAITS */
  uintptr_t pc, sp;
  uint32_t thread;
  ol_stop stop;
  ol_block inside; /* the function that is awaited: its stack, line, thread and step */
  bool by_result;
  /* WATCHES, MOVES, and the word of `second` */
  uintptr_t word;
  uint32_t holder_kind;
} ol_slot;

typedef struct ol_follow_state {
  bool traps_possible;
  _Atomic int moving;        /* blocks that are between two places in realloc */
  ol_question *question;     /* shared with the copies that answer it */
  _Atomic uint64_t spent_us; /* processor time */
  uint64_t began_us, waited_us, asks, given_up, followed_count, lost_count;
} ol_follow_state;

extern ol_slot ol_slots[OL_SLOTS];
extern ol_follow_state ol_follow_now;
extern __thread int ol_follow_busy;

uint64_t ol_follow_clock_us(void);
/* What the program waits for on a busy machine is not ours: cost is counted in processor time. */
uint64_t ol_follow_processor_us(void);
uint32_t ol_follow_thread(void);

/* False: this thread is in here already; all slots are given up when it leaves. */
bool ol_follow_enter(void);
void ol_follow_leave(void);
void ol_follow_open_after_fork(void);

/* A slot for this block among those from `first`, emptied; NULL: none may be taken. */
ol_slot *ol_slot_for(const ol_block *block, int first, int count);
ol_slot *ol_slot_of(const ol_block *block);
void ol_slot_empty(ol_slot *one);
void ol_slot_give_up(ol_slot *one);
uint64_t ol_slot_token(const ol_slot *one);
bool ol_slot_is_affordable(uint32_t origin);
void ol_slot_await(ol_slot *one, uintptr_t pc, uintptr_t sp, ol_stop stop);
void ol_slot_watch(ol_slot *one, uintptr_t word, uint32_t holder_kind);
bool ol_slot_watch_on_stack(ol_slot *one, uintptr_t word);
ol_event ol_slot_event(ol_loss loss, const ol_block *lost, const ol_block *who, uintptr_t place);

/* follow_stops.c */
void ol_on_trap(uint64_t token, bool late, void *registers);
/* Another value stands in the watched word. */
void ol_stop_written(ol_slot *one, ucontext_t *at);
/* It was in registers of this thread, and is in none now. `spread`: they may have been copied to memory. */
void ol_stop_dropped(ol_slot *one, ucontext_t *at, bool spread);

/* follow_steps.c */
void ol_on_step(void *registers);
/* The slot waits, and its pointer is in registers: run the thread by single instructions while it is. */
void ol_step_from_here(ol_slot *one, ucontext_t *at);

#endif
