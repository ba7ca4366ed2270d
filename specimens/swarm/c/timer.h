/* A timer: a libuv handle and 32 bytes around it. `timer_stop` only stops; `timer_close` gives both back. */
#ifndef SWARM_TIMER_H
#define SWARM_TIMER_H

#include "loop.h"

struct timer {
  struct wrapper wrapper; /* on_left is NULL: who made a timer closes it */
  uv_timer_t *handle;
  void (*on_tick)(void *owner);
  void *owner; /* borrowed */
};

/* A new timer, not started. The caller owns it: `timer_close`. */
struct timer *timer_open(struct loop *loop, void (*on_tick)(void *owner), void *owner);

/* A timer that serves other things and does not keep the loop alive by itself. */
void timer_unref(struct timer *timer);

/* Ticks after so long, then every so long; 0 for only once. */
void timer_start(struct timer *timer, uint64_t after_ms, uint64_t every_ms);
void timer_stop(struct timer *timer);

/* Handle and wrapper are freed by the loop's next turn. The timer must not be used after this. */
void timer_close(struct timer *timer);

#endif
