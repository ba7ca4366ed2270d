/* A library that has libuv of its own: the program that loads it has none. */
#include <stdlib.h>
#include <uv.h>

static void on_closed(uv_handle_t *handle) { free(handle); }

int use_a_loop(int closes) {
  uv_loop_t loop;
  uv_timer_t *timer = calloc(1, sizeof *timer);
  uv_loop_init(&loop);
  uv_timer_init(&loop, timer);
  if (closes) uv_close((uv_handle_t *)timer, on_closed);
  uv_run(&loop, UV_RUN_DEFAULT);
  return uv_loop_close(&loop);
}
