#include "metafile.h"

#include <stdio.h>
#include <string.h>

#include "bencode.h"
#include "must.h"

#define LARGEST (8u << 20)

static uint8_t *whole_file(const char *path, size_t *ret_size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  uint8_t *text = must(malloc(LARGEST));
  *ret_size = fread(text, 1, LARGEST, file);
  fclose(file);
  return text;
}

static bool read_info(struct metafile *meta, struct slice info) {
  struct slice name, pieces;
  int64_t length, piece_length;
  if (!bencode_find_bytes(info, "name", &name) || !bencode_find_bytes(info, "pieces", &pieces)) return false;
  if (!bencode_find_number(info, "length", &length) || length <= 0) return false;
  if (!bencode_find_number(info, "piece length", &piece_length)) return false;
  if (piece_length < 16384 || piece_length > (16 << 20)) return false;
  uint64_t count = ((uint64_t)length + (uint64_t)piece_length - 1) / (uint64_t)piece_length;
  if (count > PIECES_MAX || pieces.length != count * SHA1_SIZE) return false;
  meta->name = must(strndup((const char *)name.at, name.length));
  meta->length = (uint64_t)length;
  meta->piece_length = (uint32_t)piece_length;
  meta->piece_count = (uint32_t)count;
  meta->digests = must(malloc(pieces.length));
  memcpy(meta->digests, pieces.at, pieces.length);
  sha1(info.at, info.length, meta->info_hash);
  return true;
}

static void read_trackers(struct metafile *meta, struct slice root) {
  struct slice list, rest, raw, url;
  if (!bencode_find(root, "trackers", &list) || !bencode_items(list, &rest)) return;
  while (meta->tracker_count < TRACKERS_MAX && bencode_next(&rest, &raw)) {
    if (bencode_bytes(raw, &url))
      meta->trackers[meta->tracker_count++] = must(strndup((const char *)url.at, url.length));
  }
}

static void read_node(struct metafile *meta, struct slice root) {
  struct slice node;
  if (!bencode_find_bytes(root, "node", &node) || node.length != 6) return;
  meta->dht_node = address_v4(node.at, (uint16_t)(node.at[4] << 8 | node.at[5]));
}

struct metafile *metafile_load(const char *path, const char **ret_why) {
  size_t size = 0;
  uint8_t *text = whole_file(path, &size);
  if (text == NULL) {
    *ret_why = "cannot be read";
    return NULL;
  }
  struct metafile *meta = must(calloc(1, sizeof *meta));
  struct slice root, info;
  bool good =
      bencode_value((struct slice){text, size}, &root) && bencode_find(root, "info", &info) && read_info(meta, info);
  if (good) {
    read_trackers(meta, root);
    read_node(meta, root);
  } else {
    *ret_why = "is not a metafile";
    metafile_free(meta);
    meta = NULL;
  }
  free(text);
  return meta;
}

void metafile_free(struct metafile *meta) {
  for (int i = 0; i < meta->tracker_count; i++) free(meta->trackers[i]);
  free(meta->digests);
  free(meta->name);
  free(meta);
}

uint32_t metafile_piece_length(const struct metafile *meta, uint32_t index) {
  uint64_t left = meta->length - (uint64_t)index * meta->piece_length;
  return left < meta->piece_length ? (uint32_t)left : meta->piece_length;
}
