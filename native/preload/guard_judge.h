/* What an address is that the program gives back and that is no living block of ours; and which part of a stack says what.
 *
 * Certain, and told: it was freed already and is kept; it is the fill itself; it lies within a block that lives, or that
 * is kept; in an arena of Python's allocator or another mapping that somebody made with mmap; on the stack; in a program's
 * or library's data; at an address at which no block begins. That it was freed long ago is told where the recorder missed
 * nothing. Everything else is no business of ours: a block from before the recorder began, or from a part of the
 * C library that we do not see.
 */
#ifndef OUTLIVE_PRELOAD_GUARD_JUDGE_H
#define OUTLIVE_PRELOAD_GUARD_JUDGE_H

#include "preload/guard.h"
#include "preload/guard_kept.h"
#include "preload/guard_report.h"

/* True: it was told, and must not reach the C library. The caller is inside of the recorder. */
bool ol_judge_free(uintptr_t address, ol_freed_by by, const ol_block *used);

ol_broken_call ol_judge_freed(const ol_kept *kept);

/* Is the innermost function of this stack somebody's own operator new or delete? */
bool ol_judge_is_operator(uint32_t stack);

#endif
