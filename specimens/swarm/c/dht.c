#include "dht.h"

#include <string.h>

#include "bencode.h"
#include "fault.h"
#include "must.h"
#include "udp.h"

#define NODES_MAX 64

struct node {
  uint8_t id[20];
};

struct dht {
  struct udp *socket; /* owned until dht_close_socket */
  struct node *nodes; /* owned */
  unsigned node_count, answers;
  uint8_t id[20];
};

static void remember(struct dht *dht, const uint8_t id[20]) {
  for (unsigned i = 0; i < dht->node_count; i++)
    if (memcmp(dht->nodes[i].id, id, 20) == 0) return;
  if (dht->node_count == NODES_MAX) return;
  dht->nodes = must(realloc(dht->nodes, (dht->node_count + 1) * sizeof *dht->nodes));
  memcpy(dht->nodes[dht->node_count++].id, id, 20);
}

static void on_datagram(void *owner, const uint8_t *data, size_t length) {
  struct dht *dht = owner;
  struct slice root, body, id;
  if (!bencode_value((struct slice){data, length}, &root)) return;
  if (!bencode_find(root, "r", &body) || !bencode_find_bytes(body, "id", &id) || id.length != 20) return;
  dht->answers++;
  remember(dht, id.at);
}

struct dht *dht_create(struct loop *loop, const uint8_t id[20]) {
  struct dht *dht = must(calloc(1, sizeof *dht));
  memcpy(dht->id, id, 20);
  dht->socket = udp_open(loop, on_datagram, dht);
  return dht;
}

void dht_ping(struct dht *dht, const struct address *node) {
  static const char head[] = "d1:ad2:id20:", tail[] = "e1:q4:ping1:t2:sw1:y1:qe";
  uint8_t packet[sizeof head - 1 + 20 + sizeof tail - 1];
  memcpy(packet, head, sizeof head - 1);
  memcpy(packet + sizeof head - 1, dht->id, 20);
  memcpy(packet + sizeof head - 1 + 20, tail, sizeof tail - 1);
  udp_send(dht->socket, node, packet, sizeof packet);
}

unsigned dht_answers(const struct dht *dht) { return dht->answers; }

void dht_close_socket(struct dht *dht) {
  if (fault(FAULT_CLOSED_AFTER_DRAIN) || fault(FAULT_STOPPED_NOT_CLOSED)) {
    udp_stop(dht->socket);
    return;
  }
  udp_close(dht->socket);
  dht->socket = NULL;
}

void dht_free(struct dht *dht) {
  if (fault(FAULT_CLOSED_AFTER_DRAIN)) udp_close(dht->socket); /* the loop does not turn again */
  free(dht->nodes);
  free(dht);
}
