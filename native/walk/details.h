/* What a walk's nodes tell beside their references: states, lines, what a weak reference is of, and names to keep.
 *
 * For detailed walks only (ol_type_table.detailed): they note the nodes that have something to tell as they pass them.
 */
#ifndef OUTLIVE_WALK_DETAILS_H
#define OUTLIVE_WALK_DETAILS_H

#include "walk/walker.h"

typedef struct ol_rows {
  ol_reserve values; /* uint32_t[count][width] */
  uint32_t count;
} ol_rows;

typedef struct ol_details {
  ol_rows states;     /* node, ol_state */
  ol_rows code_lines; /* node of a code object or function, its first line */
  ol_rows frames;     /* node of a frame or of what owns one, its code's node, the line where it stands */
  ol_rows weak;       /* node of a weak reference, node of what it is of */
  ol_rows waits;      /* node of a thread, node of the lock that it waits for without a time limit */
  ol_rows locks;      /* node of a locked lock, its semaphore's address in two halves; not written */
} ol_details;

void ol_details_deinit(ol_details *details);

/* One more row of `width` numbers. False: no memory. */
bool ol_details_add(ol_rows *rows, uint32_t width, const uint32_t *values);

/* Fill `details` from the walk just taken, and ask for the texts of variables' names, modules' files, threads' names and
 * the singletons. Needs the GIL, still held since the walk; runs no Python. False: no memory. */
bool ol_details_take(ol_walk *walk, ol_details *details);

/* Once per process, with the GIL. False with a Python error set. */
bool ol_details_learn(void);

#endif
