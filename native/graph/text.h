/* Texts by number: a growing blob and where each text ends. Used for type names and for the names on edges. */
#ifndef OUTLIVE_GRAPH_TEXT_H
#define OUTLIVE_GRAPH_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/reserve.h"

typedef struct ol_text {
  ol_reserve bytes; /* char[byte_count], no terminators */
  ol_reserve ends;  /* uint64_t[count]: text k is bytes[ends[k - 1] .. ends[k]) */
  uint64_t byte_count;
  uint32_t count;
} ol_text;

void ol_text_clear(ol_text *text);
void ol_text_deinit(ol_text *text);

/* Append one text. Its number is text->count - 1 afterwards. False: no memory. */
bool ol_text_append(ol_text *text, const char *bytes, size_t length);

const char *ol_text_at(const ol_text *text, uint32_t number, size_t *ret_length);

/* A set of texts, each once. */
typedef struct ol_text_set {
  ol_text texts;
  ol_reserve slots; /* uint32_t[capacity]: number + 1 */
  uint32_t capacity;
} ol_text_set;

/* The number of this text, the same for the same text for as long as the set lives. False: no memory. */
bool ol_text_set_number(ol_text_set *set, const char *bytes, size_t length, uint32_t *ret);
void ol_text_set_deinit(ol_text_set *set);

#endif
