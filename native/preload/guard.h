/* The guard: memory that is used wrongly, told in the moment in which it shows, with who made it and who freed it.
 *
 * Theory of operation, full guard. What the program frees is not freed: it is filled with a pattern that nobody can
 * take for something else (guard_fill.h) and kept (guard_kept.h) until it is the oldest beyond a bound; then the fill
 * is looked at, and the memory given back. So a second free, or a free of something within, meets a block that is known;
 * a write leaves its trace in the fill; and who reads gets the fill, which breaks as text and as a pointer, and which
 * says by its digits which block it was. Each block is asked for a few bytes larger than wanted, and what is over carries
 * a seal that an overrun breaks. An address that is no block of ours is judged by what it is (guard_judge.c): only where
 * that is certain the program is told of, and the free is swallowed; of everything else the C library decides, as without
 * us.
 *
 * Sampled guard: one allocation in some thousands has pages of its own (guard_pages.h); nothing else is touched.
 *
 * What is found goes to `broken-<pid>.txt` in the recorder's folder (guard_report.h). The program goes on wherever
 * going on is defined: a wrong free is swallowed, a page that was touched is opened. Where it cannot, whatever would have
 * happened happens.
 *
 * Refuses: a program whose allocator is not the C library's, a recorder that is not exact (full), one without a folder.
 */
#ifndef OUTLIVE_PRELOAD_GUARD_H
#define OUTLIVE_PRELOAD_GUARD_H

#include "preload/record.h"

typedef enum ol_guard_mode { OL_GUARD_OFF, OL_GUARD_FULL, OL_GUARD_SAMPLED } ol_guard_mode;

/* How the program gave a block back. */
typedef enum ol_freed_by {
  OL_FREED_BY_FREE,
  OL_FREED_BY_DELETE,
  OL_FREED_BY_DELETE_ARRAY,
  OL_FREED_BY_REALLOC
} ol_freed_by;

/* The C library's. */
typedef struct ol_allocator {
  void *(*malloc)(size_t);
  void *(*realloc)(void *, size_t);
  void (*free)(void *);
  size_t (*usable)(void *);
} ol_allocator;

enum { OL_GUARD_TAIL = 8, OL_GUARD_SEAL_MAX = 32 };

extern int ol_guard_now; /* ol_guard_mode; written once, before there are threads */
extern ol_allocator ol_guard_allocator;

static inline bool ol_guarding(void) { return __builtin_expect(ol_guard_now != OL_GUARD_OFF, 0); }
static inline bool ol_guarding_all(void) { return __builtin_expect(ol_guard_now == OL_GUARD_FULL, 0); }

/* "full", "full:64M", "sampled", "sampled:2000"; NULL: off. The recorder is configured already. */
void ol_guard_configure(const char *settings, const ol_allocator *allocator);

/* How many bytes to ask the C library for. */
static inline size_t ol_guard_bytes(size_t size) {
  return ol_guarding_all() && size < (size_t)-1 / 2 ? size + OL_GUARD_TAIL : size;
}

/* Seal what the block has over. */
void ol_guard_seal(void *block, size_t size);

/* Sampled: a block on pages of its own, zero, or NULL, which most of the time it is. */
void *ol_guard_page(size_t size, const void *frame);

/* A block that the program frees, and its row where the recorder had one. True: it is dealt with, and not to be freed. */
bool ol_guard_free(void *block, const ol_block *row, ol_freed_by by, const void *frame);

/* realloc, all of it; `*ret` is what the program gets. False: the C library's is to be called. */
bool ol_guard_resize(void *block, size_t size, const ol_block *row, const void *frame, void **ret);

/* The bytes that the program asked for. False: not known. */
bool ol_guard_usable(void *block, size_t *ret);

/* Look at everything that is kept, and at the seals of what is alive. */
void ol_guard_check(void);
void ol_guard_after_fork(void);

#endif
