#define _GNU_SOURCE
#include "preload/guard_fault.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "preload/guard_judge.h"
#include "preload/guard_pages.h"
#include "preload/interpose.h"
#include "preload/signals.h"

enum { NEAR_STACK = 64 << 10, DEEP = 128 << 10, ROOM = 128 << 10 };

static bool ours; /* our handler stands */
static struct sigaction of_program[2];
static __thread uintptr_t last_pc,
    last_address; /* a fault that comes again after its handler returned is the same one */

static int slot_of(int number) { return number == SIGSEGV ? 0 : number == SIGBUS ? 1 : -1; }

/* ---- where it happened ---- */

typedef struct scene {
  uintptr_t pc, sp, bp, address;
  bool written;
  const uint64_t *registers;
  uint32_t register_count;
} scene;

#if defined(__x86_64__)
static scene scene_of(const siginfo_t *info, const ucontext_t *context) {
  const greg_t *all = context->uc_mcontext.gregs;
  return (scene){.pc = (uintptr_t)all[REG_RIP],
                 .sp = (uintptr_t)all[REG_RSP],
                 .bp = (uintptr_t)all[REG_RBP],
                 .address = (uintptr_t)info->si_addr,
                 .written = (all[REG_ERR] & 2) != 0,
                 .registers = (const uint64_t *)all,
                 .register_count = REG_RIP + 1};
}
#elif defined(__aarch64__)
static scene scene_of(const siginfo_t *info, const ucontext_t *context) {
  const mcontext_t *m = &context->uc_mcontext;
  return (scene){.pc = (uintptr_t)m->pc,
                 .sp = (uintptr_t)m->sp,
                 .bp = (uintptr_t)m->regs[29],
                 .address = (uintptr_t)info->si_addr,
                 .registers = (const uint64_t *)m->regs,
                 .register_count = 31};
}
#else
static scene scene_of(const siginfo_t *info, const ucontext_t *context) {
  (void)context;
  return (scene){.address = (uintptr_t)info->si_addr};
}
#endif

static uint32_t frames_of(const scene *s, uintptr_t *ret) {
  uintptr_t end = ol_unwind_stack_end(s->sp);
  bool on_a_stack = s->sp % 8 == 0 && end - s->sp > 4096;
  if (on_a_stack || end - s->sp >= 64) return ol_unwind_from(s->pc, s->sp, s->bp, ret, OL_STACK_DEPTH_MAX);
  ret[0] = s->pc + 1;
  return 1;
}

/* The recorder's own locks may be held by what was interrupted: then nothing but the frames is said. */
static ol_broken_call used_at(const scene *s, uintptr_t *frames) {
  ol_broken_call used = {.role = "used", .thread = (uint32_t)syscall(SYS_gettid), .frames = frames};
  used.frame_count = frames_of(s, frames);
  return used;
}

/* ---- what it says ---- */

static bool fill_in_registers(const scene *s, ol_kept *ret) {
  uint32_t serial;
  for (uint32_t i = 0; i < s->register_count; i++)
    if (ol_fill_is_word(s->registers[i], &serial) && ol_kept_of_serial(serial, ret)) return true;
  return ol_fill_is_word(s->address, &serial) && ol_kept_of_serial(serial, ret);
}

static void tell_fill(const scene *s, const ol_broken_call *used) {
  ol_kept kept;
  if (!fill_in_registers(s, &kept)) return;
  ol_broken broken = {.kind = "use-after-free",
                      .words = "a pointer was read from it and followed",
                      .address = kept.made.address,
                      .size = kept.made.size,
                      .call_count = 3,
                      .calls = {ol_broken_made(&kept.made), ol_judge_freed(&kept), *used}};
  (void)ol_broken_tell(&broken);
}

/* A stack ends at a page that cannot be touched, right below what the stack pointer has reached. */
static bool is_end_of_stack(const siginfo_t *info, const scene *s) {
  bool near = s->address <= s->sp ? s->sp - s->address < NEAR_STACK : s->address - s->sp < NEAR_STACK;
  return near && info->si_signo == SIGSEGV && ol_unwind_stack_end(s->sp) - s->sp > DEEP;
}

