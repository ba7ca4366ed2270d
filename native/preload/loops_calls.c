/* What stands before libuv's functions: pass on what was asked for, then tell the book. Without a libuv, which only who looked
 * for one can meet, the answer is UV_ENOSYS. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "preload/interpose.h"
#include "preload/loops.h"
#include "preload/loops_libuv.h"
#include "preload/record.h"

enum { UV_EBUSY_HERE = -EBUSY, UV_ENOSYS_HERE = -ENOSYS, COPY_BYTES = 256, COPY_NEEDS = 96 };

#define REAL(uv, name, type) ((type)(uv).real[NUMBER_##name])
#define HERE ol_libuv_for(__builtin_extract_return_addr(__builtin_return_address(0)))
#define FRAME __builtin_frame_address(0)

typedef int asks(const void *handle);

static bool says(const ol_libuv *uv, int function, const void *handle) {
  asks *real = (asks *)uv->real[function];
  return real != NULL && real(handle) != 0;
}

/* The first bytes of a handle which may have been freed. */
static bool copied(uintptr_t handle, void *ret) {
  struct iovec to = {ret, COPY_BYTES}, from = {(void *)handle, COPY_BYTES};
  int program_errno = errno;
  ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
  errno = program_errno;
  return got >= COPY_NEEDS;
}

static ol_call who_calls(const void *frame) {
  ol_block call;
  if (!ol_recording() || !ol_note_call(frame, &call)) return (ol_call){.tick = 0};
  return (ol_call){.tick = call.tick, .stack = call.stack, .site = call.site};
}

/* ---- a handle begins ---- */

/* `before`: the clock when the program called. One init of libuv may jump into another, which has noted it already. */
static void note_made(const char *kind, void *loop, void *handle, uint64_t before, const void *frame) {
  ol_call made = who_calls(frame);
  if (made.tick == 0 || !ol_loops_lock()) return;
  ol_handle *row = ol_handle_at((uintptr_t)handle);
  bool is_noted = row != NULL && row->state == OL_HANDLE_OPEN && row->made.tick > before;
  if (!is_noted) row = ol_handle_new((uintptr_t)handle, (uintptr_t)loop, kind);
  if (row != NULL && !is_noted) row->made = made;
  ol_loops_unlock();
}

/* Two more arguments than any init has, in registers: who takes fewer does not look at them. */
typedef int begins(void *loop, void *handle, uintptr_t first, uintptr_t second);

#define INIT(name, kind, also_when_it_fails)                                        \
  OL_EXPORT int name(void *loop, void *handle, uintptr_t first, uintptr_t second) { \
    ol_libuv uv = HERE;                                                             \
    begins *real = REAL(uv, name, begins *);                                        \
    if (real == NULL) return UV_ENOSYS_HERE;                                        \
    uint64_t before = atomic_load(&ol_recorder_now.tick);                           \
    int result = real(loop, handle, first, second);                                 \
    bool begun = result == 0 || (also_when_it_fails);                               \
    if (begun && !uv.is_libuv) note_made(kind, loop, handle, before, FRAME);        \
    return result;                                                                  \
  }
INIT(uv_timer_init, "timer", false)
INIT(uv_tcp_init, "tcp", false)
INIT(uv_tcp_init_ex, "tcp", false)
INIT(uv_udp_init, "udp", false)
INIT(uv_udp_init_ex, "udp", false)
INIT(uv_pipe_init, "pipe", false)
INIT(uv_tty_init, "tty", false)
INIT(uv_poll_init, "poll", false)
INIT(uv_poll_init_socket, "poll", false)
INIT(uv_signal_init, "signal", false)
INIT(uv_idle_init, "idle", false)
INIT(uv_prepare_init, "prepare", false)
INIT(uv_check_init, "check", false)
INIT(uv_async_init, "async", false)
INIT(uv_fs_event_init, "fs_event", false)
INIT(uv_fs_poll_init, "fs_poll", false)
INIT(uv_spawn, "process", true) /* a process that cannot be started has a handle all the same */

/* ---- it stops ---- */

static void note_stopped(void *handle, const void *frame) {
  ol_call stopped = who_calls(frame);
  if (stopped.tick == 0 || !ol_loops_lock()) return;
  ol_handle *row = ol_handle_at((uintptr_t)handle);
  if (row != NULL) row->stopped = stopped;
  ol_loops_unlock();
}

