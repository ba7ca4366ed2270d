#include "http_tracker.h"

#include <stdio.h>
#include <string.h>

#include "bencode.h"
#include "fault.h"
#include "must.h"
#include "tcp.h"
#include "timer.h"

#define PATIENCE_MS 15000
#define LARGEST 65536

struct http_announce {
  struct tcp *tcp;        /* owns itself; ours until it is closed */
  struct timer *patience; /* owned */
  struct announcement what;
  struct tracker_response result; /* its peers are owned */
  tracker_callback callback;      /* NULL: cancelled */
  void *owner;                    /* borrowed */
  uint8_t *answer;                /* owned */
  size_t answer_length;
};

static void cleanup_and_callback(struct http_announce *announce, bool answered) {
  if (announce->callback != NULL) announce->callback(announce->owner, answered ? &announce->result : NULL);
  if (!fault(FAULT_HTTP_PEERS_NEVER_FREED)) free(announce->result.peers);
  timer_close(announce->patience);
  free(announce->answer);
  free(announce);
}

static void on_patience_ended(void *owner) {
  struct http_announce *announce = owner;
  tcp_close(announce->tcp);
}

static size_t escaped(char *to, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) snprintf(to + 3 * i, 4, "%%%02x", bytes[i]);
  return 3 * count;
}

static void on_opened(void *owner) {
  struct http_announce *announce = owner;
  char request[512];
  size_t length = (size_t)sprintf(request, "GET /announce?info_hash=");
  length += escaped(request + length, announce->what.info_hash, SHA1_SIZE);
  length += (size_t)sprintf(request + length, "&peer_id=");
  length += escaped(request + length, announce->what.peer_id, 20);
  length += (size_t)sprintf(request + length, "&compact=1&numwant=200&event=%u&left=%llu HTTP/1.0\r\n\r\n",
                            announce->what.event, (unsigned long long)announce->what.left);
  tcp_send(announce->tcp, request, length);
}

static void on_received(void *owner, const uint8_t *data, size_t length) {
  struct http_announce *announce = owner;
  if (announce->answer_length + length > LARGEST) {
    tcp_close(announce->tcp);
    return;
  }
  announce->answer = must(realloc(announce->answer, announce->answer_length + length));
  memcpy(announce->answer + announce->answer_length, data, length);
  announce->answer_length += length;
}

static bool read_answer(struct http_announce *announce) {
  const uint8_t *body =
      announce->answer_length > 0 ? memmem(announce->answer, announce->answer_length, "\r\n\r\n", 4) : NULL;
  if (body == NULL) return false;
  body += 4;
  struct slice root = {body, announce->answer_length - (size_t)(body - announce->answer)}, peers;
  int64_t interval = 0;
  if (!bencode_value(root, &root) || !bencode_find_bytes(root, "peers", &peers)) return false;
  bencode_find_number(root, "interval", &interval);
  announce->result.interval_s = interval > 0 && interval < 86400 ? (uint32_t)interval : 0;
  announce->result.peers = tracker_parse_compact_peers(peers.at, peers.length, &announce->result.peer_count);
  return true;
}

static void on_closed(void *owner, int status) {
  struct http_announce *announce = owner;
  cleanup_and_callback(announce, status == 0 && announce->callback != NULL && read_answer(announce));
}

static const struct tcp_events events = {on_opened, on_received, on_closed};

struct http_announce *http_announce(struct loop *loop, const struct address *tracker, const struct announcement *what,
                                    tracker_callback callback, void *owner) {
  struct http_announce *announce = must(calloc(1, sizeof *announce));
  announce->what = *what;
  announce->callback = callback;
  announce->owner = owner;
  announce->patience = timer_open(loop, on_patience_ended, announce);
  timer_start(announce->patience, PATIENCE_MS, 0);
  announce->tcp = tcp_dial(loop, tracker, &events, announce);
  return announce;
}

void http_announce_cancel(struct http_announce *announce) {
  announce->callback = NULL;
  tcp_close(announce->tcp);
}
