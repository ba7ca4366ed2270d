/* Functions that are left without a return: what waits for one on this thread is told first (follow.c).
 *
 * A signal handler may jump, so the real functions are found at the start and not when they are called.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/follow.h"
#include "preload/interpose.h"
#include "preload/record.h"

typedef __attribute__((noreturn)) void jump(void *, int);

enum { LONG, UNDERSCORE, SIGNAL, CHECKED, WAYS };

static jump *real[WAYS];

void ol_follow_find_jumps(void) {
  static const char *const names[WAYS] = {"longjmp", "_longjmp", "siglongjmp", "__longjmp_chk"};
  for (int i = 0; i < WAYS; i++)
    if (real[i] == NULL) real[i] = (jump *)ol_next_function(names[i]);
}

static __attribute__((noreturn)) void jump_by(int way, void *where, int value) {
  bool following = atomic_load_explicit(&ol_following, memory_order_relaxed);
  /* The scan jumps, too, in a copy of the process, where a lock may be held for good. */
  if (following && syscall(SYS_getpid) == ol_recorder_now.pid) ol_follow_jump();
  if (real[way] == NULL) ol_follow_find_jumps();
  if (real[way] == NULL) abort();
  real[way](where, value);
}

OL_EXPORT void longjmp(jmp_buf where, int value) { jump_by(LONG, where, value); }
OL_EXPORT void _longjmp(jmp_buf where, int value) { jump_by(UNDERSCORE, where, value); }
OL_EXPORT void siglongjmp(sigjmp_buf where, int value) { jump_by(SIGNAL, where, value); }
OL_EXPORT __attribute__((noreturn)) void __longjmp_chk(jmp_buf where, int value) { jump_by(CHECKED, where, value); }
