/* A thread run by single instructions, while a pointer is in its registers and nowhere else that is watched.
 *
 * Registers cannot be watched, so each instruction is: does it copy the pointer to another register or to memory (it
 * has spread), does it read it at all (a result that is used), and is it in no register any more? Bounded: STEPS_MAX
 * instructions, none of them a system call. A data breakpoint that comes with a step is one signal with it, so each
 * step also looks whether watched words still stand.
 */
#define _GNU_SOURCE
#include "preload/follow_slots.h"
#include "preload/record.h"

#if defined(__x86_64__)

enum { STEPS_MAX = 1500, TRAP_FLAG = 0x100 };

static __thread struct {
  ol_slot *of;
  uint32_t leg, left;
  uint64_t from_us;
  uint32_t had;      /* registers that led into the block when stepping began */
  bool read, spread; /* an instruction has read one of them; has copied it to another register, or to memory */
} stepping;

/* Bit i: register i of gregs leads into the block. */
static uint32_t registers_with(const ol_slot *one, const ucontext_t *at) {
  const greg_t *registers = at->uc_mcontext.gregs;
  uint32_t with = 0;
  for (int i = 0; i < REG_RIP; i++)
    if ((uintptr_t)registers[i] - one->block.address < one->block.size + (one->block.size == 0)) with |= 1u << i;
  return with;
}

/* A signal mask is changed by a system call, and a trap of one step that is held back kills: none is stepped over. */
static bool is_system_call(uintptr_t pc) {
  if ((pc & 4095) > 4090) return true; /* what follows may be on a page that is not there */
  const unsigned char *code = (const unsigned char *)pc;
  return (code[0] == 0x0f && (code[1] == 0x05 || code[1] == 0x34)) || code[0] == 0xcd;
}

/* Registers in the order of the machine's code. */
static bool had(uint32_t number) {
  static const uint8_t order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  return (stepping.had >> order[number & 15] & 1) != 0;
}

/* Does the next instruction compare, push or store such a register? A plain copy shows afterwards. This need not know
 * all instructions: one that it does not know makes a result that was used look unused, and its function the last. */
static void read_instruction(const unsigned char *code) {
  if (((uintptr_t)code & 4095) > 4090) return;
  unsigned rex = (code[0] & 0xf0) == 0x40 ? *code++ : 0;
  bool pushes = (code[0] & 0xf8) == 0x50 && had((code[0] & 7u) | (rex & 1) << 3);
  bool two_operands = code[0] == 0x89 || code[0] == 0x85 || code[0] == 0x39 || code[0] == 0x3b || code[0] == 0x87;
  bool from_register = two_operands && (rex & 8) && had((code[1] >> 3 & 7u) | (rex & 4) << 1);
  bool is_register = code[1] >> 6 == 3, of_register = is_register && had((code[1] & 7u) | (rex & 1) << 3);
  bool compares = (code[0] == 0x85 || code[0] == 0x39 || code[0] == 0x83) && of_register;
  if (pushes || (from_register && !is_register && code[0] == 0x89)) stepping.spread = true;
  if (pushes || from_register || compares) stepping.read = true;
}

/* The caller has taken up the result: from here on it is the one that had the pointer. */
static void is_used(ol_slot *one) {
  if (one->state == OL_SLOT_WAITS && one->by_result) one->last.loss = OL_LOSS_NONE;
}

/* One at a time: of several pointers in the registers of one thread the others are found when the function returns. */
void ol_step_from_here(ol_slot *one, ucontext_t *at) {
  greg_t *registers = at->uc_mcontext.gregs;
  uint32_t with = registers_with(one, at);
  if ((stepping.of != NULL && stepping.of != one) || with == 0 || is_system_call((uintptr_t)registers[REG_RIP])) {
    one->unseen = true;
    if (one->by_result) is_used(one);
    return;
  }
  if (stepping.of == NULL) stepping.from_us = ol_follow_processor_us();
  stepping.of = one;
  stepping.leg = one->leg;
  stepping.left = STEPS_MAX;
  stepping.had = with;
  stepping.read = stepping.spread = false;
  read_instruction((const unsigned char *)(uintptr_t)registers[REG_RIP]);
  registers[REG_EFL] |= TRAP_FLAG;
}

static void step_no_more(ucontext_t *at) {
  if (stepping.of != NULL) atomic_fetch_add(&ol_follow_now.spent_us, ol_follow_processor_us() - stepping.from_us);
  stepping.of = NULL;
  at->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

/* A write to a watched word, and the step, are one signal when they come together: the word itself tells. */
static void look_for_writes(ucontext_t *at) {
  for (int i = 0; i < OL_SLOTS; i++) {
    bool watched =
        ol_slots[i].state == OL_SLOT_WATCHES || (ol_slots[i].state == OL_SLOT_WAITS && ol_slots[i].second.count > 0);
    if (!watched || *(const uintptr_t *)ol_slots[i].word == ol_slots[i].block.address || ol_follow_busy ||
        !ol_follow_enter())
      continue;
    watched =
        ol_slots[i].state == OL_SLOT_WATCHES || (ol_slots[i].state == OL_SLOT_WAITS && ol_slots[i].second.count > 0);
    if (watched) ol_stop_written(&ol_slots[i], at);
    ol_follow_leave();
  }
}

/* After one instruction. A slot that waits goes on waiting when stepping ends: its trap was never taken off. */
void ol_on_step(void *registers) {
  ucontext_t *at = registers;
  if (!ol_follow_busy && !ol_is_inside()) look_for_writes(at);
  ol_slot *one = stepping.of;
  uintptr_t pc = (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
  if (one == NULL || one->leg != stepping.leg || one->thread != ol_follow_thread()) {
    step_no_more(at);
    return;
  }
  uint32_t with = registers_with(one, at);
  if ((with & ~stepping.had) != 0) stepping.read = stepping.spread = true;
  stepping.had = with;
  read_instruction((const unsigned char *)pc);
  bool ends = is_system_call(pc) || --stepping.left == 0, gone = with == 0;
  if (stepping.read && one->by_result && !ol_follow_busy) is_used(one);
  if (!ends && (!gone || ol_follow_busy || ol_is_inside())) return;
  step_no_more(at);
  if (!gone || ol_follow_busy || ol_is_inside() || !ol_follow_enter()) {
    one->unseen = true;
    return;
  }
  if (one->leg == stepping.leg && ol_slot_is_affordable(one->block.stack)) ol_stop_dropped(one, at, stepping.spread);
  else one->unseen = true;
  ol_follow_leave();
}

#else

void ol_on_step(void *registers) { (void)registers; }
void ol_step_from_here(ol_slot *one, ucontext_t *at) { (void)one, (void)at; }

#endif
