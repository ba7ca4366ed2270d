#include "udp_tracker.h"

#include <string.h>

#include "big_endian.h"
#include "fault.h"
#include "must.h"
#include "timer.h"
#include "udp.h"

#define PATIENCE_MS 15000
#define ACTION_CONNECT 0
#define ACTION_ANNOUNCE 1
#define PEERS_WANTED 200

struct udp_announce {
  struct udp *socket;     /* owned */
  struct timer *patience; /* owned */
  struct announcement what;
  struct address tracker;
  struct tracker_response result; /* its peers are owned */
  tracker_callback callback;
  void *owner; /* borrowed */
  uint32_t transaction;
  bool connected;
};

static void release(struct udp_announce *announce) {
  udp_close(announce->socket);
  timer_close(announce->patience);
  free(announce);
}

static void cleanup_and_callback(struct udp_announce *announce, bool answered) {
  announce->callback(announce->owner, answered ? &announce->result : NULL);
  if (!fault(FAULT_UDP_PEERS_NEVER_FREED)) free(announce->result.peers);
  release(announce);
}

static void on_patience_ended(void *owner) { cleanup_and_callback(owner, false); }

static void send_connect(struct udp_announce *announce) {
  uint8_t packet[16];
  put64(packet, 0x41727101980ull);
  put32(packet + 8, ACTION_CONNECT);
  put32(packet + 12, announce->transaction);
  udp_send(announce->socket, &announce->tracker, packet, sizeof packet);
}

static void send_announce(struct udp_announce *announce, const uint8_t connection_id[8]) {
  uint8_t packet[98] = {0};
  memcpy(packet, connection_id, 8);
  put32(packet + 8, ACTION_ANNOUNCE);
  put32(packet + 12, announce->transaction);
  memcpy(packet + 16, announce->what.info_hash, SHA1_SIZE);
  memcpy(packet + 36, announce->what.peer_id, 20);
  put64(packet + 64, announce->what.left);
  put32(packet + 80, announce->what.event);
  put32(packet + 92, PEERS_WANTED);
  udp_send(announce->socket, &announce->tracker, packet, sizeof packet);
}

static void take_peers(struct tracker_response *result, const uint8_t *data, size_t length) {
  if (fault(FAULT_DISCARDED_FIRST_PARSE)) {
    /* Asked once whether it parses, and once for what it parses to. */
    size_t count = 0;
    if (tracker_parse_compact_peers(data, length, &count) == NULL) return;
  }
  result->peers = tracker_parse_compact_peers(data, length, &result->peer_count);
}

static void on_datagram(void *owner, const uint8_t *data, size_t length) {
  struct udp_announce *announce = owner;
  if (length < 16 || get32(data + 4) != announce->transaction) return; /* not to us, or too late */
  uint32_t action = get32(data);
  if (action == ACTION_CONNECT && !announce->connected) {
    announce->connected = true;
    send_announce(announce, data + 8);
  } else if (action == ACTION_ANNOUNCE && announce->connected && length >= 20) {
    announce->result.interval_s = get32(data + 8);
    take_peers(&announce->result, data + 20, length - 20);
    cleanup_and_callback(announce, true);
  }
}

struct udp_announce *udp_announce(struct loop *loop, const struct address *tracker, const struct announcement *what,
                                  tracker_callback callback, void *owner) {
  static uint32_t transactions = 0x53570000;
  struct udp_announce *announce = must(calloc(1, sizeof *announce));
  announce->socket = udp_open(loop, on_datagram, announce);
  announce->patience = timer_open(loop, on_patience_ended, announce);
  announce->what = *what;
  announce->tracker = *tracker;
  announce->callback = callback;
  announce->owner = owner;
  announce->transaction = ++transactions;
  timer_start(announce->patience, PATIENCE_MS, 0);
  send_connect(announce);
  return announce;
}

void udp_announce_cancel(struct udp_announce *announce) { release(announce); }
