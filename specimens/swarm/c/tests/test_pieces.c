#include "pieces.h"

#include <string.h>

#include "must.h"
#include "tests.h"

#define PIECE (2 * BLOCK_LENGTH)
#define WHOLE (PIECE + 100) /* one piece of two blocks, and one of 100 bytes */

static uint8_t content[WHOLE];
static uint8_t digests[2][SHA1_SIZE];
static const uint8_t has_all[PIECES_MAX / 8] = {0xC0};

static struct metafile small_file(void) {
  for (size_t i = 0; i < WHOLE; i++) content[i] = (uint8_t)(i * 31 >> 3);
  sha1(content, PIECE, digests[0]);
  sha1(content + PIECE, 100, digests[1]);
  return (struct metafile){.length = WHOLE, .piece_length = PIECE, .piece_count = 2, .digests = digests};
}

static void fetches_proves_and_writes(struct pieces *pieces, FILE *file) {
  struct block_request want;
  int tag = 0;
  while (pieces_pick(pieces, has_all, &tag, 1, &want))
    expect(pieces_store(pieces, want.index, want.begin, content + want.index * PIECE + want.begin, want.length) !=
           PIECES_DISPROVED);
  expect(pieces_left(pieces) == 0);
  static uint8_t written[WHOLE];
  rewind(file);
  expect(fread(written, 1, WHOLE, file) == WHOLE && memcmp(written, content, WHOLE) == 0);
}

static void a_wrong_piece_starts_anew(struct pieces *pieces) {
  uint8_t wrong[100] = {0};
  expect(pieces_store(pieces, 1, 0, wrong, 100) == PIECES_DISPROVED);
  expect(pieces_left(pieces) == WHOLE);
}

static void what_nobody_asked_for_is_refused(struct pieces *pieces) {
  expect(pieces_store(pieces, 2, 0, content, BLOCK_LENGTH) == PIECES_UNWANTED);
  expect(pieces_store(pieces, 0, 1, content, BLOCK_LENGTH) == PIECES_UNWANTED);
  expect(pieces_store(pieces, 1, BLOCK_LENGTH, content, 0) == PIECES_UNWANTED);
  expect(pieces_store(pieces, 1, 0, content, 99) == PIECES_UNWANTED);
}

static void what_a_lost_peer_was_asked_is_missing_again(struct pieces *pieces) {
  struct block_request want;
  int tag = 0, other = 0;
  expect(pieces_pick(pieces, has_all, &tag, 5, &want) && want.index == 0 && want.begin == 0);
  expect(pieces_release(pieces, &other) == 0 && pieces_release(pieces, &tag) == 1);
  expect(pieces_pick(pieces, has_all, &tag, 5, &want) && want.begin == 0);
  expect(pieces_expire(pieces, 5) == 0 && pieces_expire(pieces, 6) == 1);
}

void test_pieces(void) {
  struct metafile meta = small_file();
  FILE *file = must(tmpfile());
  struct pieces *pieces = pieces_create(&meta, file);
  what_nobody_asked_for_is_refused(pieces);
  what_a_lost_peer_was_asked_is_missing_again(pieces);
  a_wrong_piece_starts_anew(pieces);
  fetches_proves_and_writes(pieces, file);
  pieces_free(pieces);
  fclose(file);
}
