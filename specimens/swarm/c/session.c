#include "session.h"

#include <signal.h>
#include <string.h>

#include "fault.h"
#include "session_parts.h"
#include "signals.h"

#define REQUESTS_EACH 4
#define CHOKE_MS 10000
#define KEEP_ALIVE_MS 60000
#define RECONNECT_MS 10
#define ANNOUNCE_MS 1800000
#define BLOCK_TIMEOUT_MS 60000
#define BLOCK_CHECK_MS 1000

static void ask_for_blocks(void *owner, struct connection *connection) {
  struct session *session = owner;
  struct block_request want;
  if (!session->asking || connection->is_choked) return;
  uint64_t now = uv_now(&session->loop->uv);
  while (connection->requests_in_flight < REQUESTS_EACH &&
         pieces_pick(session->pieces, connection->pieces, connection, now, &want))
    connection_request(connection, want.index, want.begin, want.length);
}

static void ask_everybody(struct session *session) { pool_each_ready(session->pool, ask_for_blocks, session); }

static void on_ready(void *owner, struct connection *connection) {
  struct session *session = owner;
  if (session->asking) {
    ask_for_blocks(session, connection);
  } else if (pool_ready_count(session->pool) >= session->options->ready_peers) {
    session->asking = true;
    ask_everybody(session);
  }
}

static void complete(struct session *session) {
  session->completing = true;
  log_line(&session->log, "all %u pieces are there and proved", session->meta->piece_count);
  coordinator_announce(session->coordinator, ANNOUNCE_COMPLETED, 0);
}

static void on_block(void *owner, struct connection *connection, const uint8_t *body, size_t length) {
  struct session *session = owner;
  struct piece_message message;
  if (!decode_piece(body, length, &message)) return;
  if (connection->requests_in_flight > 0) connection->requests_in_flight--;
  enum pieces_stored stored =
      pieces_store(session->pieces, message.index, message.begin, message.block, message.length);
  if (!fault(FAULT_PIECE_NEVER_FREED)) piece_message_free(&message);
  if (stored == PIECES_PROVED) event_bus_post(session->bus, EVENT_PIECE_DONE, (unsigned)message.index);
  if (stored == PIECES_PROVED && pieces_left(session->pieces) == 0) {
    complete(session);
  } else {
    ask_for_blocks(session, connection);
  }
}

static void on_lost(void *owner, struct connection *connection) {
  struct session *session = owner;
  if (pieces_release(session->pieces, connection) > 0 && session->asking) ask_everybody(session);
}

static void on_peers_found(void *owner, const struct address *peers, size_t count) {
  struct session *session = owner;
  event_bus_post(session->bus, EVENT_PEERS_FOUND, (unsigned)count);
  pool_add(session->pool, peers, count);
}

static void on_block_check(void *owner) {
  struct session *session = owner;
  uint64_t now = uv_now(&session->loop->uv);
  if (now < BLOCK_TIMEOUT_MS || pieces_expire(session->pieces, now - BLOCK_TIMEOUT_MS) == 0) return;
  ask_everybody(session);
}

static void on_trackers_settled(void *owner) {
  struct session *session = owner;
  if (session->completing) {
    loop_stop(session->loop);
    return;
  }
  if (session->block_timeout_timer != NULL) return;
  session->block_timeout_timer = timer_open(session->loop, on_block_check, session);
  timer_unref(session->block_timeout_timer);
  timer_start(session->block_timeout_timer, BLOCK_CHECK_MS, BLOCK_CHECK_MS);
}

static void on_choke(void *owner) { pool_rechoke(((struct session *)owner)->pool); }
static void on_keep_alive(void *owner) { pool_keep_alive(((struct session *)owner)->pool); }
static void on_reconnect(void *owner) { pool_reconnect(((struct session *)owner)->pool); }
static void on_asked_to_end(void *owner) { loop_stop(((struct session *)owner)->loop); }

static void on_announce(void *owner) {
  struct session *session = owner;
  coordinator_announce(session->coordinator, ANNOUNCE_NOTHING, pieces_left(session->pieces));
}

static void on_limit(void *owner) {
  struct session *session = owner;
  log_line(&session->log, "gave up after %u s", session->options->time_limit_s);
  loop_stop(session->loop);
}

static void tell_found(void *owner, unsigned count) { log_line(owner, "a tracker named %u peers", count); }
static void tell_ready(void *owner, unsigned count) { log_line(owner, "%u peers are ready", count); }
static void tell_lost(void *owner, unsigned count) { log_line(owner, "a peer was lost, %u are left", count); }
static void tell_piece(void *owner, unsigned index) { log_line(owner, "piece %u is proved", index); }

static void subscribe(struct session *session) {
  event_bus_subscribe(session->bus, EVENT_PEERS_FOUND, tell_found, &session->log);
  event_bus_subscribe(session->bus, EVENT_PEER_READY, tell_ready, &session->log);
  event_bus_subscribe(session->bus, EVENT_PEER_LOST, tell_lost, &session->log);
  event_bus_subscribe(session->bus, EVENT_PIECE_DONE, tell_piece, &session->log);
}

static struct timer *ticking(struct session *session, void (*on_tick)(void *owner), uint64_t every_ms) {
  struct timer *timer = timer_open(session->loop, on_tick, session);
  timer_start(timer, every_ms, every_ms);
  return timer;
}

static void start_timers(struct session *session) {
  session->choke_timer = ticking(session, on_choke, CHOKE_MS);
  session->keep_alive_timer = ticking(session, on_keep_alive, KEEP_ALIVE_MS);
  session->reconnect_timer = ticking(session, on_reconnect, RECONNECT_MS);
  session->announce_timer = ticking(session, on_announce, ANNOUNCE_MS);
  session->limit_timer = ticking(session, on_limit, session->options->time_limit_s * 1000ull);
}

static const struct coordinator_events coordinator_events = {on_peers_found, on_trackers_settled};
static const struct pool_events pool_events = {on_ready, on_block, on_lost};

static void start(struct session *session, FILE *file) {
  memcpy(session->peer_id, "-SW0001-outliveswarm", sizeof session->peer_id);
  if (!session->options->quiet) log_add(&session->log, screen_output());
  session->loop = loop_create();
  session->bus = event_bus_create(session->loop);
  subscribe(session);
  session->pieces = pieces_create(session->meta, file);
  session->dht = dht_create(session->loop, session->peer_id);
  if (session->meta->dht_node.family != 0) dht_ping(session->dht, &session->meta->dht_node);
  session->pool = pool_create(session->loop, session->bus, session->meta->info_hash, session->peer_id,
                              session->options->dial_limit, &pool_events, session);
  session->coordinator =
      coordinator_create(session->loop, session->meta, session->peer_id, &coordinator_events, session);
  signal_watch(session->loop, SIGINT, on_asked_to_end, session);
  signal_watch(session->loop, SIGTERM, on_asked_to_end, session);
  start_timers(session);
  coordinator_announce(session->coordinator, ANNOUNCE_STARTED, session->meta->length);
}

int session_fetch(const struct metafile *meta, FILE *file, const struct session_options *options) {
  struct session session = {.meta = meta, .options = options};
  start(&session, file);
  loop_run(session.loop);
  bool fetched = pieces_left(session.pieces) == 0;
  session_shut_down(&session);
  return fetched ? 0 : 1;
}
