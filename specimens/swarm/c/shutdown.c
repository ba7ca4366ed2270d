/* The end of a session. The order is the whole point:
 *
 *   1. close the timers                   their close callbacks are registered
 *   2. close the event bus's timer        the same
 *   3. close the DHT's socket             the same
 *   4. disconnect the peers               what is inside the connections is freed; TCP connections begin to close
 *   5. close what is left to the loop, and drain: every close callback is called, which frees handles and wrappers
 *   6. free the components                pool, DHT, bus and the rest: nothing of libuv points to them any more
 *
 * A handle that is not closed before step 5 has drained is lost: nobody turns the loop again. */
#include "fault.h"
#include "session_parts.h"

static void end_timer(struct timer *timer) {
  if (timer == NULL) return;
  if (fault(FAULT_STOPPED_NOT_CLOSED)) {
    timer_stop(timer); /* it never fires again, but it is still there */
    return;
  }
  timer_close(timer);
}

static void close_timers(struct session *session) {
  end_timer(session->choke_timer);
  end_timer(session->keep_alive_timer);
  end_timer(session->reconnect_timer);
  end_timer(session->announce_timer);
  end_timer(session->limit_timer);
  if (!fault(FAULT_BLOCK_TIMER_LEFT)) end_timer(session->block_timeout_timer);
}

static void free_components(struct session *session) {
  unsigned freed = pool_free(session->pool);
  log_line(&session->log, "freed %u connections", freed);
  coordinator_free(session->coordinator);
  dht_free(session->dht);
  event_bus_free(session->bus);
  pieces_free(session->pieces);
}

int session_shut_down(struct session *session) {
  log_line(&session->log, "%u answers came to our pings", dht_answers(session->dht));
  coordinator_cancel(session->coordinator);
  close_timers(session);               /* 1 */
  event_bus_close_timer(session->bus); /* 2 */
  dht_close_socket(session->dht);      /* 3 */
  pool_disconnect_all(session->pool);  /* 4 */
  loop_close_leftovers(session->loop); /* 5 */
  free_components(session);            /* 6 */
  int busy = loop_free(session->loop);
  if (busy != 0) log_line(&session->log, "handles were still open when the loop closed");
  log_close(&session->log);
  return busy;
}
