/* An address of a peer: 20 bytes, as trackers' answers are full of them. */
#ifndef SWARM_ADDRESS_H
#define SWARM_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct address {
  uint8_t ip[16]; /* of IPv4 the first four */
  uint16_t port;
  uint16_t family; /* 4 or 6 */
};

_Static_assert(sizeof(struct address) == 20, "the truth table counts 20 bytes for each");

#define ADDRESS_TEXT 24

struct address address_v4(const uint8_t ip[4], uint16_t port);
bool address_equal(const struct address *one, const struct address *other);
struct sockaddr_in address_socket(const struct address *address);
void address_text(const struct address *address, char ret[ADDRESS_TEXT]);

/* The host and port of "scheme://127.0.0.1:6969/announce". Numbers only: this program asks no name server. */
bool address_of_url(const char *url, struct address *ret);

#endif
