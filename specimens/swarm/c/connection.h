/* One peer that we talk to: its TCP connection, what it has, what it told us.
 *
 * It has two ends. `connection_close` gives back what is inside (lists, half-read messages) and begins to close the
 * TCP connection; `connection_free` gives back the struct, and may be called only when CONNECTION_CLOSED was told:
 * until then the TCP connection points here. The TCP layer frees its own wrapper and knows nothing of this struct. */
#ifndef SWARM_CONNECTION_H
#define SWARM_CONNECTION_H

#include "address.h"
#include "loop.h"
#include "metafile.h"
#include "wire.h"

enum connection_state {
  CONNECTION_DIALLING,
  CONNECTION_GREETED, /* both handshakes are done */
  CONNECTION_READY,   /* it has told what it has */
  CONNECTION_CLOSING, /* told from within connection_close */
  CONNECTION_CLOSED,  /* told when the TCP connection has gone */
};

struct connection;

struct connection_events {
  void (*state)(void *owner, struct connection *connection, enum connection_state state);
  void (*unchoked)(void *owner, struct connection *connection);
  void (*received)(void *owner, struct connection *connection, const uint8_t *body, size_t length); /* WIRE_PIECE */
};

struct index_list {
  uint32_t *items; /* owned */
  uint32_t count, capacity;
};

struct connection {
  struct tcp *tcp; /* owns itself; NULL when it has gone */
  const struct connection_events *events;
  void *owner; /* borrowed */
  struct address address;
  enum connection_state state;
  uint8_t peer_id[20];
  bool is_closed, is_choked, is_unchoked_by_us, is_stranger;
  uint8_t pieces[PIECES_MAX / 8];
  uint8_t *inbox; /* owned: what was read of a message that is not whole */
  size_t inbox_length;
  struct index_list allowed_fast, peer_allowed_fast, suggested_pieces;
  unsigned requests_in_flight, blocks_received;
  const uint8_t *info_hash, *own_id; /* borrowed */
  uint64_t opened_ms, bytes_received, bytes_sent, was_greeted;
};

_Static_assert(sizeof(struct connection) == 320, "the truth table counts 320 bytes for each");

/* Dials. All that is given is borrowed. The caller owns the connection: `connection_close`, `connection_free`. */
struct connection *connection_create(struct loop *loop, const struct address *to, const uint8_t *info_hash,
                                     const uint8_t *own_id, const struct connection_events *events, void *owner);

/* May be called again. Tells CONNECTION_CLOSING from within, once. */
void connection_close(struct connection *connection);
void connection_free(struct connection *connection);

void connection_request(struct connection *connection, uint32_t index, uint32_t begin, uint32_t length);
void connection_set_choke(struct connection *connection, bool choke);
void connection_keep_alive(struct connection *connection);

#endif
