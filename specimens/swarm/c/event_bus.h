/* What happened, told later and in order: posts are kept, and a timer hands them out in the loop's next turn, so that
 * nobody is called from within its own call.
 *
 * Closing the timer is the business of who owns the loop, before the loop drains: `event_bus_close_timer`. Freeing
 * the bus frees what was posted and never handed out. */
#ifndef SWARM_EVENT_BUS_H
#define SWARM_EVENT_BUS_H

#include "timer.h"

enum event { EVENT_PEER_READY, EVENT_PEER_LOST, EVENT_PIECE_DONE, EVENT_PEERS_FOUND, EVENT_COUNT };

struct event_bus;

/* A new bus. The caller owns it: `event_bus_close_timer`, then `event_bus_free`. */
struct event_bus *event_bus_create(struct loop *loop);

/* `handle` is called with every event of this kind from now on; one for each kind. `owner` is borrowed. */
void event_bus_subscribe(struct event_bus *bus, enum event kind, void (*handle)(void *owner, unsigned value),
                         void *owner);
void event_bus_post(struct event_bus *bus, enum event kind, unsigned value);

void event_bus_close_timer(struct event_bus *bus);
void event_bus_free(struct event_bus *bus);

#endif
