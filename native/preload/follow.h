/* Why lost: which event took the last pointer to a block away. Asked for by OUTLIVE_WHY_LOST; theory in follow.c. */
#ifndef OUTLIVE_PRELOAD_FOLLOW_H
#define OUTLIVE_PRELOAD_FOLLOW_H

#include "graph/container.h"
#include "preload/table.h"

extern _Atomic bool ol_following;

/* Reads the environment. */
void ol_follow_begin(void);
/* A block is about to be handed out by the function whose frame pointer is `frame`. */
void ol_follow_born(const ol_block *block, const void *frame);
/* What a new block's memory was before must not be taken for pointers of its own. */
void ol_follow_clear(void *block, size_t size);
/* A block was taken out of the table, and its memory is still whole; `frame` is that of free. */
void ol_follow_freed(const ol_block *gone, const void *frame);
/* realloc: before, with the row that was taken out, and after, with where it is now (NULL: where it was). */
void ol_follow_moving(const ol_block *old);
void ol_follow_moved(const ol_block *old, void *moved, size_t size);
/* Memory in which a watched word may stand goes away: a mapping, or (0, 0) a library. */
void ol_follow_unmapped(uintptr_t start, size_t bytes);
/* This thread is about to leave functions that will not return. */
void ol_follow_jump(void);
void ol_follow_find_jumps(void);
void ol_follow_after_fork(void);

/* In the copy of a look. `live`: sorted by address. */
void ol_follow_report(ol_container_writer *out, const ol_block *live, uint64_t live_count);

#endif
