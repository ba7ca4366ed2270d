/* Theory of operation: the event that lost the last pointer.
 *
 * Where a block came from everybody can tell. Why it is lost is told by the moment in which the last pointer to it
 * went, and there are three: the block that held the pointer was freed; the word that held it was written; the
 * function that had it in a variable returned. A few blocks at a time are *followed* from one place that holds them to
 * the next. A slot (follow_slots.h) has one followed block and a debug register (follow_trap.h), in one of two ways:
 *
 *   WATCHES   a word in memory holds the block. The trap is on writing that word.
 *   WAITS     only the stack or a register of one thread holds it. The trap is on the return of the function that has
 *             it: on the return address, and only with that stack pointer, for functions recurse. Where a second
 *             debug register is to be had, the variable itself is watched, too.
 *
 * At each stop (follow_stops.c) a copy of the process is asked who holds the block now (follow_scan.h): a word in
 * memory, and it is watched; only the stack, and the next return is awaited; nothing, and the event is told. Nothing
 * is ever told of a block of which a scan before did not say *held* and a scan after *lost*.
 *
 * Between two stops a pointer in a register may be stored where nobody watches, and be dropped there. So a thread with
 * the pointer in a register is run by single instructions for a while (follow_steps.c): that shows whether it was
 * copied, whether a result that a function has left in its register was read by the caller at all, and when the last
 * copy is gone. Where that was not possible (it takes too long, a system call comes, the stack has it and no register
 * is free) the slot is `unseen` until a scan has found it in memory again, and what is told then is told as that.
 *
 * `last` is what would be told. A write, or a free, of the word that held the block often leaves it in a register of
 * the function that did so; that event stands until the block has reached another word in memory, or a caller has
 * taken it up as a result. What is left in a result's register and read by nobody is the doing of the function that
 * returned.
 *
 * A block enters a slot when it is born (the return of malloc is awaited), or when a block that points to it is freed
 * (the return of free is awaited: by then the freed block is truly gone, and the scan says what else there is). That a
 * freed block pointed to a live one is also noted without a scan (follow_events.h); that costs little, works without
 * debug registers, and is told as what it is. Memory that malloc gives out is cleared while following, for what a
 * block of before has left there would be taken for pointers of the new one.
 *
 * Locks: one for all slots, never taken twice by one thread. What a signal handler of the program does to a followed
 * block while its thread is in here cannot be followed: every slot is given up then.
 *
 * Given up, without a word: a block on another thread's stack; a stack that cannot be unwound; functions left by
 * longjmp (follow_jump.c); a word of Python's small objects, which die unseen (it is followed on, but no write there
 * is called the event); a thread-local, for its thread may have ended; what is only possibly held; a place that is
 * passed too often; what costs too much: SHARE of the program's own time, in processor time, more for origins that are
 * known to be lost.
 *
 * Regrets. The kernel's writes do not trap: a pointer that read(2) has overwritten is found lost at the next stop, if
 * one comes at all, which may name a later write to the same word. An exception of C++ leaves functions as longjmp
 * does and is not seen; a wait for such a function ends when the stack pointer is seen above it. A thread that is made
 * between two readings of the list of threads has no trap. Clearing hides what reads memory that it never wrote.
 */
#define _GNU_SOURCE
#include "preload/follow.h"

#include <stdlib.h>
#include <string.h>

#include "preload/follow_origins.h"
#include "preload/follow_signal.h"
#include "preload/follow_slots.h"
#include "preload/record.h"
#include "preload/scan.h"

enum { PARENT_BYTES_MAX = 1 << 20, CHUNK_MAPPED = 2 };

_Atomic bool ol_following;
static _Atomic uintptr_t lowest = ~(uintptr_t)0, highest;

static void widen(uintptr_t address) {
  if (address < atomic_load_explicit(&lowest, memory_order_relaxed)) atomic_store(&lowest, address);
  if (address > atomic_load_explicit(&highest, memory_order_relaxed)) atomic_store(&highest, address);
}

