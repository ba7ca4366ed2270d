/* Where each thread's stack begins to be alive: its stack pointer, by /proc/self/task/TID/syscall.
 *
 * Below the stack pointer a stack is full of what was; above it is what is. The kernel tells the pointer of a thread that
 * waits in a system call, and "running" of one that runs. It is asked before and after the copy is made: a thread that
 * was at the same place both times was there in the copy. Of any other the whole stack must be read, stale words and all.
 * A waiting thread's registers that the kernel keeps are not told by anybody but ptrace (registers.h).
 */
#ifndef OUTLIVE_PRELOAD_THREADS_H
#define OUTLIVE_PRELOAD_THREADS_H

#include <stdatomic.h>
#include <stdint.h>

enum { OL_THREADS_MAX = 1024, OL_REGISTERS_MAX = 40 };

typedef struct ol_thread_place {
  uint32_t id;
  uint32_t settled; /* the same in both readings */
  uint64_t sp, pc;  /* 0: it runs, or the kernel does not say */
  uint32_t register_count, unused;
  uint64_t registers[OL_REGISTERS_MAX];
} ol_thread_place;

typedef struct ol_thread_places {
  uint32_t count; /* of rows; more threads than OL_THREADS_MAX are running ones for us */
  uint32_t all_count;
  uint32_t looker; /* id of the thread that looks */
  uint64_t pause_us;
  _Atomic uint32_t ready; /* the second reading is done */
  ol_thread_place rows[OL_THREADS_MAX];
} ol_thread_places;

void ol_threads_read(ol_thread_places *places);
/* Mark who is still where it was. */
void ol_threads_read_again(ol_thread_places *places);

#endif
