#include "graph/crc32c.h"

#include <stdbool.h>
#include <string.h>

static uint32_t table[256];
static bool table_ready; /* written once with the same values by whoever comes first */

static void make_table(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (value & 1 ? 0x82f63b78u : 0);
    table[i] = value;
  }
  table_ready = true;
}

static uint32_t plain(uint32_t crc, const unsigned char *bytes, size_t length) {
  if (!table_ready) make_table();
  for (size_t i = 0; i < length; i++) crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xff];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const unsigned char *bytes,
                                                                 size_t length) {
  uint64_t wide = crc;
  for (; length >= 8; bytes += 8, length -= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  return plain((uint32_t)wide, bytes, length);
}
static bool has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }
#else
static uint32_t by_instruction(uint32_t crc, const unsigned char *bytes, size_t length) {
  return plain(crc, bytes, length);
}
static bool has_instruction(void) { return false; }
#endif

uint32_t ol_crc32c(uint32_t crc, const void *bytes, size_t length) {
  crc = ~crc;
  crc = has_instruction() ? by_instruction(crc, bytes, length) : plain(crc, bytes, length);
  return ~crc;
}