void ol_follow_born(const ol_block *block, const void *frame) {
  widen(block->address);
  if (!ol_follow_now.traps_possible || !ol_origin_is_due(block->stack) || ol_follow_busy || !ol_is_our_process() ||
      !ol_follow_enter())
    return;
  const uintptr_t *words = frame;
  ol_slot *one = ol_slot_is_affordable(block->stack) ? ol_slot_for(block, 0, OL_SLOTS_FOR_BORN) : NULL;
  if (one != NULL) {
    ol_origin_followed(block->stack);
    one->inside = *block;
    ol_slot_await(one, words[1], (uintptr_t)(words + 2), OL_STOP_BORN);
  }
  ol_follow_leave();
}

void ol_follow_clear(void *block, size_t size) {
  bool is_fresh = block == NULL || (((const uint64_t *)block)[-1] & CHUNK_MAPPED) != 0;
  if (!is_fresh) memset(block, 0, size);
}

static void await_free(ol_slot *one, const ol_event *event, const ol_block *who, const void *frame) {
  const uintptr_t *words = frame;
  one->last = *event;
  one->inside = *who;
  one->hops = 0;
  one->unseen = false;
  ol_trap_off(&one->trap);
  ol_slot_await(one, words[1], (uintptr_t)(words + 2), OL_STOP_RETURN_NOTHING);
}

/* What was freed pointed to this block. */
static void orphaned(const ol_block *child, const ol_block *gone, const ol_block *who, const void *frame) {
  ol_event event = ol_slot_event(OL_LOSS_PARENT_FREED, child, who, gone->address);
  ol_slot *one = ol_slot_of(child);
  ol_note_put(&event);
  if (one != NULL) {
    bool was_there = one->state == OL_SLOT_WATCHES && one->word - gone->address < gone->size;
    if (was_there) await_free(one, &event, who, frame);
    return;
  }
  if (!ol_follow_now.traps_possible || !ol_is_our_process() || !ol_slot_is_affordable(child->stack)) return;
  if (!ol_pair_is_due(who->stack, child->stack)) return;
  one = ol_slot_for(child, OL_SLOTS_FOR_BORN, OL_SLOTS);
  if (one == NULL) one = ol_slot_for(child, 0, OL_SLOTS_FOR_BORN);
  if (one == NULL) return;
  ol_pair_followed(who->stack, child->stack);
  await_free(one, &event, who, frame);
}

static void read_what_goes(const ol_block *gone, const void *frame) {
  ol_block child, who;
  bool described = false;
  uint64_t bytes = gone->size < PARENT_BYTES_MAX ? gone->size : PARENT_BYTES_MAX;
  uintptr_t from = atomic_load_explicit(&lowest, memory_order_relaxed);
  uintptr_t span = atomic_load_explicit(&highest, memory_order_relaxed) - from;
  for (uintptr_t at = (gone->address + 7) & ~(uintptr_t)7; at + 8 <= gone->address + bytes; at += 8) {
    uintptr_t word = *(const uintptr_t *)at;
    if (word - from > span || word % 16 != 0 || word == gone->address || !ol_find_block(word, &child)) continue;
    if (!described && !ol_note_call(frame, &who)) return;
    described = true;
    orphaned(&child, gone, &who, frame);
  }
}

void ol_follow_freed(const ol_block *gone, const void *frame) {
  if (!ol_follow_enter()) return;
  ol_slot *itself = ol_slot_of(gone);
  if (itself != NULL) ol_slot_empty(itself);
  read_what_goes(gone, frame);
  ol_follow_leave();
}

static bool stands_in(const ol_slot *one, uintptr_t start, size_t bytes) {
  return one->state != OL_SLOT_EMPTY && one->state != OL_SLOT_WAITS && one->word - start < bytes;
}

