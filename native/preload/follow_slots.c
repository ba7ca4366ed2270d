#define _GNU_SOURCE
#include "preload/follow_slots.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "preload/follow_origins.h"
#include "preload/follow_signal.h"
#include "preload/scan.h"

enum {
  SHARE = 30,
  SHARE_PREFERRED = 50,
  FREE_US = 300000,
  FREE_WAIT_US = 3000000,
  QUIET_US = 20000,
  QUIET_PREFERRED_US = 100000
};

ol_slot ol_slots[OL_SLOTS];
ol_follow_state ol_follow_now;
__thread int ol_follow_busy;
static ol_spin lock;
static _Atomic int doubt;

uint64_t ol_follow_clock_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* What the program waits for on a ol_follow_busy machine is not ours: cost is counted in processor time. */
uint64_t ol_follow_processor_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint32_t ol_follow_thread(void) { return (uint32_t)syscall(SYS_gettid); }

void ol_slot_empty(ol_slot *one) {
  ol_trap_off(&one->trap);
  ol_trap_off(&one->second);
  one->state = OL_SLOT_EMPTY;
  one->generation++;
  one->leg++;
}

void ol_slot_give_up(ol_slot *one) {
  ol_follow_now.given_up++;
  ol_slot_empty(one);
}

bool ol_follow_enter(void) {
  if (ol_follow_busy) {
    atomic_store(&doubt, 1);
    return false;
  }
  ol_follow_busy = 1;
  atomic_signal_fence(memory_order_seq_cst);
  ol_spin_lock(&lock);
  return true;
}

void ol_follow_leave(void) {
  if (atomic_exchange(&doubt, 0))
    for (int i = 0; i < OL_SLOTS; i++)
      if (ol_slots[i].state != OL_SLOT_EMPTY) ol_slot_give_up(&ol_slots[i]);
  ol_spin_unlock(&lock);
  atomic_signal_fence(memory_order_seq_cst);
  ol_follow_busy = 0;
}

void ol_follow_open_after_fork(void) {
  ol_follow_busy = 0;
  ol_spin_unlock(&lock);
}

uint64_t ol_slot_token(const ol_slot *one) {
  return OL_TRAP_OURS | (one->generation & 0x1fffffff) << 3 | (uint64_t)(one - ol_slots);
}

bool ol_slot_is_affordable(uint32_t origin) {
  const ol_follow_state *now = &ol_follow_now;
  uint64_t share = ol_origin_is_preferred(origin) ? SHARE_PREFERRED : SHARE;
  uint64_t programs_us = ol_follow_clock_us() - now->began_us - now->waited_us;
  return now->spent_us * 100 <= share * programs_us + FREE_US * 100ull && now->waited_us <= programs_us + FREE_WAIT_US;
}

/* A slot in which something that matters less has been quiet for a while may be taken from it. */
static bool may_be_taken(const ol_slot *one, uint32_t origin) {
  if (one->state == OL_SLOT_EMPTY) return true;
  uint64_t quiet_us = ol_follow_clock_us() - one->since_us;
  if (one->state != OL_SLOT_WATCHES)
    return quiet_us > 10 * (uint64_t)QUIET_PREFERRED_US && ol_origin_is_preferred(origin);
  if (!ol_origin_is_preferred(one->block.stack)) return ol_origin_is_preferred(origin) || quiet_us > QUIET_US;
  return ol_origin_is_preferred(origin) && quiet_us > QUIET_PREFERRED_US &&
         ol_origin_times_followed(origin) < ol_origin_times_followed(one->block.stack);
}

