/* Asks every tracker of a metafile, and hands on the peers that they name. */
#ifndef SWARM_COORDINATOR_H
#define SWARM_COORDINATOR_H

#include "loop.h"
#include "metafile.h"
#include "tracker.h"

struct coordinator_events {
  /* Peers of one tracker; borrowed for the call. */
  void (*found)(void *owner, const struct address *peers, size_t count);
  /* The last tracker has answered, or never will. */
  void (*settled)(void *owner);
};

struct coordinator;

/* The metafile and the owner are borrowed. The caller owns the coordinator: `coordinator_cancel`, `coordinator_free`. */
struct coordinator *coordinator_create(struct loop *loop, const struct metafile *meta, const uint8_t peer_id[20],
                                       const struct coordinator_events *events, void *owner);

/* Asks all of them. What is still asked is left to end; a tracker that has not answered yet is not asked twice. */
void coordinator_announce(struct coordinator *coordinator, uint32_t event, uint64_t left);

/* Ends what is being asked. */
void coordinator_cancel(struct coordinator *coordinator);
void coordinator_free(struct coordinator *coordinator);

#endif
