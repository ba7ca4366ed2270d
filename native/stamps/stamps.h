/* Stamps: when and where each object was made, noted at its making. One set a process.
 *
 *   tick    a number that the watcher sets: which step runs now
 *   site    the line of Python code that runs now (with `depth` above 1: and the lines that called it)
 *   scope   a number that the running context carries (scope.h); part of the site (scoped.h)
 *   stamp   all of it, kept by the object's address (sheet.h)
 *   mode    how makings are noticed:
 *           *tracer*     3.13 on: PyRefTracer tells of every object, those from free lists included. Stamped by the
 *                        object's address. Only makings are used: of unmakings 3.13.0 to 3.13.2 do not tell all.
 *           *allocator*  before, or where somebody else has the one tracer there is (tracemalloc): the allocator of
 *                        objects is wrapped. Stamped by the *block's* address, since a block does not say how large
 *                        the header before its object will be. An object from a free list keeps the stamp of the one
 *                        before it: approximate.
 *
 * What the hooks never do: allocate through what they hook, take a reference, run Python, raise, wait, print. They run
 * with the GIL; an object that another interpreter (or a thread without the GIL) makes is stamped "unknown". A forked
 * child goes on stamping for itself. If either hook is taken away by somebody else, that is noticed at the next tick
 * and said (`lost_at`): what was made meanwhile may wear an earlier object's stamp.
 */
#ifndef OUTLIVE_STAMPS_STAMPS_H
#define OUTLIVE_STAMPS_STAMPS_H

#include "stamps/chains.h"
#include "stamps/scoped.h"
#include "stamps/sheet.h"
#include "stamps/sites.h"
#include "walk/cpython.h"

enum { OL_STAMP_DEPTH_MAX = 64, OL_THROUGH_MAX = 8, OL_THROUGH_FRAMES_MAX = 6 };
enum { OL_TICK_UNKNOWN = 0, OL_TICK_SETUP = 1, OL_TICK_BETWEEN = 0xffffffffu };

typedef enum ol_stamps_mode { OL_STAMPS_OFF = 0, OL_STAMPS_TRACER = 1, OL_STAMPS_ALLOCATOR = 2 } ol_stamps_mode;

typedef struct ol_stamps {
  ol_stamps_mode mode;
  uint32_t tick;
  uint32_t depth;
  bool sparse;                /* only what may have to end is stamped: sparse.h */
  PyInterpreterState *interp; /* the one whose objects are stamped */
  ol_sheet sheet;
  ol_sites sites;
  ol_scoped scoped;
  ol_chains chains;
  PyObject *scope_variable;            /* an exact ContextVar, NULL: no scopes. Borrowed from the binding */
  bool tracer_taken;                   /* somebody else had or took the tracer */
  bool lost;                           /* a hook was taken away */
  uint32_t lost_at;                    /* the tick that ran when a hook was found gone */
  uint64_t unstamped_count;            /* objects for which there was no room */
  const char *ours;                    /* folder of code that is passed over, "": none. Borrowed */
  const char *through[OL_THROUGH_MAX]; /* folders of libraries: see ol_stamps_look_through. Borrowed */
  uint32_t through_count;
  const char *watcher; /* folder of code that ends the chain of callers, "": none. Borrowed */
} ol_stamps;

/* Read freely with the GIL; changed only by the functions below. */
extern ol_stamps ol_stamps_now;

/* Begin. `sparse`: stamp only what may have to end (sparse.h). Allocator mode is taken when asked for, and where no tracer is free. `ours` and `watcher` must live until
 * stop. False: no memory, nothing is changed. Needs the GIL, and mode OFF. */
bool ol_stamps_start(uint32_t depth, bool by_allocator, bool sparse, const char *ours, const char *watcher);

/* Lines in these folders, and in frozen modules, do not count as one of the `depth` lines that are kept: the lines that
 * called them are kept, too, out to the first one elsewhere, or OL_THROUGH_FRAMES_MAX in all (or `depth`, if that is more). So who makes a task has
 * a line of their own, not the loop's only. The texts must live until stop. Only in mode OFF, after it until stop. */
void ol_stamps_look_through(const char *const *folders, uint32_t count);

/* Whether a file lies there. */
bool ol_stamps_is_through(const char *file, size_t length);

/* End, and forget everything. Where somebody wrapped the allocator after us, our wrapper stays and only passes on. */
void ol_stamps_stop(void);

/* Keep so many lines of what is made from now on. */
void ol_stamps_deepen(uint32_t depth);

/* A new tick; looks after the hooks first. */
void ol_stamps_tick(uint32_t tick);

/* Address space taken in bytes. */
uint64_t ol_stamps_mapped_bytes(void);

/* What a stamp says. */
static inline uint32_t ol_stamp_tick(uint64_t stamp) { return (uint32_t)(stamp >> 32); }
static inline ol_scoped_row ol_stamp_place(uint64_t stamp) {
  return ol_scoped_read(&ol_stamps_now.scoped, (uint32_t)stamp);
}

/* What may stand at the address of an instance of a type: its own stamp, or one that is not its own. */
bool ol_stamps_are_worn_by(PyTypeObject *type);

/* The stamp of a living object, of a type that wears stamps, that puts so many bytes before it; 0: unknown. */
uint64_t ol_stamp_of(uintptr_t object, size_t preheader_bytes);

#endif
