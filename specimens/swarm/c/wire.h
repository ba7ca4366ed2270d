/* The peers' language: a handshake of 68 bytes, then messages of a length, a kind and a body. Knows no connection. */
#ifndef SWARM_WIRE_H
#define SWARM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sha1.h"

#define WIRE_HANDSHAKE 68
#define WIRE_LONGEST (1u << 20)

enum wire_kind {
  WIRE_CHOKE = 0,
  WIRE_UNCHOKE = 1,
  WIRE_INTERESTED = 2,
  WIRE_HAVE = 4,
  WIRE_BITFIELD = 5,
  WIRE_REQUEST = 6,
  WIRE_PIECE = 7,
  WIRE_SUGGEST = 13,
  WIRE_ALLOWED_FAST = 17,
};

/* One block of a piece. `block` is a heap copy that whoever decodes the message owns: `piece_message_free`. */
struct piece_message {
  uint32_t index, begin, length;
  uint8_t *block;
};

void wire_handshake(uint8_t ret[WIRE_HANDSHAKE], const uint8_t info_hash[SHA1_SIZE], const uint8_t peer_id[20]);

/* The other side's handshake; both results are borrowed. False when it speaks something else. */
bool wire_read_handshake(const uint8_t data[WIRE_HANDSHAKE], const uint8_t **ret_info_hash,
                         const uint8_t **ret_peer_id);

/* A request of one block; 17 bytes. */
void wire_request(uint8_t ret[17], uint32_t index, uint32_t begin, uint32_t length);

/* Reads the body of WIRE_PIECE. */
bool decode_piece(const uint8_t *body, size_t length, struct piece_message *ret);
void piece_message_free(struct piece_message *message);

#endif
