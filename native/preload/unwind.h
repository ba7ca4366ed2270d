/* Who called: return addresses of the running thread, innermost first.
 *
 * Theory of operation. Code of distributions keeps no frame pointers, so each step needs a row of .eh_frame (cfi.h).
 * Finding one costs about a microsecond; a program calls malloc from few places, so rows are remembered by return
 * address in a table that takes no lock: a slot is two words, the row and (row xor address), and is believed only where
 * they fit together, so that a slot torn between two writers is a miss. Closing a library empties it, for the addresses
 * may come again with other code. Every read of the stack stays between the stack pointer and the thread's stack end as
 * far as that is known, else on the page of the stack pointer. On aarch64 frame pointers are kept and suffice.
 */
#ifndef OUTLIVE_PRELOAD_UNWIND_H
#define OUTLIVE_PRELOAD_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

/* Code in which a walk need not go on for long: `more` addresses from the first one in it. An empty range: there is none. */
typedef struct ol_unwind_edge {
  uintptr_t start, end;
  uint32_t more;
} ol_unwind_edge;

/* Return addresses above the function whose frame pointer is `frame` (built with frame pointers), at most `limit`. */
uint32_t ol_unwind(const void *frame, uintptr_t *ret, uint32_t limit, const ol_unwind_edge *edge);

/* The same for a thread that was interrupted there: `pc` + 1 first, as if it were a return address. */
uint32_t ol_unwind_from(uintptr_t pc, uintptr_t sp, uintptr_t rbp, uintptr_t *ret, uint32_t limit);

/* The end of the calling thread's stack, as far as it is known; `sp` is on it. */
uintptr_t ol_unwind_stack_end(uintptr_t sp);
/* A function that has been entered: where it runs or will go on, and its stack pointer there. */
typedef struct ol_activation {
  uintptr_t pc, sp;
} ol_activation;

/* From these registers outward, innermost first; `interrupted`: pc is where a signal came, not a return address. */
uint32_t ol_unwind_activations(ol_activation from, uintptr_t rbp, bool interrupted, ol_activation *ret, uint32_t limit);

/* The same address in every run: how far into its module it is; the address itself where it is in none. */
uintptr_t ol_unwind_offset(uintptr_t address);

/* The extent of the module that this address lies in. False: in none. */
bool ol_unwind_module(uintptr_t address, uintptr_t *ret_start, uintptr_t *ret_end);

/* Code went away: forget all rows. */
void ol_unwind_forget(void);

#endif
