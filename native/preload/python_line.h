/* The Python line that runs on the calling thread, as a row of a depot of sites (stamps/sites.h).
 *
 * The interpreter is asked nothing that takes a lock, allocates or needs the GIL: the calling thread's own state comes
 * from a thread-specific slot (PyGILState_GetThisThreadState, which reads it and returns), and only that thread moves
 * its frames. So a line is known also where C code has let go of the GIL, as every function called through ctypes has.
 * Refuses: another CPython than the one whose headers this was built with, interpreters that are shutting down,
 * subinterpreters (their threads have no slot), and programs that load libpython later than at start.
 */
#ifndef OUTLIVE_PRELOAD_PYTHON_LINE_H
#define OUTLIVE_PRELOAD_PYTHON_LINE_H

#include "preload/own.h"
#include "stamps/sites.h"

enum { OL_PYTHON_DEPTH = 6, OL_PYTHON_CHAINS = 128 };

/* Chains of lines that this thread saw lately, by a hash over code objects and offsets. Belongs to one thread. */
typedef struct ol_python_memory {
  struct {
    uint64_t hash;
    uint32_t site;
  } chains[OL_PYTHON_CHAINS];
} ol_python_memory;

typedef struct ol_python_lines {
  ol_spin lock;
  bool usable; /* a Python of our version is there, and the depot has memory */
  ol_sites sites;
} ol_python_lines;

/* The version of Python that this was built for, and that of the process (0: none). */
uint32_t ol_python_built_for(void);
uint32_t ol_python_here(void);

void ol_python_lines_init(ol_python_lines *lines);
/* The row of the innermost line, with its callers as parents; 0: no Python runs here, or none that we can read. */
uint32_t ol_python_line(ol_python_lines *lines, ol_python_memory *memory);
/* In the child of a fork: a depot that was being changed is given up. */
void ol_python_lines_after_fork(ol_python_lines *lines);

/* Each piece of the stacks on which the interpreter keeps its frames (3.11 and later): what is alive of it ends at
 * `live_end`, the rest is what was. Only in a process that stands still. */
typedef bool ol_python_stack_visit(void *context, uintptr_t start, uintptr_t live_end, uintptr_t end);
bool ol_python_stacks(const ol_python_lines *lines, ol_python_stack_visit *visit, void *context);

/* An address in the interpreter's code, to know its calls by; 0: none. */
uintptr_t ol_python_code_address(void);

#endif
