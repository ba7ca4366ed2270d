/* A watch over what is allocated through Python's allocators and stays: by whom, in Python and in native code.
 *
 * Theory of operation. For a short while the three domains of PyMem (raw, mem, object) are wrapped. Each block that is
 * taken gets a *group*: the Python lines that run, its size and its domain. Blocks that come and go leave a group with
 * none alive, and cost only that. A group that keeps some is looked at closer: from its third live block on, the native
 * stack is unwound, too, and kept beside the block. So unwinding, which is dear, is spent on what stays.
 *
 * What is not seen: blocks taken before the watch; memory that native code takes from malloc itself.
 *
 * What it does to the program: some 0.13 us a block, some 7 us where the native stack is unwound. Code objects whose
 * lines are told are kept alive until the watch is forgotten. Nothing is recorded in a forked child. One watch at a
 * time; begin, end and tell need the GIL, the wrapped allocators take whatever the original ones take.
 */
#ifndef OUTLIVE_ALLOCATIONS_WATCH_H
#define OUTLIVE_ALLOCATIONS_WATCH_H

#include "allocations/live.h"
#include "allocations/stacks.h"
#include "walk/cpython.h"

enum { OL_WATCH_LINES = 12, OL_WATCH_NATIVE = 32, OL_WATCH_GROUPS_MAX = OL_STACKS_MAX };

typedef struct ol_watch_group {
  uint32_t alive, lines;
  uint64_t size;
} ol_watch_group;

typedef struct ol_watch {
  ol_live live;
  ol_stacks lines;    /* (code object, byte offset) of each Python frame, innermost first */
  ol_stacks groups;   /* (lines, size, domain) */
  ol_stacks native;   /* return addresses */
  ol_reserve tallies; /* ol_watch_group[groups.count] */
  uint64_t seen, missed;
} ol_watch;

extern ol_watch ol_the_watch;

/* False: no memory, a watch that is on or not forgotten, or one whose wrappers somebody else has wrapped. */
bool ol_watch_begin(void);

/* Take the wrappers off. What was found stays, until it is forgotten. */
void ol_watch_end(void);
void ol_watch_forget(void);

#endif
