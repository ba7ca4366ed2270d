/* Reading bencode where it lies. A slice is borrowed: it points into the text it was read from and owns nothing. */
#ifndef SWARM_BENCODE_H
#define SWARM_BENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
  const uint8_t *at;
  size_t length;
};

/* The first whole value in `text`, raw, written to `ret`. False when there is none, or it is nested too deep. */
bool bencode_value(struct slice text, struct slice *ret);

/* The raw value under `key` of a raw dictionary. */
bool bencode_find(struct slice dictionary, const char *key, struct slice *ret);

/* The bytes of a raw string. */
bool bencode_bytes(struct slice string, struct slice *ret);

/* The value of a raw number. */
bool bencode_number(struct slice number, int64_t *ret);

/* What is inside a raw list, for `bencode_next`. */
bool bencode_items(struct slice list, struct slice *ret_rest);

/* Takes the next raw value off `*rest`. False at the end. */
bool bencode_next(struct slice *rest, struct slice *ret);

/* Both at once: what a caller mostly wants. */
bool bencode_find_bytes(struct slice dictionary, const char *key, struct slice *ret);
bool bencode_find_number(struct slice dictionary, const char *key, int64_t *ret);

#endif