#define STOP(name)                                                            \
  OL_EXPORT int name(void *handle) {                                          \
    ol_libuv uv = HERE;                                                       \
    asks *real = REAL(uv, name, asks *);                                      \
    if (real == NULL) return UV_ENOSYS_HERE;                                  \
    bool was_active = !uv.is_libuv && says(&uv, NUMBER_uv_is_active, handle); \
    int result = real(handle);                                                \
    if (was_active) note_stopped(handle, FRAME);                              \
    return result;                                                            \
  }
STOP(uv_timer_stop)
STOP(uv_read_stop)
STOP(uv_udp_recv_stop)
STOP(uv_signal_stop)
STOP(uv_poll_stop)
STOP(uv_idle_stop)
STOP(uv_prepare_stop)
STOP(uv_check_stop)
STOP(uv_fs_event_stop)
STOP(uv_fs_poll_stop)

/* ---- it is closed ---- */

/* The handle whose close callback this thread is in. */
static __thread void *in_callback_of __attribute__((tls_model("initial-exec")));

static void on_closed(void *handle) {
  ol_close_callback *callback = NULL;
  (void)ol_is_our_process();         /* opens the lock in the child of a fork */
  bool locked = ol_loops_try_lock(); /* without the question whether we record: the callback must be called */
  ol_handle *row = ol_handle_closing_at((uintptr_t)handle);
  if (row != NULL) {
    callback = row->callback;
    row->state = OL_HANDLE_CLOSED;
    row->ran_tick = atomic_load(&ol_recorder_now.tick) + 1;
  }
  if (locked) ol_loops_unlock();
  void *outer = in_callback_of;
  in_callback_of = handle;
  if (callback != NULL) callback(handle);
  in_callback_of = outer;
}

static bool note_closed(ol_handle *row, void *handle, ol_close_callback *callback, ol_call closed) {
  row->closed = closed;
  row->callback = callback;
  row->data = *(uintptr_t *)handle;
  row->state = OL_HANDLE_CLOSING;
  return true;
}

/* Closed already, by the book and by what stands in the handle: a handle whose memory serves another is not. */
static bool is_closed_again(const ol_libuv *uv, const ol_handle *row, const void *handle) {
  char copy[COPY_BYTES] __attribute__((aligned(16)));
  return row->state != OL_HANDLE_OPEN && row->closed.tick != 0 && copied((uintptr_t)handle, copy) &&
         says(uv, NUMBER_uv_is_closing, copy);
}

/* True: the callback that libuv is to call is ours. */
static bool closes(const ol_libuv *uv, void *handle, ol_close_callback *callback, const void *frame) {
  ol_call closed = who_calls(frame);
  if (closed.tick == 0 || !ol_loops_lock()) return false;
  ol_handle *row = ol_handle_at((uintptr_t)handle), before;
  bool again = row != NULL && is_closed_again(uv, row, handle), noted = false;
  if (again) before = *row;
  else if (row != NULL && row->state == OL_HANDLE_OPEN) noted = note_closed(row, handle, callback, closed);
  ol_loops_unlock();
  if (again) ol_loops_write_double_close(&before, &closed, in_callback_of == handle);
  return noted;
}

OL_EXPORT void uv_close(void *handle, ol_close_callback *callback) {
  ol_libuv uv = HERE;
  void (*real)(void *, ol_close_callback *) = REAL(uv, uv_close, void (*)(void *, ol_close_callback *));
  if (real == NULL) return;
  real(handle, closes(&uv, handle, callback, FRAME) ? on_closed : callback);
}

/* ---- the loop ---- */

OL_EXPORT int uv_run(void *loop, int mode) {
  ol_libuv uv = HERE;
  int (*real)(void *, int) = REAL(uv, uv_run, int (*)(void *, int));
  if (real == NULL) return UV_ENOSYS_HERE;
  int result = real(loop, mode);
  if (ol_loops_now.handles != NULL && ol_loops_lock()) {
    ol_loop *row = ol_loop_at((uintptr_t)loop);
    if (row != NULL) {
      row->turned_tick = atomic_fetch_add(&ol_recorder_now.tick, 1) + 1;
      row->turns++;
    }
    ol_loops_unlock();
  }
  return result;
}

