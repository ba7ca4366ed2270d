/* The file in the making: which blocks are missing, asked for, or there; pieces are proved by SHA-1 and then written.
 *
 * Who a block was asked of is a tag, compared and never followed. */
#ifndef SWARM_PIECES_H
#define SWARM_PIECES_H

#include <stdio.h>

#include "metafile.h"

#define BLOCK_LENGTH 16384u

struct block_request {
  uint32_t index, begin, length;
};

enum pieces_stored { PIECES_UNWANTED, PIECES_BLOCK, PIECES_PROVED, PIECES_DISPROVED };

struct pieces;

/* Metafile and file are borrowed. The caller owns the result: `pieces_free`. */
struct pieces *pieces_create(const struct metafile *meta, FILE *file);
void pieces_free(struct pieces *pieces);

/* Picks a missing block that is in `bitfield`, and notes that it is asked of `tag`. False when there is none. */
bool pieces_pick(struct pieces *pieces, const uint8_t *bitfield, const void *tag, uint64_t now_ms,
                 struct block_request *ret);

/* Takes a block; the data is copied. A piece that is whole is proved and written; one that is wrong starts anew. */
enum pieces_stored pieces_store(struct pieces *pieces, uint32_t index, uint32_t begin, const uint8_t *data,
                                uint32_t length);

/* Blocks asked of `tag`, or asked before that time, are missing again. Return how many. */
unsigned pieces_release(struct pieces *pieces, const void *tag);
unsigned pieces_expire(struct pieces *pieces, uint64_t before_ms);

uint64_t pieces_left(const struct pieces *pieces);

#endif
