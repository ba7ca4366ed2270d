/* What stands in freed memory: words of eight bytes that name the block.
 *
 *   byte   0 .. 5                              6, 7
 *          digits of its serial, 0xE0 + 0..31  0xDB 0xDB
 *
 * Why these. As text no byte of it can follow another: each begins a sequence in UTF-8, and is followed by no byte that
 * continues one, so a decoder fails at the first byte whatever the place it begins at; in UTF-16 it is a high surrogate
 * without a low one, in UTF-32 no character. As a pointer it is not canonical on x86-64 and not mapped on aarch64: it
 * faults and can be nobody's memory. As a number it is negative and huge. No zero is in it: who looks for the end of a
 * string runs to the end of the block. A digit is never 0xDB, so the phase of a piece of fill shows. Thirty bits of serial
 * say which block it was as long as it is kept; afterwards, nothing is said.
 */
#ifndef OUTLIVE_PRELOAD_GUARD_FILL_H
#define OUTLIVE_PRELOAD_GUARD_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OL_FILL_MARK = 0xDB, OL_FILL_DIGIT = 0xE0, OL_FILL_SERIALS = 1 << 30 };

static inline uint64_t ol_fill_word(uint32_t serial) {
  uint64_t word = (uint64_t)OL_FILL_MARK << 56 | (uint64_t)OL_FILL_MARK << 48;
  for (int i = 0; i < 6; i++) word |= (uint64_t)(OL_FILL_DIGIT | (serial >> (5 * i) & 31)) << (8 * i);
  return word;
}

/* Is this word a fill, or within a little of one? */
static inline bool ol_fill_is_word(uint64_t word, uint32_t *ret_serial) {
  uint32_t serial = 0;
  if (word >> 48 != (OL_FILL_MARK << 8 | OL_FILL_MARK)) return false;
  for (int i = 0; i < 6; i++) {
    uint32_t digit = word >> (8 * i) & 255;
    if (digit < OL_FILL_DIGIT) return false;
    serial |= (digit & 31) << (5 * i);
  }
  *ret_serial = serial;
  return true;
}

/* Does a whole word of fill begin within the first eight of these bytes, with the bytes before it fill as well? */
static inline bool ol_fill_is_text(const uint8_t *text, size_t length, uint32_t *ret_serial, uint32_t *ret_phase) {
  for (uint32_t phase = 0; phase < 8 && phase + 8 <= length; phase++) {
    uint64_t word;
    __builtin_memcpy(&word, text + phase, 8);
    if (!ol_fill_is_word(word, ret_serial)) continue;
    uint64_t whole = ol_fill_word(*ret_serial);
    if (__builtin_memcmp((const uint8_t *)&whole + 8 - phase, text, phase) != 0) return false;
    *ret_phase = (8 - phase) & 7;
    return true;
  }
  return false;
}

#endif
