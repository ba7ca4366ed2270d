/* The handles of libuv's loops: who made each, who stopped it, who closed it and with which callback, and what stands open
 * when a loop is to be closed.
 *
 * Theory of operation. In libuv a handle is memory of the program's, which the loop keeps in a list from its init to its
 * close callback. So there are three ways to leave one behind: never close it (uv_loop_close says UV_EBUSY, and the list
 * holds the memory), close it when the loop does not turn any more (the same), or close it with a callback that does
 * not give back what belongs to it. The first two are read from libuv's own list, in the moment in which uv_loop_close
 * refuses; the third is put together by who reads this file and the look at memory of the same end (capture/loops.py).
 *
 * We stand before uv_close, the inits and stops, uv_run and uv_loop_close. No header of libuv is needed: handles and loops
 * are addresses to us, whether one is active is asked of libuv itself, and where the program may have freed a handle
 * already, of a copy of its first bytes that the kernel made. What libuv calls of itself is its own business.
 *
 * The close callback is ours, which notes that it ran and calls the program's: nothing else tells a handle that waits for
 * its callback from one that had it. A handle that has no row here keeps its own callback.
 *
 * Refuses: a libuv that is linked into the program itself (node, uvloop's wheels), for its calls pass nobody.
 *
 * Bounds: OL_HANDLES_MAX handles; the oldest closed one makes room, and is counted. OL_LOOPS_MAX loops.
 * Locks: one, never held while libuv or the program is called.
 */
#ifndef OUTLIVE_PRELOAD_LOOPS_H
#define OUTLIVE_PRELOAD_LOOPS_H

#include "preload/own.h"

enum { OL_HANDLES_MAX = 1 << 14, OL_HANDLE_BUCKETS = 1 << 12, OL_LOOPS_MAX = 64, OL_NO_ROW = 0 };

/* Who called, and when by the recorder's clock. */
typedef struct ol_call {
  uint64_t tick; /* 0: never */
  uint32_t stack, site;
} ol_call;

typedef enum ol_handle_state { OL_HANDLE_FREE, OL_HANDLE_OPEN, OL_HANDLE_CLOSING, OL_HANDLE_CLOSED } ol_handle_state;

typedef void ol_close_callback(void *handle);

typedef struct ol_handle {
  uintptr_t address;
  uintptr_t data;              /* its first word, when it was closed or last seen: the program's own pointer */
  ol_close_callback *callback; /* the program's; NULL: it gave none */
  const char *kind;
  ol_call made, stopped, closed;
  uint64_t ran_tick;             /* when its close callback ran; 0: not yet */
  uint64_t busy_tick;            /* when it was last found in the list of a loop that could not close */
  uint32_t serial, next, before; /* rows of the same bucket */
  uint32_t loop;                 /* its serial; 0: not known */
  int pid;                       /* of the process that made it */
  ol_handle_state state;
  bool active; /* as last asked */
} ol_handle;

typedef struct ol_loop {
  uintptr_t address;
  uint32_t serial;      /* 0: an empty row */
  int pid;              /* of the process that was first seen to use it */
  uint64_t turned_tick; /* when uv_run last returned */
  uint64_t turns;
  ol_call closing; /* the last uv_loop_close */
  int result;      /* of it */
  uint32_t refusals;
  uint32_t left; /* handles in its list when it last refused */
} ol_loop;

typedef struct ol_loops {
  ol_spin lock;
  ol_handle *handles; /* row 0 is no row */
  uint32_t *buckets;
  uint32_t cursor, serial, loop_serial;
  ol_loop loops[OL_LOOPS_MAX];
  uint64_t forgotten; /* closed handles that made room */
  uint64_t refused;   /* handles without a row */
} ol_loops;

extern ol_loops ol_loops_now;

/* False: no memory, nothing is recorded here, or the holder does not let go. */
bool ol_loops_lock(void);
bool ol_loops_try_lock(void);
void ol_loops_unlock(void);

/* All of these need the lock. */
ol_handle *ol_handle_at(uintptr_t address);         /* the youngest of this address, or NULL */
ol_handle *ol_handle_closing_at(uintptr_t address); /* the youngest that waits for its callback, or NULL */
ol_handle *ol_handle_new(uintptr_t address, uintptr_t loop, const char *kind);
ol_loop *ol_loop_at(uintptr_t address);  /* the youngest of this address, begun where there is none; NULL: no room */
ol_loop *ol_loop_new(uintptr_t address); /* what stood there is another, and is remembered if it could not close */

/* A mistake that is told at once: the program may not live much longer. Takes the lock. */
void ol_loops_write_double_close(const ol_handle *handle, const ol_call *again, bool in_callback);
/* What is known of all loops, or (loop != 0) of one. Appends to loops-<pid>.txt in the recorder's folder. Takes the lock. */
void ol_loops_write(const char *why, uintptr_t loop);
/* The same, for the end of the process: with what handles that are open look like now. */
void ol_loops_at_end(void);

/* Libraries came or went: look for libuv again. */
void ol_loops_forget_libraries(void);
/* In the child of a fork. */
void ol_loops_after_fork(void);

#endif
