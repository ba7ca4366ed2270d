#include "sha1.h"

#include <string.h>

#define CHUNK 64

static uint32_t rotated(uint32_t word, unsigned bits) { return (word << bits) | (word >> (32 - bits)); }

static uint32_t big_endian(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void mix(uint32_t state[5], const uint8_t chunk[CHUNK]) {
  uint32_t w[80];
  for (int i = 0; i < 16; i++) w[i] = big_endian(chunk + 4 * i);
  for (int i = 16; i < 80; i++) w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int i = 0; i < 80; i++) {
    uint32_t f, k;
    if (i < 20) {
      f = (b & c) | (~b & d), k = 0x5A827999;
    } else if (i < 40) {
      f = b ^ c ^ d, k = 0x6ED9EBA1;
    } else if (i < 60) {
      f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
    } else {
      f = b ^ c ^ d, k = 0xCA62C1D6;
    }
    uint32_t next = rotated(a, 5) + f + e + k + w[i];
    e = d, d = c, c = rotated(b, 30), b = a, a = next;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

void sha1(const void *data, size_t size, uint8_t ret[SHA1_SIZE]) {
  uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  const uint8_t *at = data;
  size_t left = size;
  for (; left >= CHUNK; at += CHUNK, left -= CHUNK) mix(state, at);

  /* The last bytes, a one bit, zeros, and the length in bits: one chunk or two. */
  uint8_t last[2 * CHUNK] = {0};
  if (left > 0) memcpy(last, at, left);
  last[left] = 0x80;
  size_t end = left < CHUNK - 8 ? CHUNK : 2 * CHUNK;
  uint64_t bits = (uint64_t)size * 8;
  for (int i = 0; i < 8; i++) last[end - 1 - i] = (uint8_t)(bits >> (8 * i));
  for (size_t i = 0; i < end; i += CHUNK) mix(state, last + i);
  for (int i = 0; i < SHA1_SIZE; i++) ret[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}
