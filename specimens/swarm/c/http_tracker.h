/* An announce by HTTP/1.0: one request, one bencoded answer, and the tracker closes the line. */
#ifndef SWARM_HTTP_TRACKER_H
#define SWARM_HTTP_TRACKER_H

#include "loop.h"
#include "tracker.h"

struct http_announce;

/* Begins an announce. It frees itself when it has called back; until then the caller may cancel it. */
struct http_announce *http_announce(struct loop *loop, const struct address *tracker, const struct announcement *what,
                                    tracker_callback callback, void *owner);

/* Ends it without a call; the loop's next turn frees it. */
void http_announce_cancel(struct http_announce *announce);

#endif
