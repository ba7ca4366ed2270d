#include "loop.h"

#include "fault.h"
#include "must.h"

struct loop *loop_create(void) {
  struct loop *loop = must(calloc(1, sizeof *loop));
  if (uv_loop_init(&loop->uv) != 0) abort();
  return loop;
}

void loop_run(struct loop *loop) { uv_run(&loop->uv, UV_RUN_DEFAULT); }

void loop_stop(struct loop *loop) { uv_stop(&loop->uv); }

static void close_left(uv_handle_t *handle, void *unused) {
  (void)unused;
  const struct wrapper *wrapper = handle->data;
  if (wrapper->on_left == NULL || uv_is_closing(handle)) return;
  if (fault(FAULT_LOST_CLOSE_CALLBACK)) {
    uv_close(handle, NULL);
    return;
  }
  uv_close(handle, wrapper->on_left);
}

void loop_close_leftovers(struct loop *loop) {
  uv_walk(&loop->uv, close_left, NULL);
  loop_run(loop);
}

int loop_free(struct loop *loop) {
  int busy = uv_loop_close(&loop->uv);
  free(loop);
  return busy;
}
