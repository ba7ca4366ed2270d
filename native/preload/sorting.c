#include "preload/sorting.h"

#include <string.h>

static uint64_t key_of(const char *row) {
  uint64_t key;
  memcpy(&key, row, sizeof key);
  return key;
}

/* One byte of the keys; false where all have the same, and nothing moved. */
static int by_byte(const char *from, char *to, uint64_t count, size_t bytes, int shift) {
  uint64_t starts[257] = {0};
  for (uint64_t i = 0; i < count; i++) starts[(key_of(from + i * bytes) >> shift & 255) + 1]++;
  for (int i = 1; i < 257; i++)
    if (starts[i] == count) return 0;
  for (int i = 1; i < 257; i++) starts[i] += starts[i - 1];
  for (uint64_t i = 0; i < count; i++) {
    const char *row = from + i * bytes;
    memcpy(to + starts[key_of(row) >> shift & 255]++ * bytes, row, bytes);
  }
  return 1;
}

void ol_sort_by_first_word(void *rows, void *scratch, uint64_t count, size_t row_bytes) {
  char *from = rows, *to = scratch;
  for (int shift = 0; shift < 64; shift += 8)
    if (by_byte(from, to, count, row_bytes, shift)) {
      char *swapped = from;
      from = to;
      to = swapped;
    }
  if (from != rows && count > 0) memcpy(rows, from, count * row_bytes);
}
