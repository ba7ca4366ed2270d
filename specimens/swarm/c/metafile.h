/* What there is to fetch: name, length, the digests of its pieces, and who can be asked. */
#ifndef SWARM_METAFILE_H
#define SWARM_METAFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "sha1.h"

#define TRACKERS_MAX 8
#define PIECES_MAX 1024 /* a connection keeps one bit for each */

struct metafile {
  char *name;
  uint64_t length;
  uint32_t piece_length, piece_count;
  uint8_t (*digests)[SHA1_SIZE]; /* one for each piece */
  uint8_t info_hash[SHA1_SIZE];
  char *trackers[TRACKERS_MAX]; /* "udp://…" and "http://…" */
  int tracker_count;
  struct address dht_node; /* family 0: none named */
};

/* The metafile at this path; NULL when there is none or it is not one, and `*ret_why` says so. The caller owns it. */
struct metafile *metafile_load(const char *path, const char **ret_why);
void metafile_free(struct metafile *metafile);

/* Bytes of this piece: the last may be shorter. */
uint32_t metafile_piece_length(const struct metafile *metafile, uint32_t index);

#endif
