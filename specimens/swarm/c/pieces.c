#include "pieces.h"

#include <string.h>

#include "must.h"

enum block_state { BLOCK_MISSING, BLOCK_ASKED, BLOCK_HERE };

struct block {
  enum block_state state;
  const void *tag;
  uint64_t asked_ms;
};

struct pieces {
  const struct metafile *meta;
  FILE *file;
  uint32_t blocks_each, block_count;
  struct block *blocks; /* owned; those of a piece stand together */
  uint8_t **data;       /* owned; NULL for a piece not begun, or written */
  uint64_t left;
};

struct pieces *pieces_create(const struct metafile *meta, FILE *file) {
  struct pieces *pieces = must(calloc(1, sizeof *pieces));
  pieces->meta = meta;
  pieces->file = file;
  pieces->blocks_each = (meta->piece_length + BLOCK_LENGTH - 1) / BLOCK_LENGTH;
  pieces->block_count = pieces->blocks_each * meta->piece_count;
  pieces->blocks = must(calloc(pieces->block_count, sizeof *pieces->blocks));
  pieces->data = must(calloc(meta->piece_count, sizeof *pieces->data));
  pieces->left = meta->length;
  return pieces;
}

void pieces_free(struct pieces *pieces) {
  for (uint32_t i = 0; i < pieces->meta->piece_count; i++) free(pieces->data[i]);
  free(pieces->data);
  free(pieces->blocks);
  free(pieces);
}

/* 0 for a place past the end of the last, shorter piece. */
static uint32_t block_length(const struct pieces *pieces, uint32_t index, uint32_t begin) {
  uint32_t piece = metafile_piece_length(pieces->meta, index);
  if (begin >= piece) return 0;
  return piece - begin < BLOCK_LENGTH ? piece - begin : BLOCK_LENGTH;
}

bool pieces_pick(struct pieces *pieces, const uint8_t *bitfield, const void *tag, uint64_t now_ms,
                 struct block_request *ret) {
  for (uint32_t i = 0; i < pieces->block_count; i++) {
    uint32_t index = i / pieces->blocks_each, begin = i % pieces->blocks_each * BLOCK_LENGTH;
    if (pieces->blocks[i].state != BLOCK_MISSING || !(bitfield[index / 8] & 0x80 >> (index % 8))) continue;
    uint32_t length = block_length(pieces, index, begin);
    if (length == 0) continue;
    pieces->blocks[i] = (struct block){BLOCK_ASKED, tag, now_ms};
    *ret = (struct block_request){index, begin, length};
    return true;
  }
  return false;
}

static bool is_whole(const struct pieces *pieces, uint32_t index) {
  for (uint32_t i = 0; i < pieces->blocks_each; i++)
    if (block_length(pieces, index, i * BLOCK_LENGTH) > 0 &&
        pieces->blocks[index * pieces->blocks_each + i].state != BLOCK_HERE)
      return false;
  return true;
}

static bool write_piece(struct pieces *pieces, uint32_t index, uint32_t length) {
  long at = (long)((uint64_t)index * pieces->meta->piece_length);
  return fseek(pieces->file, at, SEEK_SET) == 0 && fwrite(pieces->data[index], 1, length, pieces->file) == length;
}

static enum pieces_stored prove(struct pieces *pieces, uint32_t index) {
  uint32_t length = metafile_piece_length(pieces->meta, index);
  uint8_t digest[SHA1_SIZE];
  sha1(pieces->data[index], length, digest);
  bool good = memcmp(digest, pieces->meta->digests[index], SHA1_SIZE) == 0 && write_piece(pieces, index, length);
  free(pieces->data[index]);
  pieces->data[index] = NULL;
  if (good) {
    pieces->left -= length;
    return PIECES_PROVED;
  }
  memset(&pieces->blocks[index * pieces->blocks_each], 0, pieces->blocks_each * sizeof *pieces->blocks);
  return PIECES_DISPROVED;
}

enum pieces_stored pieces_store(struct pieces *pieces, uint32_t index, uint32_t begin, const uint8_t *data,
                                uint32_t length) {
  if (index >= pieces->meta->piece_count || begin % BLOCK_LENGTH != 0) return PIECES_UNWANTED;
  if (length == 0 || length != block_length(pieces, index, begin)) return PIECES_UNWANTED;
  struct block *block = &pieces->blocks[index * pieces->blocks_each + begin / BLOCK_LENGTH];
  if (block->state == BLOCK_HERE) return PIECES_UNWANTED;
  if (pieces->data[index] == NULL) pieces->data[index] = must(malloc(pieces->meta->piece_length));
  memcpy(pieces->data[index] + begin, data, length);
  *block = (struct block){.state = BLOCK_HERE};
  return is_whole(pieces, index) ? prove(pieces, index) : PIECES_BLOCK;
}

unsigned pieces_release(struct pieces *pieces, const void *tag) {
  unsigned released = 0;
  for (uint32_t i = 0; i < pieces->block_count; i++) {
    if (pieces->blocks[i].state != BLOCK_ASKED || pieces->blocks[i].tag != tag) continue;
    pieces->blocks[i] = (struct block){.state = BLOCK_MISSING};
    released++;
  }
  return released;
}

unsigned pieces_expire(struct pieces *pieces, uint64_t before_ms) {
  unsigned expired = 0;
  for (uint32_t i = 0; i < pieces->block_count; i++) {
    if (pieces->blocks[i].state != BLOCK_ASKED || pieces->blocks[i].asked_ms >= before_ms) continue;
    pieces->blocks[i] = (struct block){.state = BLOCK_MISSING};
    expired++;
  }
  return expired;
}

uint64_t pieces_left(const struct pieces *pieces) { return pieces->left; }
