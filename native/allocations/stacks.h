/* Stacks, each once, by number: an array of words with a hash table over them. Knows neither Python nor unwinding; a
 * word is whatever its user puts in. 0 is "none". Bounded by OL_STACKS_MAX; beyond it the number is 0.
 */
#ifndef OUTLIVE_ALLOCATIONS_STACKS_H
#define OUTLIVE_ALLOCATIONS_STACKS_H

#include <stdint.h>

#include "graph/reserve.h"

enum { OL_STACKS_MAX = 1 << 15 };

typedef struct ol_stacks {
  ol_reserve words; /* uintptr_t[word_count] */
  ol_reserve ends;  /* uint32_t[count]: where a stack's words end; the first is empty */
  ol_reserve slots; /* uint32_t[2 * OL_STACKS_MAX] */
  uint32_t word_count, count;
} ol_stacks;

bool ol_stacks_init(ol_stacks *stacks);
void ol_stacks_deinit(ol_stacks *stacks);

/* The number of this stack. `ret_is_new` says whether it was not there before; 0: empty, or no room. */
uint32_t ol_stacks_number(ol_stacks *stacks, const uintptr_t *words, uint32_t length, bool *ret_is_new);

static inline const uintptr_t *ol_stack_at(const ol_stacks *stacks, uint32_t number, uint32_t *ret_length) {
  const uint32_t *ends = (const uint32_t *)stacks->ends.base;
  uint32_t first = number == 0 ? 0 : ends[number - 1];
  *ret_length = number == 0 ? 0 : ends[number] - first;
  return (const uintptr_t *)stacks->words.base + first;
}

#endif
