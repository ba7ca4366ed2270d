/* One libuv loop, and who closes which handle.
 *
 * Every handle lies on the heap, made together with a small wrapper; `handle->data` is the wrapper, and the wrapper's
 * first member is `on_left`. A component closes its own handles when it ends, with the wrapper's own close function:
 * for these `on_left` is NULL. What nobody can be asked to close (dials in progress, signals) names there the close
 * callback that frees handle and wrapper, and `loop_close_leftovers` uses it. */
#ifndef SWARM_LOOP_H
#define SWARM_LOOP_H

#include <uv.h>

struct loop {
  uv_loop_t uv;
};

struct wrapper {
  uv_close_cb on_left;
};

/* A new loop. The caller owns it: `loop_free`. */
struct loop *loop_create(void);

/* Serves handles until `loop_stop`, or until nothing is left to wait for. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Closes what is left to the loop, and runs until every close callback has been called. */
void loop_close_leftovers(struct loop *loop);

/* Frees the loop. Returns 0, or UV_EBUSY when handles were still open: these are lost then. */
int loop_free(struct loop *loop);

#endif
