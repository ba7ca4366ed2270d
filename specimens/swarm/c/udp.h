/* A datagram socket on the loopback. `udp_stop` only stops listening; `udp_close` gives handle and wrapper back. */
#ifndef SWARM_UDP_H
#define SWARM_UDP_H

#include "address.h"
#include "loop.h"

struct udp {
  struct wrapper wrapper; /* on_left is NULL: who opened a socket closes it */
  uv_udp_t *handle;
  void (*on_datagram)(void *owner, const uint8_t *data, size_t length); /* the data is borrowed for the call */
  void *owner;                                                          /* borrowed */
};

/* An open, bound, listening socket. The caller owns it: `udp_close`. */
struct udp *udp_open(struct loop *loop, void (*on_datagram)(void *, const uint8_t *, size_t), void *owner);

/* Sends now or not at all: a datagram may be lost anyway. */
void udp_send(struct udp *udp, const struct address *to, const void *data, size_t length);
void udp_stop(struct udp *udp);

/* Handle and wrapper are freed by the loop's next turn. The socket must not be used after this. */
void udp_close(struct udp *udp);

#endif
