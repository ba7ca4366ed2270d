/* A connection to a host: a libuv handle and 40 bytes around it.
 *
 * It tells its owner `opened` at most once, `received` while it is open, and `closed` exactly once, always: also when
 * it could never be opened. After `closed` it is gone, handle and wrapper; the owner only forgets its pointer. */
#ifndef SWARM_TCP_H
#define SWARM_TCP_H

#include "address.h"
#include "loop.h"

struct tcp_events {
  void (*opened)(void *owner);
  void (*received)(void *owner, const uint8_t *data, size_t length); /* the data is borrowed for the call */
  void (*closed)(void *owner, int status);                           /* 0, or libuv's error */
};

struct tcp {
  struct wrapper wrapper; /* a dial in progress is left to the loop */
  uv_tcp_t *handle;
  const struct tcp_events *events;
  void *owner; /* borrowed; lives until `closed` */
  int status;
};

_Static_assert(sizeof(struct tcp) == 40, "the truth table counts 40 bytes for each");

/* Begins to connect. The connection owns itself; the owner may use it until it is told `closed`. */
struct tcp *tcp_dial(struct loop *loop, const struct address *to, const struct tcp_events *events, void *owner);

/* Sends a copy of the data, in order. */
void tcp_send(struct tcp *tcp, const void *data, size_t length);

/* Begins to close; may be called again. `closed` comes in a later turn of the loop. */
void tcp_close(struct tcp *tcp);

#endif