void ol_follow_moving(const ol_block *old) {
  atomic_fetch_add(&ol_follow_now.moving, 1);
  if (!ol_follow_enter()) return;
  ol_slot *itself = ol_slot_of(old);
  if (itself != NULL) ol_slot_empty(itself);
  for (int i = 0; i < OL_SLOTS; i++)
    if (stands_in(&ol_slots[i], old->address, old->size)) {
      ol_trap_off(&ol_slots[i].trap);
      ol_slots[i].state = OL_SLOT_MOVES;
    }
  ol_follow_leave();
}

void ol_follow_moved(const ol_block *old, void *moved, size_t size) {
  uintptr_t now = moved == NULL ? old->address : (uintptr_t)moved;
  atomic_fetch_sub(&ol_follow_now.moving, 1);
  if (!ol_follow_enter()) return;
  for (int i = 0; i < OL_SLOTS; i++) {
    uintptr_t inside = ol_slots[i].word - old->address;
    if (ol_slots[i].state != OL_SLOT_MOVES || inside >= old->size) continue;
    if (moved == NULL || inside + 8 <= size) ol_slot_watch(&ol_slots[i], now + inside, ol_slots[i].holder_kind);
    else ol_slot_give_up(&ol_slots[i]);
  }
  ol_follow_leave();
}

void ol_follow_unmapped(uintptr_t start, size_t bytes) {
  if (!ol_follow_enter()) return;
  for (int i = 0; i < OL_SLOTS; i++) {
    bool of_library = bytes == 0 && ol_slots[i].state == OL_SLOT_WATCHES && ol_slots[i].holder_kind == OL_HOLDER_GLOBAL;
    if (of_library || stands_in(&ol_slots[i], start, bytes)) ol_slot_give_up(&ol_slots[i]);
  }
  ol_follow_leave();
}

void ol_follow_jump(void) {
  if (!ol_follow_enter()) return;
  for (int i = 0; i < OL_SLOTS; i++)
    if (ol_slots[i].state == OL_SLOT_WAITS && ol_slots[i].thread == ol_follow_thread()) ol_slot_give_up(&ol_slots[i]);
  ol_follow_leave();
}

void ol_follow_after_fork(void) {
  for (int i = 0; i < OL_SLOTS; i++) {
    ol_trap_forget(&ol_slots[i].trap);
    ol_trap_forget(&ol_slots[i].second);
    ol_slots[i].state = OL_SLOT_EMPTY;
  }
  ol_follow_now.traps_possible = false;
  atomic_store(&ol_follow_now.moving, 0);
  ol_follow_open_after_fork();
}

void ol_follow_begin(void) {
  const char *wish = getenv("OUTLIVE_WHY_LOST");
  ol_follow_find_jumps();
  if (wish == NULL || wish[0] == 0 || ol_recorder_now.mode != OL_RECORD_EXACT) return;
  ol_follow_now.question = ol_own_map_shared(sizeof *ol_follow_now.question);
  if (ol_follow_now.question == NULL || !ol_events_begin() || !ol_origins_begin(wish[0] == '/' ? wish : NULL)) return;
  ol_follow_now.began_us = ol_follow_clock_us();
  ol_follow_now.traps_possible =
      strcmp(wish, "notes") != 0 && ol_trap_is_possible() && ol_trap_signal_begin(ol_on_trap, ol_on_step);
  atomic_store(&ol_following, true);
}

void ol_follow_report(ol_container_writer *out, const ol_block *live, uint64_t live_count) {
  uint64_t facts[] = {1,
                      ol_follow_now.traps_possible,
                      ol_follow_now.asks,
                      ol_follow_now.spent_us,
                      ol_follow_now.waited_us,
                      ol_follow_now.followed_count,
                      ol_follow_now.lost_count,
                      ol_follow_now.given_up};
  if (atomic_load(&ol_following)) ol_events_report(out, live, live_count, facts, sizeof facts / sizeof *facts);
}
