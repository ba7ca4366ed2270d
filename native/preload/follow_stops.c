/* What is done at each stop: ask who holds the block, and go on from there, or tell the event. */
#define _GNU_SOURCE
#include <string.h>

#include "preload/follow_origins.h"
#include "preload/follow_slots.h"
#include "preload/record.h"
#include "preload/scan.h"

#if defined(__x86_64__)

enum { HOPS_MAX = 24, RED_ZONE = 128, FRAMES_MAX = OL_STACK_DEPTH_MAX + 1, TRAPS_MAX = 300 };

static void lost(ol_slot *one, const ol_asked *asked) {
  bool unknown = one->state == OL_SLOT_WATCHES && one->last.loss == OL_LOSS_NONE;
  ol_event event = one->last;
  if (event.loss == OL_LOSS_NONE) {
    event = ol_slot_event(OL_LOSS_DISCARDED, &one->block, &one->inside, 0);
    event.by_result = one->by_result;
  }
  event.sure = one->unseen && event.sure != OL_SURE ? OL_SURE_BUT_UNSEEN : OL_SURE;
  event.head = asked->head;
  event.head_tick = asked->head_tick;
  ol_follow_now.lost_count += !unknown;
  if (!unknown) ol_event_put(&event);
  ol_origin_prefer(one->block.stack);
  ol_slot_empty(one);
}

static uint32_t activations(const ucontext_t *at, bool interrupted, ol_activation *ret) {
  const greg_t *registers = at->uc_mcontext.gregs;
  ol_activation from = {(uintptr_t)registers[REG_RIP], (uintptr_t)registers[REG_RSP]};
  return ol_unwind_activations(from, (uintptr_t)registers[REG_RBP], interrupted, ret, FRAMES_MAX);
}

static bool describe(const ol_activation *from, uint32_t count, ol_block *ret) {
  uintptr_t frames[OL_STACK_DEPTH_MAX];
  uint32_t depth = count < OL_STACK_DEPTH_MAX ? count : OL_STACK_DEPTH_MAX;
  for (uint32_t i = 0; i < depth; i++) frames[i] = from[i].pc;
  return ol_describe_frames(frames, depth, ret);
}

static void left_behind(ol_slot *one, const ol_asked *asked) {
  one->last = ol_slot_event(OL_LOSS_DISCARDED, &one->block, &one->inside, 0);
  one->last.by_result = one->by_result;
  if (asked->within != OL_WITHIN_MEMORY && !one->unseen) one->last.sure = OL_SURE;
}

/* Only a stack holds it: which function has to return for that to end? A pointer into the middle of the block, or one
 * in the second register of a result, is what the function that returned may have left behind without meaning to:
 * should nothing else turn up, it was that function that had the pointer last. */
static void climb(ol_slot *one, const ol_asked *asked, ucontext_t *at, ol_stop stop) {
  ol_activation frames[FRAMES_MAX];
  uint32_t count = activations(at, stop == OL_STOP_WRITE, frames), inside = 0;
  bool is_memory = asked->within == OL_WITHIN_MEMORY;
  bool is_poor = asked->block_class == OL_CLASS_POSSIBLE || asked->within == OL_WITHIN_REMAINDER;
  bool was_awaited = one->state == OL_SLOT_WAITS && stop == OL_STOP_WRITE;
  bool is_ours = !is_memory || (count > 0 && asked->holder >= frames[0].sp - RED_ZONE);
  while (is_memory && inside + 1 < count && asked->holder >= frames[inside + 1].sp) inside++;
  /* What stands in a function that was called since is most often what another left on the stack before it. */
  is_poor = is_poor || (was_awaited && is_memory && inside + 1 < count && frames[inside + 1].sp < one->sp);
  bool of_malloc = one->stop == OL_STOP_BORN;
  bool may_be_left = is_poor || (asked->within == OL_WITHIN_RESULT && !of_malloc);
  if (may_be_left && one->last.loss == OL_LOSS_NONE) left_behind(one, asked);
  if (!is_ours || inside + 1 >= count || ++one->hops > HOPS_MAX ||
      !describe(frames + inside, count - inside, &one->inside)) {
    ol_slot_give_up(one);
    return;
  }
  one->by_result = !is_poor && asked->within == OL_WITHIN_RESULT;
  one->unseen = one->unseen && one->last.loss != OL_LOSS_NONE;
  ol_slot_await(one, frames[inside + 1].pc, frames[inside + 1].sp, OL_STOP_RETURN);
  if (one->state != OL_SLOT_WAITS || (is_memory && !is_poor && ol_slot_watch_on_stack(one, asked->holder))) return;
  ol_step_from_here(one, at);
}

