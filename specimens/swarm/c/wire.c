#include "wire.h"

#include <string.h>

#include "big_endian.h"
#include "must.h"

static const char protocol[] =
    "\x13"
    "BitTorrent protocol";

#define PROTOCOL 20
#define HASH_AT 28
#define ID_AT 48

void wire_handshake(uint8_t ret[WIRE_HANDSHAKE], const uint8_t info_hash[SHA1_SIZE], const uint8_t peer_id[20]) {
  memset(ret, 0, WIRE_HANDSHAKE);
  memcpy(ret, protocol, PROTOCOL);
  memcpy(ret + HASH_AT, info_hash, SHA1_SIZE);
  memcpy(ret + ID_AT, peer_id, 20);
}

bool wire_read_handshake(const uint8_t data[WIRE_HANDSHAKE], const uint8_t **ret_info_hash,
                         const uint8_t **ret_peer_id) {
  *ret_info_hash = data + HASH_AT;
  *ret_peer_id = data + ID_AT;
  return memcmp(data, protocol, PROTOCOL) == 0;
}

void wire_request(uint8_t ret[17], uint32_t index, uint32_t begin, uint32_t length) {
  put32(ret, 13);
  ret[4] = WIRE_REQUEST;
  put32(ret + 5, index);
  put32(ret + 9, begin);
  put32(ret + 13, length);
}

bool decode_piece(const uint8_t *body, size_t length, struct piece_message *ret) {
  if (length <= 8) return false;
  ret->index = get32(body);
  ret->begin = get32(body + 4);
  ret->length = (uint32_t)(length - 8);
  ret->block = must(malloc(ret->length));
  memcpy(ret->block, body + 8, ret->length);
  return true;
}

void piece_message_free(struct piece_message *message) { free(message->block); }
