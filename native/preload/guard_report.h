/* What the guard found, one line each, in `broken-<pid>.txt` of the recorder's folder (docs/reference/broken-format.md).
 *
 * A line is written with one call of write, to a file opened for it: whatever becomes of the program, lines before stand.
 * The same mistake (kind, who made, who freed, who used) is one line, and then a count of how often it was seen.
 * Bounds: OL_BROKEN_MAX mistakes, OL_BROKEN_LINE bytes a line. Allocates nothing. The
 * caller is inside of the recorder (record.h), and holds no lock.
 */
#ifndef OUTLIVE_PRELOAD_GUARD_REPORT_H
#define OUTLIVE_PRELOAD_GUARD_REPORT_H

#include "preload/record.h"

enum { OL_BROKEN_MAX = 1024, OL_BROKEN_LINE = 32 << 10, OL_BROKEN_CALLS = 3 };

typedef struct ol_broken_call {
  const char *role; /* made, freed, used */
  uint32_t thread, stack, site;
  const uintptr_t *frames; /* where it has no number in the recorder's stacks */
  uint32_t frame_count;
} ol_broken_call;

typedef struct ol_broken {
  const char *kind;
  const char *words; /* what is special about it; no control characters */
  uintptr_t address;
  uint64_t size, offset;
  const uint8_t *bytes; /* what stood there */
  uint32_t byte_count;
  uint32_t call_count;
  ol_broken_call calls[OL_BROKEN_CALLS];
} ol_broken;

static inline ol_broken_call ol_broken_made(const ol_block *block) {
  return (ol_broken_call){.role = "made", .thread = block->thread, .stack = block->stack, .site = block->site};
}

/* False: it could not be written. */
bool ol_broken_tell(const ol_broken *broken);
/* Counts that are not in the file yet. */
void ol_broken_flush(void);
void ol_broken_after_fork(void);

#endif
