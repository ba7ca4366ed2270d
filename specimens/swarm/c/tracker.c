#include "tracker.h"

#include "must.h"

#define COMPACT 6

struct address *tracker_parse_compact_peers(const uint8_t *data, size_t length, size_t *ret_count) {
  if (length == 0 || length % COMPACT != 0) return NULL;
  size_t count = length / COMPACT;
  struct address *peers = must(malloc(count * sizeof *peers));
  for (size_t i = 0; i < count; i++) {
    const uint8_t *at = data + i * COMPACT;
    peers[i] = address_v4(at, (uint16_t)(at[4] << 8 | at[5]));
  }
  *ret_count = count;
  return peers;
}