ol_slot *ol_slot_for(const ol_block *block, int first, int count) {
  ol_slot *found = NULL;
  for (int i = first; i < count; i++) {
    if (!may_be_taken(&ol_slots[i], block->stack)) continue;
    if (found == NULL || ol_slots[i].state == OL_SLOT_EMPTY) found = &ol_slots[i];
  }
  if (found == NULL || !ol_trap_signal_is_ours()) return NULL;
  if (found->state != OL_SLOT_EMPTY) ol_slot_empty(found);
  found->block = *block;
  found->hops = 0;
  found->last.loss = OL_LOSS_NONE;
  found->by_result = false;
  found->unseen = false;
  ol_follow_now.followed_count++;
  return found;
}

ol_slot *ol_slot_of(const ol_block *block) {
  for (int i = 0; i < OL_SLOTS; i++)
    if (ol_slots[i].state != OL_SLOT_EMPTY && ol_slots[i].block.address == block->address &&
        ol_slots[i].block.tick == block->tick)
      return &ol_slots[i];
  return NULL;
}

/* Registers are few. Who has two gives one up, and must then say that it has not seen everything. */
static void take_a_second(void) {
  for (int i = 0; i < OL_SLOTS; i++)
    if (ol_slots[i].second.count > 0) {
      ol_trap_off(&ol_slots[i].second);
      ol_slots[i].unseen = true;
      return;
    }
}

static bool trap_run(ol_slot *one, uintptr_t pc) {
  if (ol_trap_on_run(&one->trap, pc, ol_slot_token(one))) return true;
  take_a_second();
  return ol_trap_on_run(&one->trap, pc, ol_slot_token(one));
}

static bool trap_write(ol_slot *one, uintptr_t word) {
  if (ol_trap_on_write(&one->trap, word, ol_slot_token(one))) return true;
  take_a_second();
  return ol_trap_on_write(&one->trap, word, ol_slot_token(one));
}

void ol_slot_await(ol_slot *one, uintptr_t pc, uintptr_t sp, ol_stop stop) {
  one->state = OL_SLOT_WAITS;
  one->pc = pc;
  one->sp = sp;
  one->stop = stop;
  one->leg++;
  one->traps = 0;
  one->thread = ol_follow_thread();
  one->since_us = ol_follow_clock_us();
  ol_trap_off(&one->second);
  if (!trap_run(one, pc)) ol_slot_give_up(one);
}

static bool still_holds(uintptr_t word, uintptr_t address) {
  uintptr_t value = 0;
  struct iovec ours = {&value, sizeof value}, theirs = {(void *)word, sizeof value};
  return syscall(SYS_process_vm_readv, syscall(SYS_getpid), &ours, 1ul, &theirs, 1ul, 0ul) == sizeof value &&
         value == address;
}

void ol_slot_watch(ol_slot *one, uintptr_t word, uint32_t holder_kind) {
  one->state = OL_SLOT_WATCHES;
  one->word = word;
  one->holder_kind = holder_kind;
  one->leg++;
  one->traps = 0;
  one->unseen = false;
  one->since_us = ol_follow_clock_us();
  one->last.loss = OL_LOSS_NONE;
  ol_trap_off(&one->second);
  if (!trap_write(one, word) || !still_holds(word, one->block.address)) ol_slot_give_up(one);
}

/* While the variable stands, other pointers may come and go: it is the last one until its function returns. */
bool ol_slot_watch_on_stack(ol_slot *one, uintptr_t word) {
  one->word = word;
  one->holder_kind = OL_HOLDER_STACK;
  bool set =
      ol_trap_on_write(&one->second, word, ol_slot_token(one) | OL_SECOND) && still_holds(word, one->block.address);
  if (set) one->unseen = false;
  else ol_trap_off(&one->second);
  return set;
}

ol_event ol_slot_event(ol_loss loss, const ol_block *lost, const ol_block *who, uintptr_t place) {
  return (ol_event){.loss = loss,
                    .address = lost->address,
                    .tick = lost->tick,
                    .head = lost->address,
                    .head_tick = lost->tick,
                    .origin = lost->stack,
                    .place = place,
                    .when = who->tick,
                    .step = who->step,
                    .thread = who->thread,
                    .stack = who->stack,
                    .site = who->site};
}