static bool may_be_watched(uint32_t holder_kind) {
  return holder_kind == OL_HOLDER_GLOBAL || holder_kind == OL_HOLDER_MAPPING || holder_kind == OL_HOLDER_BLOCK ||
         holder_kind == OL_HOLDER_PYTHON;
}

static void decide(ol_slot *one, const ol_asked *asked, ucontext_t *at, ol_stop stop) {
  bool on_stack = asked->holder_kind == OL_HOLDER_STACK;
  if (!asked->answered || (asked->block_class == OL_CLASS_POSSIBLE && (!on_stack || stop == OL_STOP_WRITE))) {
    ol_slot_give_up(one);
  } else if (asked->block_class < OL_CLASS_POSSIBLE) {
    lost(one, asked);
  } else if (on_stack) {
    climb(one, asked, at, stop);
  } else {
    ol_note_remove(one->block.address);
    if (one->last.loss == OL_LOSS_PARENT_FREED) ol_pair_acquit((uint32_t)one->last.stack, one->block.stack);
    if (one - ol_slots >= OL_SLOTS_FOR_BORN && !ol_origin_is_preferred(one->block.stack)) ol_slot_empty(one);
    else if (may_be_watched(asked->holder_kind)) ol_slot_watch(one, asked->holder, asked->holder_kind);
    else ol_slot_give_up(one);
  }
}

static bool ask(ucontext_t *at, ol_stop stop) {
  uint64_t from_us = ol_follow_processor_us(), wait_from_us = ol_follow_clock_us();
  ol_follow_now.question->copy_us = 0;
  bool answered = atomic_load(&ol_follow_now.moving) == 0 && ol_follow_ask(ol_follow_now.question, at, stop);
  ol_follow_now.spent_us += ol_follow_processor_us() - from_us + ol_follow_now.question->copy_us;
  ol_follow_now.waited_us += ol_follow_clock_us() - wait_from_us;
  ol_follow_now.asks++;
  for (uint32_t i = 0; answered && i < ol_follow_now.question->lost_origin_count; i++)
    ol_origin_prefer(ol_follow_now.question->lost_origins[i]);
  return answered;
}

/* malloc has returned: the result is the only pointer there is. */
static void born(ol_slot *one, ucontext_t *at) {
  ol_asked asked = {.block_class = OL_CLASS_HELD, .holder_kind = OL_HOLDER_STACK, .within = OL_WITHIN_RESULT};
  ol_trap_off(&one->trap);
  climb(one, &asked, at, OL_STOP_RETURN);
}

static bool is_stop_of(const ol_slot *one, const ucontext_t *at) {
  return one->state == OL_SLOT_WAITS && one->pc == (uintptr_t)at->uc_mcontext.gregs[REG_RIP] &&
         one->sp == (uintptr_t)at->uc_mcontext.gregs[REG_RSP] && one->thread == ol_follow_thread();
}

/* It was in registers of this thread, and is in none now. Who wrote over the last may be a function that was called
 * meanwhile; who had it and did not keep it is the one that is awaited. */
