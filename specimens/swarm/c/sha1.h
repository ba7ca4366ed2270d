/* SHA-1 as RFC 3174 has it: what names a torrent and proves a piece. Not for anything that must be secret. */
#ifndef SWARM_SHA1_H
#define SWARM_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_SIZE 20

/* The digest of `size` bytes, written to `ret`. Allocates nothing. */
void sha1(const void *data, size_t size, uint8_t ret[SHA1_SIZE]);

#endif
