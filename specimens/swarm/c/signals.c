#include "signals.h"

#include "must.h"

struct signal_watch {
  struct wrapper wrapper;
  uv_signal_t *handle;
  void (*on_signal)(void *owner);
  void *owner; /* borrowed */
};

static void on_raised(uv_signal_t *handle, int number) {
  (void)number;
  struct signal_watch *watch = handle->data;
  watch->on_signal(watch->owner);
}

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
  free(handle);
}

void signal_watch(struct loop *loop, int number, void (*on_signal)(void *owner), void *owner) {
  struct signal_watch *watch = must(calloc(1, sizeof *watch));
  watch->handle = must(calloc(1, sizeof *watch->handle));
  watch->wrapper.on_left = on_closed;
  watch->on_signal = on_signal;
  watch->owner = owner;
  uv_signal_init(&loop->uv, watch->handle);
  watch->handle->data = watch;
  uv_signal_start(watch->handle, on_raised, number);
}