OL_EXPORT int uv_loop_init(void *loop) {
  ol_libuv uv = HERE;
  asks *real = REAL(uv, uv_loop_init, asks *);
  if (real == NULL) return UV_ENOSYS_HERE;
  int result = real(loop);
  if (result == 0 && ol_loops_lock()) {
    (void)ol_loop_new((uintptr_t)loop);
    ol_loops_unlock();
  }
  return result;
}

static const char *kind_of(const ol_libuv *uv, const void *handle) {
  int (*type)(const void *) = REAL(*uv, uv_handle_get_type, int (*)(const void *));
  const char *(*name)(int) = REAL(*uv, uv_handle_type_name, const char *(*)(int));
  const char *kind = type == NULL || name == NULL ? NULL : name(type(handle));
  return kind == NULL ? "handle" : kind;
}

typedef struct walk {
  const ol_libuv *uv;
  uintptr_t loop;
  uint64_t tick;
  uint32_t left;
} walk;

/* Of a loop that could not close: libuv's own list says what is still there. */
static void note_left(void *handle, void *context) {
  walk *now = context;
  bool active = says(now->uv, NUMBER_uv_is_active, handle), closing = says(now->uv, NUMBER_uv_is_closing, handle);
  const char *kind = kind_of(now->uv, handle);
  now->left++;
  if (!ol_loops_lock()) return;
  ol_handle *row = ol_handle_at((uintptr_t)handle);
  if (row == NULL || row->state == OL_HANDLE_CLOSED) row = ol_handle_new((uintptr_t)handle, now->loop, kind);
  if (row != NULL) {
    row->busy_tick = now->tick;
    row->active = active;
    row->data = *(uintptr_t *)handle;
    if (closing) row->state = OL_HANDLE_CLOSING;
  }
  ol_loops_unlock();
}

static void note_refused(const ol_libuv *uv, void *loop, const void *frame, int result) {
  enum { TOLD_AT_ONCE = 4 };
  ol_call closing = who_calls(frame);
  if (closing.tick == 0) return;
  walk now = {.uv = uv, .loop = (uintptr_t)loop, .tick = closing.tick};
  void (*real_walk)(void *, void (*)(void *, void *), void *) =
      REAL(*uv, uv_walk, void (*)(void *, void (*)(void *, void *), void *));
  if (result == UV_EBUSY_HERE && real_walk != NULL) real_walk(loop, note_left, &now);
  if (!ol_loops_lock()) return;
  ol_loop *row = ol_loop_at((uintptr_t)loop);
  bool tell = false;
  if (row != NULL) {
    row->closing = closing;
    row->result = result;
    row->left = now.left;
    tell = result == 0 ? row->refusals > 0 : row->refusals++ < TOLD_AT_ONCE;
  }
  ol_loops_unlock();
  if (tell) ol_loops_write("loop", (uintptr_t)loop);
}

OL_EXPORT int uv_loop_close(void *loop) {
  ol_libuv uv = HERE;
  asks *real = REAL(uv, uv_loop_close, asks *);
  if (real == NULL) return UV_ENOSYS_HERE;
  int result = real(loop);
  int program_errno = errno;
  note_refused(&uv, loop, FRAME, result);
  errno = program_errno;
  return result;
}

/* ---- the end ---- */

static void look_at_open(const ol_libuv *uv, ol_handle *row) {
  char copy[COPY_BYTES] __attribute__((aligned(16)));
  if (!copied(row->address, copy)) return;
  row->active = says(uv, NUMBER_uv_is_active, copy);
  memcpy(&row->data, copy, sizeof row->data);
}

void ol_loops_at_end(void) {
  ol_loops *all = &ol_loops_now;
  const ol_libuv *uv = ol_libuv_any();
  if (all->handles == NULL) return;
  if (uv != NULL && ol_loops_try_lock()) {
    for (uint32_t i = 1; i < OL_HANDLES_MAX; i++)
      if (all->handles[i].state == OL_HANDLE_OPEN) look_at_open(uv, &all->handles[i]);
    ol_loops_unlock();
  }
  ol_loops_write("end", 0);
}
