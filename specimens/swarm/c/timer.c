#include "timer.h"

#include "must.h"

static void on_fired(uv_timer_t *handle) {
  struct timer *timer = handle->data;
  timer->on_tick(timer->owner);
}

struct timer *timer_open(struct loop *loop, void (*on_tick)(void *owner), void *owner) {
  struct timer *timer = must(calloc(1, sizeof *timer));
  timer->handle = must(calloc(1, sizeof *timer->handle));
  timer->on_tick = on_tick;
  timer->owner = owner;
  uv_timer_init(&loop->uv, timer->handle);
  timer->handle->data = timer;
  return timer;
}

void timer_unref(struct timer *timer) { uv_unref((uv_handle_t *)timer->handle); }

void timer_start(struct timer *timer, uint64_t after_ms, uint64_t every_ms) {
  uv_timer_start(timer->handle, on_fired, after_ms, every_ms);
}

void timer_stop(struct timer *timer) { uv_timer_stop(timer->handle); }

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
  free(handle);
}

void timer_close(struct timer *timer) { uv_close((uv_handle_t *)timer->handle, on_closed); }
