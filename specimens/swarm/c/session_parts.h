/* What a session is made of. For session.c, which brings it to life, and shutdown.c, which ends it. */
#ifndef SWARM_SESSION_PARTS_H
#define SWARM_SESSION_PARTS_H

#include "coordinator.h"
#include "dht.h"
#include "event_bus.h"
#include "log.h"
#include "loop.h"
#include "pieces.h"
#include "pool.h"
#include "session.h"
#include "timer.h"

struct session {
  const struct metafile *meta;           /* borrowed */
  const struct session_options *options; /* borrowed */
  uint8_t peer_id[20];
  struct log log;

  /* Owned, all of them; shutdown.c gives them back in its six steps. */
  struct loop *loop;
  struct event_bus *bus;
  struct dht *dht;
  struct coordinator *coordinator;
  struct pool *pool;
  struct pieces *pieces;
  struct timer *choke_timer, *keep_alive_timer, *reconnect_timer, *announce_timer, *limit_timer;
  struct timer *block_timeout_timer; /* NULL before the trackers have answered */

  bool asking;     /* blocks are being asked for */
  bool completing; /* all pieces are there, and the trackers are being told */
};

/* Ends a session whose loop has stopped, in six steps. Returns what `loop_free` returns. */
int session_shut_down(struct session *session);

#endif
