/* Native call stacks, each once, by number. A number is good for the life of the process; 0 is "none".
 *
 * A stack is found by a 64-bit hash of its return addresses, which stands for it: two stacks with one hash would be
 * told as one, once in some 10^12 programs. Looking up takes no lock; adding takes one. Bounds: OL_STACKS_MAX stacks of
 * OL_STACK_DEPTH_MAX addresses, OL_STACK_FRAMES_MAX addresses in all; beyond either a new stack is 0, and counted.
 */
#ifndef OUTLIVE_PRELOAD_STACKS_H
#define OUTLIVE_PRELOAD_STACKS_H

#include "preload/own.h"

enum { OL_STACK_DEPTH_MAX = 24, OL_STACK_SLOTS = 1 << 18, OL_STACKS_MAX = OL_STACK_SLOTS / 4 * 3 };
enum { OL_STACK_FRAMES_MAX = 1 << 21 };

typedef struct ol_stack_slot {
  _Atomic uint64_t hash; /* 0: empty; written last */
  _Atomic uint32_t number;
  uint32_t unused;
} ol_stack_slot;

typedef struct ol_native_stacks {
  ol_spin lock;
  ol_stack_slot *slots;
  uint32_t *ends; /* of stack k: frames[ends[k - 1] .. ends[k]); ends[0] == 0 */
  uint64_t *frames;
  uint32_t count; /* stacks, the 0th included */
  _Atomic uint64_t refused;
} ol_native_stacks;

/* False: no memory; every stack is 0 then. */
bool ol_native_stacks_init(ol_native_stacks *stacks);
uint32_t ol_native_stacks_number(ol_native_stacks *stacks, const uintptr_t *frames, uint32_t count);
/* In the child of a fork. */
void ol_native_stacks_after_fork(ol_native_stacks *stacks);

#endif
