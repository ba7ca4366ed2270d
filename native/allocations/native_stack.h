/* Where a thread stands in native code: return addresses, innermost first. Unwinds by the tables that the compiler
 * left (.eh_frame), through libgcc; allocates nothing once it has run once. */
#ifndef OUTLIVE_ALLOCATIONS_NATIVE_STACK_H
#define OUTLIVE_ALLOCATIONS_NATIVE_STACK_H

#include <stdint.h>

/* At most `most` addresses, those of our own module left out; how many. */
uint32_t ol_native_stack(uintptr_t *ret_addresses, uint32_t most);

/* Where our own module lies, learnt once. */
void ol_native_stack_learn(void);

#endif
