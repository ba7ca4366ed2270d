#include "stamps/spelling.h"

#include <string.h>

static size_t spell_character(Py_UCS4 c, char *out) {
  if (c >= 0xd800 && c < 0xe000) c = 0xfffd; /* a lone surrogate (an undecodable file name) has no UTF-8 */
  if (c < 0x80) return out[0] = (char)c, 1;
  if (c < 0x800) return out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 0x3f)), 2;
  size_t at = 0;
  if (c < 0x10000) out[at++] = (char)(0xe0 | c >> 12);
  else out[at++] = (char)(0xf0 | c >> 18), out[at++] = (char)(0x80 | (c >> 12 & 0x3f));
  out[at++] = (char)(0x80 | (c >> 6 & 0x3f));
  out[at++] = (char)(0x80 | (c & 0x3f));
  return at;
}

size_t ol_spell(PyObject *str, char *buffer, size_t limit) {
  if (str == NULL || !PyUnicode_Check(str)) return 0;
  const PyASCIIObject *head = (const PyASCIIObject *)str;
  if (!head->state.compact && ((const PyUnicodeObject *)str)->data.any == NULL) return 0;
  size_t length = (size_t)head->length, used = 0;
  const void *data = PyUnicode_DATA(str);
  if (head->state.ascii) {
    used = length < limit ? length : limit;
    memcpy(buffer, data, used);
    return used;
  }
  for (size_t i = 0; i < length && used + 4 <= limit; i++)
    used += spell_character(PyUnicode_READ(head->state.kind, data, i), buffer + used);
  return used;
}
