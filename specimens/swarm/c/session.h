/* One download, from the metafile to the file, and everything that it needs while it lasts. */
#ifndef SWARM_SESSION_H
#define SWARM_SESSION_H

#include <stdio.h>

#include "metafile.h"

struct session_options {
  unsigned dial_limit;  /* peers to dial, dead ones included */
  unsigned ready_peers; /* ask for nothing before so many peers are ready, or some seconds have passed */
  unsigned time_limit_s;
  int quiet;
};

/* Fetches what the metafile names into `file`. Both are borrowed. Returns 0 when every piece was proved and written. */
int session_fetch(const struct metafile *meta, FILE *file, const struct session_options *options);

#endif
