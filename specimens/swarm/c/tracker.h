/* What all trackers have in common: what is told them, what they answer, and whose the answer is. */
#ifndef SWARM_TRACKER_H
#define SWARM_TRACKER_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "sha1.h"

struct announcement {
  uint8_t info_hash[SHA1_SIZE], peer_id[20];
  uint64_t left; /* bytes still to fetch */
  uint32_t event;
};

enum { ANNOUNCE_NOTHING = 0, ANNOUNCE_COMPLETED = 1, ANNOUNCE_STARTED = 2 };

/* An answer. The struct itself lies in the tracker's request, but `peers` is a heap block. Both belong to the tracker:
 * whoever is called back borrows them for the call, and the tracker frees the peers when the call has returned. */
struct tracker_response {
  struct address *peers;
  size_t peer_count;
  uint32_t interval_s;
};

/* Called exactly once for each announce, unless it is cancelled; NULL when the tracker did not answer. */
typedef void (*tracker_callback)(void *owner, const struct tracker_response *response);

/* The peers of a compact list, 6 bytes for each, in a new block that the caller owns. NULL when it is none. */
struct address *tracker_parse_compact_peers(const uint8_t *data, size_t length, size_t *ret_count);

#endif
