/* References that objects hide: words in their own memory, and in blocks of theirs, that are addresses of objects.
 *
 * Only words are told, not judged: one may be borrowed, stale, or a number by chance. Which of them hold a reference is
 * decided over all instances of a type at once, from reference counts (src/outlive/heap/hidden.py).
 */
#ifndef OUTLIVE_WALK_HIDDEN_H
#define OUTLIVE_WALK_HIDDEN_H

#include "walk/walker.h"

/* A row: source, target, byte offset of the word in the source; or, where the word there leads to a block of memory,
 * 1 + the byte offset in that block (of the block that this leads to, for one two steps away: see hidden.c). */
typedef struct ol_hidden_word {
  uint32_t source, target, place, in_block;
} ol_hidden_word;

typedef struct ol_hidden_of_type {
  uint32_t count, seen, words;                 /* instances, those passed; words told of their own memory */
  uint32_t blocks_looked_for, words_of_blocks; /* instances whose blocks were looked for; words told of those */
} ol_hidden_of_type;

enum { OL_HIDDEN_POOLS = 1024, OL_HIDDEN_NONE = 4096 };

typedef struct ol_hidden_pool {
  uintptr_t base;
  uint32_t place_bytes, end; /* 0: no pool; else where the places end that have been cut */
} ol_hidden_pool;

typedef struct ol_hidden {
  ol_reserve words; /* ol_hidden_word[word_count] */
  uint32_t word_count;
  uint64_t objects_read, blocks_read;
  uint64_t left_out;     /* objects whose blocks were not looked for, blocks and words beyond the bounds */
  int memory;            /* this process', as a file, while it is read */
  bool cannot_read;      /* memory cannot be read safely here: blocks were not looked at */
  ol_reserve of_types;   /* ol_hidden_of_type[types] */
  ol_reserve known;      /* what `pools` and `no_blocks` stand in */
  ol_hidden_pool *pools; /* [OL_HIDDEN_POOLS], by address: seen before */
  uintptr_t *no_blocks;  /* [OL_HIDDEN_NONE], by address: seen before, and no block begins there */
} ol_hidden;

void ol_hidden_deinit(ol_hidden *hidden);

/* May instances of this type hold references that its traversal does not show? If so *end is where, in bytes from the
 * object, memory ends that C code laid out. */
bool ol_may_hide(const ol_type_info *info, uint32_t *end);

/* Read the noted objects of the walk just taken. Needs the GIL, held since the walk. Reads blocks through the kernel,
 * which refuses what is not there. False: no memory. */
bool ol_hidden_take(const ol_walk *walk, ol_hidden *hidden);

/* Once per process, with the GIL. False with a Python error set. */
bool ol_hidden_learn(void);

#endif
