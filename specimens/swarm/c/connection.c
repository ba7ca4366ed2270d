#include "connection.h"

#include <string.h>

#include "big_endian.h"
#include "fault.h"
#include "must.h"
#include "tcp.h"

#define LIST_CAPACITY 16

static void list_create(struct index_list *list) {
  list->capacity = LIST_CAPACITY;
  list->items = must(malloc(list->capacity * sizeof *list->items));
}

static void list_add(struct index_list *list, uint32_t item) {
  if (list->count < list->capacity) list->items[list->count++] = item;
}

static void tell(struct connection *connection, enum connection_state state) {
  connection->state = state;
  connection->events->state(connection->owner, connection, state);
}

static void send_bytes(struct connection *connection, const void *data, size_t length) {
  if (connection->tcp == NULL) return;
  connection->bytes_sent += length;
  tcp_send(connection->tcp, data, length);
}

static void send_kind(struct connection *connection, enum wire_kind kind) {
  uint8_t message[5] = {0, 0, 0, 1, (uint8_t)kind};
  send_bytes(connection, message, sizeof message);
}

static void on_opened(void *owner) {
  struct connection *connection = owner;
  uint8_t handshake[WIRE_HANDSHAKE];
  wire_handshake(handshake, connection->info_hash, connection->own_id);
  send_bytes(connection, handshake, sizeof handshake);
}

static void on_handshake(struct connection *connection, const uint8_t *data) {
  const uint8_t *info_hash, *peer_id;
  if (!wire_read_handshake(data, &info_hash, &peer_id) || memcmp(info_hash, connection->info_hash, SHA1_SIZE) != 0) {
    connection->is_stranger = true;
    connection_close(connection);
    return;
  }
  memcpy(connection->peer_id, peer_id, 20);
  connection->was_greeted = 1;
  tell(connection, CONNECTION_GREETED);
}

static void on_bitfield(struct connection *connection, const uint8_t *body, size_t length) {
  if (length > sizeof connection->pieces) length = sizeof connection->pieces;
  memcpy(connection->pieces, body, length);
  if (connection->state == CONNECTION_READY) return;
  send_kind(connection, WIRE_INTERESTED);
  tell(connection, CONNECTION_READY);
}

static void on_have(struct connection *connection, uint32_t index) {
  if (index < PIECES_MAX) connection->pieces[index / 8] |= (uint8_t)(0x80 >> (index % 8));
}

static void on_message(struct connection *connection, uint8_t kind, const uint8_t *body, size_t length) {
  if (kind == WIRE_CHOKE) {
    connection->is_choked = true;
  } else if (kind == WIRE_UNCHOKE) {
    connection->is_choked = false;
    connection->events->unchoked(connection->owner, connection);
  } else if (kind == WIRE_BITFIELD) {
    on_bitfield(connection, body, length);
  } else if (kind == WIRE_HAVE && length == 4) {
    on_have(connection, get32(body));
  } else if (kind == WIRE_SUGGEST && length == 4) {
    list_add(&connection->suggested_pieces, get32(body));
  } else if (kind == WIRE_ALLOWED_FAST && length == 4) {
    list_add(&connection->peer_allowed_fast, get32(body));
  } else if (kind == WIRE_PIECE) {
    connection->blocks_received++;
    connection->events->received(connection->owner, connection, body, length);
  }
}

/* Length of the first whole message at `data`, 0 when more must come. Ends the connection when it is too long. */
static size_t whole_message(struct connection *connection, const uint8_t *data, size_t length) {
  if (!connection->was_greeted) return length >= WIRE_HANDSHAKE ? WIRE_HANDSHAKE : 0;
  if (length < 4) return 0;
  size_t body = get32(data);
  if (body > WIRE_LONGEST) {
    connection_close(connection);
    return 0;
  }
  return length >= 4 + body ? 4 + body : 0;
}

static void take(struct connection *connection, const uint8_t *data, size_t message) {
  if (!connection->was_greeted) {
    on_handshake(connection, data);
  } else if (message > 4) {
    on_message(connection, data[4], data + 5, message - 5);
  }
}

/* Takes the whole messages in the inbox; keeps what is left. Anybody who is told may close the connection. */
static void take_all(struct connection *connection) {
  size_t at = 0, message;
  while ((message = whole_message(connection, connection->inbox + at, connection->inbox_length - at)) > 0) {
    take(connection, connection->inbox + at, message);
    if (connection->is_closed) return;
    at += message;
  }
  if (connection->is_closed) return;
  connection->inbox_length -= at;
  memmove(connection->inbox, connection->inbox + at, connection->inbox_length);
  if (connection->inbox_length == 0) {
    free(connection->inbox);
    connection->inbox = NULL;
  }
}

static void on_received(void *owner, const uint8_t *data, size_t length) {
  struct connection *connection = owner;
  if (connection->is_closed) return;
  connection->bytes_received += length;
  connection->inbox = must(realloc(connection->inbox, connection->inbox_length + length));
  memcpy(connection->inbox + connection->inbox_length, data, length);
  connection->inbox_length += length;
  take_all(connection);
}

static void on_closed(void *owner, int status) {
  struct connection *connection = owner;
  (void)status;
  connection->tcp = NULL;
  tell(connection, CONNECTION_CLOSED); /* may free the connection */
}

static const struct tcp_events tcp_events = {on_opened, on_received, on_closed};

struct connection *connection_create(struct loop *loop, const struct address *to, const uint8_t *info_hash,
                                     const uint8_t *own_id, const struct connection_events *events, void *owner) {
  struct connection *connection = must(calloc(1, sizeof *connection));
  connection->address = *to;
  connection->info_hash = info_hash;
  connection->own_id = own_id;
  connection->events = events;
  connection->owner = owner;
  connection->is_choked = true;
  connection->opened_ms = uv_now(&loop->uv);
  list_create(&connection->allowed_fast);
  list_create(&connection->peer_allowed_fast);
  list_create(&connection->suggested_pieces);
  connection->tcp = tcp_dial(loop, to, &tcp_events, connection);
  return connection;
}

static void free_inside(struct connection *connection) {
  free(connection->allowed_fast.items);
  free(connection->peer_allowed_fast.items);
  free(connection->suggested_pieces.items);
  free(connection->inbox);
}

void connection_close(struct connection *connection) {
  if (connection->is_closed && !fault(FAULT_CLOSE_NOT_IDEMPOTENT)) return;
  if (fault(FAULT_REENTRANT_CLOSE)) tell(connection, CONNECTION_CLOSING); /* before the flag is up */
  connection->is_closed = true;
  free_inside(connection);
  if (connection->tcp != NULL) tcp_close(connection->tcp);
  tell(connection, CONNECTION_CLOSING);
}

void connection_free(struct connection *connection) { free(connection); }

void connection_request(struct connection *connection, uint32_t index, uint32_t begin, uint32_t length) {
  uint8_t message[17];
  wire_request(message, index, begin, length);
  connection->requests_in_flight++;
  send_bytes(connection, message, sizeof message);
}

void connection_set_choke(struct connection *connection, bool choke) {
  if (connection->is_unchoked_by_us == !choke) return;
  connection->is_unchoked_by_us = !choke;
  send_kind(connection, choke ? WIRE_CHOKE : WIRE_UNCHOKE);
}

void connection_keep_alive(struct connection *connection) { send_bytes(connection, "\0\0\0\0", 4); }
