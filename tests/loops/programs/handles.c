/* Handles of libuv, left behind in the way that the first argument names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

struct wrapper {
  void *handle;
  char name[48];
};

static int closed;

static void free_both(uv_handle_t *handle) {
  closed++;
  free(handle->data);
  free(handle);
}
static void free_handle(uv_handle_t *handle) {
  closed++;
  free(handle);
}
static void free_in_another_way(uv_handle_t *handle) {
  struct wrapper *wrapper = handle->data;
  wrapper->handle = NULL;
  free_both(handle);
}
static void close_again(uv_handle_t *handle) { uv_close(handle, NULL); }
static void on_tick(uv_timer_t *timer) { (void)timer; }
static void stop_loop(uv_timer_t *timer) { uv_stop(timer->loop); }
static void work(uv_work_t *request) { (void)request; }
static void worked(uv_work_t *request, int status) { (void)request, (void)status; }

static __attribute__((noinline)) uv_timer_t *make(uv_loop_t *loop) {
  uv_timer_t *timer = calloc(1, sizeof *timer);
  struct wrapper *wrapper = calloc(1, sizeof *wrapper);
  uv_timer_init(loop, timer);
  timer->data = wrapper;
  wrapper->handle = timer;
  return timer;
}
static __attribute__((noinline)) void close_with(uv_timer_t *timer, uv_close_cb callback) {
  uv_close((uv_handle_t *)timer, callback);
}

static void make_and_close(uv_loop_t *loop, int count, uv_close_cb callback) {
  for (int i = 0; i < count; i++) close_with(make(loop), callback);
}

/* What stood on the stack and in registers holds nothing. */
static __attribute__((noinline)) void wipe(void) {
  volatile char dirt[4096];
  for (unsigned i = 0; i < sizeof dirt; i++) dirt[i] = 0;
}

static __attribute__((noinline)) void leave(uv_loop_t *loop, const char *how) {
  static uv_work_t request;
  if (strcmp(how, "right") == 0) make_and_close(loop, 5, free_both);
  if (strcmp(how, "no-callback") == 0) make_and_close(loop, 3, free_both), make_and_close(loop, 4, NULL);
  if (strcmp(how, "only-no-callback") == 0) make_and_close(loop, 4, NULL);
  if (strcmp(how, "other-callback") == 0) make_and_close(loop, 3, free_both), make_and_close(loop, 4, free_handle);
  if (strcmp(how, "other-way") == 0) make_and_close(loop, 3, free_both), make_and_close(loop, 4, free_in_another_way);
  if (strcmp(how, "active") == 0)
    for (int i = 0; i < 2; i++) uv_timer_start(make(loop), on_tick, 100000, 0);
  if (strcmp(how, "stopped") == 0)
    for (int i = 0; i < 3; i++) {
      uv_timer_t *timer = make(loop);
      uv_timer_start(timer, on_tick, 100000, 0);
      uv_timer_stop(timer);
    }
  if (strcmp(how, "idle") == 0) uv_timer_start(make(loop), on_tick, 0, 0);
  if (strcmp(how, "never-started") == 0) (void)make(loop);
  if (strcmp(how, "own-callback") == 0) close_with(make(loop), close_again);
  if (strcmp(how, "twice") == 0) {
    uv_timer_t *timer = make(loop);
    close_with(timer, free_both);
    close_with(timer, free_both);
  }
  if (strcmp(how, "left-early") == 0) {
    uv_timer_start(make(loop), stop_loop, 0, 0);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_walk(loop, (uv_walk_cb)(void *)close_with, free_both);
    uv_stop(loop);
  }
  if (strcmp(how, "request") == 0) uv_queue_work(loop, &request, work, worked);
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "right";
  uv_loop_t loop;
  uv_loop_init(&loop);
  if (strcmp(how, "alive") == 0) {
    uv_timer_stop(make(&loop));
    return 0;
  }
  leave(&loop, how);
  if (strcmp(how, "active") == 0) uv_run(&loop, UV_RUN_NOWAIT);
  else if (strcmp(how, "request") != 0) uv_run(&loop, UV_RUN_DEFAULT);
  uv_udp_t *late = NULL;
  if (strcmp(how, "after-drain") == 0) {
    late = calloc(1, sizeof *late);
    uv_udp_init(&loop, late);
    uv_close((uv_handle_t *)late, free_handle);
  }
  if (strcmp(how, "second-try") == 0) {
    uv_timer_t *timer = make(&loop);
    if (uv_loop_close(&loop) != UV_EBUSY) return 3;
    close_with(timer, free_both);
    uv_run(&loop, UV_RUN_DEFAULT);
  }
  if (strcmp(how, "fork") == 0) {
    uv_timer_t *timer = make(&loop);
    int child = fork();
    if (child == 0) exit(uv_loop_close(&loop) == UV_EBUSY ? 0 : 4);
    int status;
    waitpid(child, &status, 0);
    if (status != 0) return 5;
    close_with(timer, free_both);
    uv_run(&loop, UV_RUN_DEFAULT);
  }
  int result = uv_loop_close(&loop);
  wipe();
  printf("closed %d, %s\n", closed, result == 0 ? "free" : uv_err_name(result));
  return 0;
}
