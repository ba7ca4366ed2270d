/* What stands before the C library's functions: the real ones, found once, and the end of the process. */
#ifndef OUTLIVE_PRELOAD_INTERPOSE_H
#define OUTLIVE_PRELOAD_INTERPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OL_EXPORT __attribute__((visibility("default")))

/* The next definition of a function after ours, or NULL. May call the loader, which may call malloc. */
void *ol_next_function(const char *name);

/* Where the real malloc is: whose data holds the lists of what is free. */
uintptr_t ol_allocator_address(void);

/* What was given out before the real functions were found. */
const char *ol_early_store(size_t *ret_bytes);

/* The guard's free for operator delete; `by` is an ol_freed_by. False: it is not guarded, or not ours. */
bool ol_free_deleted(void *block, int by, const void *frame);

/* The process is about to end: one look, if a folder was given; the first call counts. */
void ol_at_end(void);

#endif
