/* An announce by datagrams, as BEP 15 has it: connect, announce, answer. */
#ifndef SWARM_UDP_TRACKER_H
#define SWARM_UDP_TRACKER_H

#include "loop.h"
#include "tracker.h"

struct udp_announce;

/* Begins an announce. It frees itself when it has called back; until then the caller may cancel it. */
struct udp_announce *udp_announce(struct loop *loop, const struct address *tracker, const struct announcement *what,
                                  tracker_callback callback, void *owner);

/* Ends it without a call. */
void udp_announce_cancel(struct udp_announce *announce);

#endif
