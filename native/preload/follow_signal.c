/* SIGTRAP: ours by the token that the kernel hands back, the program's own otherwise.
 *
 * The program may set a handler of its own, before us or after: it is kept here and called for whatever is not ours,
 * and the program is told the one that it set. Handlers set by other ways than sigaction and signal replace ours:
 * traps are then the program's, so all is given up when that is seen (follow.c asks before each trap).
 */
#define _GNU_SOURCE
#include "preload/follow_signal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/signals.h"

enum { TRAP_CODE = 6, STEP_CODE = 2, TRAP_LATE = 1, TOKEN_AT = 24, FLAGS_AT = 36 };

static struct sigaction programs; /* its own wish for SIGTRAP */
static ol_trap_told *told;
static ol_trap_stepped *after_step;

static void as_the_program_wishes(int number, siginfo_t *about, void *context) {
  if (programs.sa_flags & SA_SIGINFO) {
    programs.sa_sigaction(number, about, context);
    return;
  }
  if (programs.sa_handler == SIG_IGN) return;
  if (programs.sa_handler != SIG_DFL) {
    programs.sa_handler(number);
    return;
  }
  struct sigaction none = {.sa_handler = SIG_DFL};
  (void)ol_real_sigaction(SIGTRAP, &none, NULL);
  (void)syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), SIGTRAP); /* comes when we return */
}

static void on_trap(int number, siginfo_t *about, void *context) {
  int program_errno = errno;
  if (about->si_code == TRAP_CODE) {
    uint64_t token;
    uint32_t flags;
    memcpy(&token, (const char *)about + TOKEN_AT, sizeof token);
    memcpy(&flags, (const char *)about + FLAGS_AT, sizeof flags);
    if (ol_trap_token_is_ours(token)) {
      told(token, (flags & TRAP_LATE) != 0, context);
      errno = program_errno;
      return;
    }
  }
  if (about->si_code == STEP_CODE) after_step(context);
  else as_the_program_wishes(number, about, context);
  errno = program_errno;
}

bool ol_trap_signal_begin(ol_trap_told *handler, ol_trap_stepped *stepped) {
  struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigfillset(&action.sa_mask);
  after_step = stepped;
  told = handler;
  if (ol_real_sigaction(SIGTRAP, &action, &programs) != 0) told = NULL;
  return told != NULL;
}

bool ol_trap_signal_is_ours(void) {
  struct sigaction now;
  return told != NULL && ol_real_sigaction(SIGTRAP, NULL, &now) == 0 && now.sa_sigaction == on_trap;
}

bool ol_trap_keeps(int number, const struct sigaction *action, struct sigaction *old) {
  if (number != SIGTRAP || told == NULL) return false;
  struct sigaction before = programs;
  if (action != NULL) programs = *action;
  if (old != NULL) *old = before;
  return true;
}

void ol_trap_let_go(void) { told = NULL; }
