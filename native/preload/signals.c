#define _GNU_SOURCE
#include "preload/signals.h"

#include <errno.h>

#include "preload/interpose.h"

typedef void (*plain_handler)(int);

int ol_real_sigaction(int number, const struct sigaction *action, struct sigaction *old) {
  static int (*real)(int, const struct sigaction *, struct sigaction *);
  if (real == NULL) real = (int (*)(int, const struct sigaction *, struct sigaction *))ol_next_function("sigaction");
  if (real != NULL) return real(number, action, old);
  errno = ENOSYS;
  return -1;
}

void ol_signals_let_go(void) {
  ol_fault_let_go();
  ol_trap_let_go();
}

static bool is_kept(int number, const struct sigaction *action, struct sigaction *old) {
  return ol_fault_keeps(number, action, old) || ol_trap_keeps(number, action, old);
}

OL_EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *old) {
  return is_kept(number, action, old) ? 0 : ol_real_sigaction(number, action, old);
}

OL_EXPORT plain_handler signal(int number, plain_handler handler) {
  static plain_handler (*real)(int, plain_handler);
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;
  if (is_kept(number, &action, &old)) return old.sa_handler;
  if (real == NULL) real = (plain_handler (*)(int, plain_handler))ol_next_function("signal");
  return real == NULL ? SIG_ERR : real(number, handler);
}
