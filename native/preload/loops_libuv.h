/* Which libuv a call that came to us was meant for.
 *
 * The next one after ours in the order of the program; and where the program has none, for libuv came with a library that
 * was loaded for itself (an extension of Python's), the one that the caller would have got: of the libraries that it
 * names. It is remembered by calling module until that is unloaded. Where there is none at all, somebody who looked for
 * libuv has found us instead, and its functions are NULL.
 */
#ifndef OUTLIVE_PRELOAD_LOOPS_LIBUV_H
#define OUTLIVE_PRELOAD_LOOPS_LIBUV_H

#include <stdbool.h>
#include <stdint.h>

/* Those that we stand before, and those that we ask ourselves. */
/* clang-format off */
#define OL_LIBUV_FUNCTIONS(F) \
  F(uv_close) F(uv_run) F(uv_loop_init) F(uv_loop_close) F(uv_walk) F(uv_is_active) F(uv_is_closing) \
  F(uv_handle_get_type) F(uv_handle_type_name) F(uv_timer_init) F(uv_tcp_init) F(uv_tcp_init_ex) \
  F(uv_udp_init) F(uv_udp_init_ex) F(uv_pipe_init) F(uv_tty_init) F(uv_poll_init) F(uv_poll_init_socket) \
  F(uv_signal_init) F(uv_idle_init) F(uv_prepare_init) F(uv_check_init) F(uv_async_init) \
  F(uv_fs_event_init) F(uv_fs_poll_init) F(uv_spawn) F(uv_timer_stop) F(uv_read_stop) F(uv_udp_recv_stop) \
  F(uv_signal_stop) F(uv_poll_stop) F(uv_idle_stop) F(uv_prepare_stop) F(uv_check_stop) \
  F(uv_fs_event_stop) F(uv_fs_poll_stop)
/* clang-format on */

#define OL_AS_NUMBER(name) NUMBER_##name,
enum { OL_LIBUV_FUNCTIONS(OL_AS_NUMBER) OL_LIBUV_FUNCTION_COUNT };

/* For the calls of one module. */
typedef struct ol_libuv {
  uintptr_t start, end; /* of that module */
  bool is_libuv;        /* it is libuv itself: its own business */
  void *real[OL_LIBUV_FUNCTION_COUNT];
} ol_libuv;

/* For who calls from this address. May call the loader, the first time. */
ol_libuv ol_libuv_for(void *address);
/* One that was found for anybody; NULL: none. Takes no lock. */
const ol_libuv *ol_libuv_any(void);
/* In the child of a fork. */
void ol_libuv_after_fork(void);

#endif
