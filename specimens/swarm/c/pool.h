/* Every peer that we know of, and the connection to it, if any.
 *
 * The pool owns the connections, from the dial on. In the normal course it frees one when the TCP connection has gone;
 * once it is shutting down nothing is freed in passing, and `pool_free` frees them all. */
#ifndef SWARM_POOL_H
#define SWARM_POOL_H

#include "connection.h"
#include "event_bus.h"

struct pool_events {
  void (*ready)(void *owner, struct connection *connection); /* it has told what it has, or lets us ask again */
  void (*received)(void *owner, struct connection *connection, const uint8_t *body, size_t length);
  void (*lost)(void *owner, struct connection *connection);
};

struct pool;

/* All that is given is borrowed. The caller owns the pool: `pool_disconnect_all`, and after the drain `pool_free`. */
struct pool *pool_create(struct loop *loop, struct event_bus *bus, const uint8_t *info_hash, const uint8_t *own_id,
                         unsigned dial_limit, const struct pool_events *events, void *owner);

/* Dials those that are new, up to the limit. The addresses are copied. */
void pool_add(struct pool *pool, const struct address *peers, size_t count);

/* Dials again those whose time has come. */
void pool_reconnect(struct pool *pool);

unsigned pool_ready_count(const struct pool *pool);
void pool_each_ready(struct pool *pool, void (*visit)(void *owner, struct connection *connection), void *owner);

/* Lets the most generous ask us, and the others not. */
void pool_rechoke(struct pool *pool);
void pool_keep_alive(struct pool *pool);

/* Closes every connection that has been greeted. Dials in progress are the loop's to close. */
void pool_disconnect_all(struct pool *pool);

/* Frees connections and pool; the loop must have drained. Returns how many connections there were. */
unsigned pool_free(struct pool *pool);

#endif
