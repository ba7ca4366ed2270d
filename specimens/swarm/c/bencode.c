#include "bencode.h"

#include <string.h>

#define DEEPEST 32

/* Length of the value that starts at `at`; 0 for none. */
static size_t value_length(const uint8_t *at, size_t room, int depth);

static bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

static size_t number_length(const uint8_t *at, size_t room) {
  size_t i = 1;
  if (i < room && at[i] == '-') i++;
  size_t first = i;
  while (i < room && is_digit(at[i])) i++;
  return i > first && i < room && at[i] == 'e' ? i + 1 : 0;
}

static size_t string_head(const uint8_t *at, size_t room, size_t *ret_bytes) {
  size_t i = 0, bytes = 0;
  for (; i < room && is_digit(at[i]); i++) {
    if (bytes > room) return 0; /* longer than all there is: and no overflow */
    bytes = bytes * 10 + (at[i] - '0');
  }
  if (i == 0 || i >= room || at[i] != ':') return 0;
  *ret_bytes = bytes;
  return i + 1;
}

static size_t string_length(const uint8_t *at, size_t room) {
  size_t bytes = 0, head = string_head(at, room, &bytes);
  return head > 0 && bytes <= room - head ? head + bytes : 0;
}

static size_t container_length(const uint8_t *at, size_t room, int depth) {
  if (depth >= DEEPEST) return 0;
  size_t i = 1;
  while (i < room && at[i] != 'e') {
    size_t item = value_length(at + i, room - i, depth + 1);
    if (item == 0) return 0;
    i += item;
  }
  return i < room ? i + 1 : 0;
}

static size_t value_length(const uint8_t *at, size_t room, int depth) {
  if (room == 0) return 0;
  if (at[0] == 'i') return number_length(at, room);
  if (at[0] == 'l' || at[0] == 'd') return container_length(at, room, depth);
  return string_length(at, room);
}

bool bencode_value(struct slice text, struct slice *ret) {
  *ret = (struct slice){text.at, value_length(text.at, text.length, 0)};
  return ret->length > 0;
}

bool bencode_bytes(struct slice string, struct slice *ret) {
  size_t bytes = 0, head = string_head(string.at, string.length, &bytes);
  if (head == 0 || bytes > string.length - head) return false;
  *ret = (struct slice){string.at + head, bytes};
  return true;
}

bool bencode_number(struct slice number, int64_t *ret) {
  if (number.length < 3 || number.length > 20 || number.at[0] != 'i') return false;
  bool negative = number.at[1] == '-';
  int64_t value = 0;
  for (size_t i = negative ? 2 : 1; is_digit(number.at[i]); i++) {
    if (value > (INT64_MAX - 9) / 10) return false;
    value = value * 10 + (number.at[i] - '0');
  }
  *ret = negative ? -value : value;
  return true;
}

bool bencode_items(struct slice list, struct slice *ret_rest) {
  if (list.length < 2 || list.at[0] != 'l') return false;
  *ret_rest = (struct slice){list.at + 1, list.length - 1};
  return true;
}

bool bencode_next(struct slice *rest, struct slice *ret) {
  if (rest->length == 0 || rest->at[0] == 'e' || !bencode_value(*rest, ret)) return false;
  rest->at += ret->length, rest->length -= ret->length;
  return true;
}

bool bencode_find(struct slice dictionary, const char *key, struct slice *ret) {
  if (dictionary.length < 2 || dictionary.at[0] != 'd') return false;
  struct slice rest = {dictionary.at + 1, dictionary.length - 1}, raw, name;
  while (bencode_next(&rest, &raw)) {
    if (!bencode_bytes(raw, &name) || !bencode_next(&rest, ret)) return false;
    if (name.length == strlen(key) && memcmp(name.at, key, name.length) == 0) return true;
  }
  return false;
}

bool bencode_find_bytes(struct slice dictionary, const char *key, struct slice *ret) {
  struct slice raw;
  return bencode_find(dictionary, key, &raw) && bencode_bytes(raw, ret);
}

bool bencode_find_number(struct slice dictionary, const char *key, int64_t *ret) {
  struct slice raw;
  return bencode_find(dictionary, key, &raw) && bencode_number(raw, ret);
}