/* After how many calls the same ones come again; 0: not within what was unwound. */
static uint32_t period_of(const uintptr_t *frames, uint32_t count) {
  for (uint32_t period = 1; period * 2 < count; period++) {
    uint32_t at = 1; /* the innermost one may have got less far */
    while (at + period < count && frames[at] == frames[at + period]) at++;
    if (at + period == count) return period;
  }
  return 0;
}

static void tell_overflow(const scene *s, const ol_broken_call *used) {
  bool again = period_of(used->frames, used->frame_count) != 0;
  ol_broken broken = {.kind = "stack-overflow",
                      .words = again ? "the same calls come again and again" : "",
                      .address = s->address,
                      .call_count = 1,
                      .calls = {*used}};
  (void)ol_broken_tell(&broken);
}

/* True: the program may try again. */
static bool settled(const siginfo_t *info, const ucontext_t *context) {
  int program_errno;
  uintptr_t frames[OL_STACK_DEPTH_MAX];
  if (info->si_code <= 0 || !ol_is_our_process() || !ol_step_in(&program_errno)) return false;
  scene s = scene_of(info, context);
  ol_broken_call used = used_at(&s, frames);
  used.site = ol_described(NULL, 0, 0, __builtin_frame_address(0)).site;
  bool on_page = ol_pages_hold((void *)s.address);
  bool again = !on_page && last_pc == s.pc && last_address == s.address;
  last_pc = s.pc;
  last_address = s.address;
  bool opened = on_page && ol_pages_touched(s.address, s.written, &used);
  if (!on_page && !again && is_end_of_stack(info, &s)) tell_overflow(&s, &used);
  else if (!on_page && !again && ol_guarding_all()) tell_fill(&s, &used);
  ol_step_out(program_errno);
  return opened;
}

/* ---- whose turn it is then ---- */

static void by_default(int number, const siginfo_t *info) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  (void)ol_real_sigaction(number, &standard, NULL);
  if (info->si_code <= 0) (void)syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), number);
} /* a real fault happens once more when we return */

static void on_fault(int number, siginfo_t *info, void *context) {
  int program_errno = errno;
  bool go_on = settled(info, context);
  errno = program_errno;
  if (go_on) return;
  struct sigaction *slot = &of_program[slot_of(number)], next = *slot;
  if (next.sa_flags & (int)SA_RESETHAND) *slot = (struct sigaction){.sa_handler = SIG_DFL};
  bool sent = info->si_code <= 0;
  if (next.sa_flags & SA_SIGINFO) next.sa_sigaction(number, info, context);
  else if (next.sa_handler == SIG_IGN && sent) return;
  else if (next.sa_handler == SIG_DFL || next.sa_handler == SIG_IGN) by_default(number, info);
  else next.sa_handler(number);
}

static void stand(int number, const struct sigaction *program) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  if (program != NULL) {
    action.sa_mask = program->sa_mask;
    action.sa_flags |= program->sa_flags & (SA_RESTART | (int)SA_NODEFER);
  }
  (void)ol_real_sigaction(number, &action, NULL);
}

/* A stack that is used up leaves no room for a handler: the thread that began gets some elsewhere, where it has none. */
static void give_room(void) {
  stack_t now;
  if (sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) return;
  stack_t room = {.ss_sp = ol_own_map(ROOM), .ss_size = ROOM};
  if (room.ss_sp != NULL) (void)sigaltstack(&room, NULL);
}

void ol_fault_begin(void) {
  give_room();
  for (int number = SIGBUS; number <= SIGSEGV; number++) {
    if (slot_of(number) < 0) continue;
    (void)ol_real_sigaction(number, NULL, &of_program[slot_of(number)]);
    stand(number, NULL);
  }
  ours = true;
}

/* ---- what the program sets ---- */

/* The child of vfork has our memory, and signals of its own: what it sets is none of ours. */
bool ol_fault_keeps(int number, const struct sigaction *action, struct sigaction *old) {
  if (!ours || slot_of(number) < 0 || !ol_is_our_process()) return false;
  struct sigaction *slot = &of_program[slot_of(number)], before = *slot;
  if (action != NULL) {
    *slot = *action;
    stand(number, action);
  }
  if (old != NULL) *old = before;
  return true;
}

void ol_fault_let_go(void) { ours = false; }
