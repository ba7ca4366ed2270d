/* A node of the distributed table, at its least: one socket, and a ping to the node that the metafile names.
 *
 * The socket is closed before the loop drains (`dht_close_socket`); what is known of nodes is freed after (`dht_free`). */
#ifndef SWARM_DHT_H
#define SWARM_DHT_H

#include "address.h"
#include "loop.h"

struct dht;

/* A new node with this id. The caller owns it: `dht_close_socket`, then `dht_free`. */
struct dht *dht_create(struct loop *loop, const uint8_t id[20]);
void dht_ping(struct dht *dht, const struct address *node);

/* How many answers have come. */
unsigned dht_answers(const struct dht *dht);

void dht_close_socket(struct dht *dht);
void dht_free(struct dht *dht);

#endif