void ol_stop_dropped(ol_slot *one, ucontext_t *at, bool spread) {
  memset(ol_follow_now.question->asked, 0, sizeof ol_follow_now.question->asked);
  ol_asked *asked = &ol_follow_now.question->asked[0];
  *asked = (ol_asked){.address = one->block.address, .tick = one->block.tick};
  bool answered = ask(at, OL_STOP_WRITE) && asked->answered;
  bool only_stack = answered && asked->block_class >= OL_CLASS_POSSIBLE && asked->holder_kind == OL_HOLDER_STACK;
  if (only_stack && !spread) {
    asked->block_class = OL_CLASS_LOST; /* nothing has copied it: that word was there before, and is dead */
    asked->head = asked->address;
    asked->head_tick = asked->tick;
  }
  if (answered && asked->block_class != OL_CLASS_POSSIBLE) decide(one, asked, at, OL_STOP_WRITE);
  else one->unseen = true;
}

static void stopped(ol_slot *one, ucontext_t *at, ol_stop stop) {
  bool write = stop == OL_STOP_WRITE, due[OL_SLOTS];
  for (int i = 0; i < OL_SLOTS; i++) {
    due[i] = &ol_slots[i] == one || (!write && is_stop_of(&ol_slots[i], at) && ol_slots[i].stop == stop);
    if (due[i]) ol_trap_off(&ol_slots[i].trap), ol_trap_off(&ol_slots[i].second);
    ol_follow_now.question->asked[i] =
        (ol_asked){.address = due[i] ? ol_slots[i].block.address : 0, .tick = ol_slots[i].block.tick};
  }
  bool answered = ol_slot_is_affordable(one->block.stack) && ask(at, stop);
  for (int i = 0; i < OL_SLOTS; i++) {
    if (!due[i]) continue;
    if (answered) decide(&ol_slots[i], &ol_follow_now.question->asked[i], at, stop);
    else ol_slot_give_up(&ol_slots[i]);
  }
}

void ol_stop_written(ol_slot *one, ucontext_t *at) {
  ol_activation frames[FRAMES_MAX];
  ol_block who;
  if (*(const uintptr_t *)one->word == one->block.address) return; /* by the same */
  uint32_t count = activations(at, true, frames);
  bool told = one->holder_kind != OL_HOLDER_PYTHON && describe(frames, count, &who);
  if (one->state == OL_SLOT_WAITS) one->inside = told ? who : one->inside;
  if (told && (one->state == OL_SLOT_WATCHES || one->last.loss == OL_LOSS_NONE))
    one->last = ol_slot_event(OL_LOSS_OVERWRITTEN, &one->block, &who, one->word);
  one->hops = 0;
  stopped(one, at, OL_STOP_WRITE);
}

void ol_on_trap(uint64_t token, bool late, void *registers) {
  if (!ol_follow_enter()) return;
  ucontext_t *at = registers;
  ol_slot *one = &ol_slots[token & (OL_SLOTS - 1)];
  bool second = (token & OL_SECOND) != 0, ours = ol_slot_token(one) == (token & ~(uint64_t)OL_SECOND) &&
                                                 one->state != OL_SLOT_EMPTY && one->state != OL_SLOT_MOVES;
  if (ours && (late || ++one->traps > TRAPS_MAX))
    ol_slot_give_up(one); /* a ol_follow_busy place is passed at other depths, too */
  else if (ours && one->state == (second ? OL_SLOT_WAITS : OL_SLOT_WATCHES)) ol_stop_written(one, at);
  else if (second) (void)at; /* of a wait that has ended */
  else if (ours && is_stop_of(one, at) && one->stop == OL_STOP_BORN) born(one, at);
  else if (ours && is_stop_of(one, at)) stopped(one, at, one->stop);
  else if (ours && (uintptr_t)at->uc_mcontext.gregs[REG_RSP] > one->sp && one->thread == ol_follow_thread())
    ol_slot_give_up(one);
  ol_follow_leave();
}

#else

void ol_on_trap(uint64_t token, bool late, void *registers) { (void)token, (void)late, (void)registers; }
void ol_stop_written(ol_slot *one, ucontext_t *at) { (void)one, (void)at; }
void ol_stop_dropped(ol_slot *one, ucontext_t *at, bool spread) { (void)one, (void)at, (void)spread; }

#endif
