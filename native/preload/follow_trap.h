/* Debug registers, through perf_event_open: a trap when a word is written, or when an instruction is about to run.
 *
 * Theory of operation. A hardware breakpoint belongs to a thread. One on a word is set on every thread there is, and
 * threads that are made later inherit it; one on an address is set on the calling thread only. `sigtrap` makes the
 * kernel send SIGTRAP to the very thread, at the very instruction, with `sig_data`, by which we know ours from the
 * program's own. The kernel's own writes (read(2) into a buffer) do not trap. Children of a fork get none, and exec
 * removes all.
 *
 * A descriptor is moved far up, and before it is closed it is asked for its identity: a program that closes
 * descriptors that it did not open may have closed ours, and the number may be its own file by now.
 */
#ifndef OUTLIVE_PRELOAD_FOLLOW_TRAP_H
#define OUTLIVE_PRELOAD_FOLLOW_TRAP_H

#include <stdbool.h>
#include <stdint.h>

enum { OL_TRAPS_MAX = 4, OL_TRAP_THREADS_MAX = 64 };

typedef struct ol_trap {
  uint32_t count;
  int fds[OL_TRAP_THREADS_MAX];
  uint64_t ids[OL_TRAP_THREADS_MAX];
} ol_trap;

/* Does the kernel let us? In many containers and virtual machines it does not. */
bool ol_trap_is_possible(void);
/* False: not set on every thread, and on none now. */
bool ol_trap_on_write(ol_trap *trap, uintptr_t word, uint64_t token);
bool ol_trap_on_run(ol_trap *trap, uintptr_t instruction, uint64_t token);
void ol_trap_off(ol_trap *trap);
/* In the child of a fork, whose descriptors are the parent's too: close ours, and leave its traps set. */
void ol_trap_forget(ol_trap *trap);

#endif
