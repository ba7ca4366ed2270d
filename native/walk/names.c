#include "walk/names.h"

#include <stdio.h>
#include <string.h>

static size_t put_utf8(Py_UCS4 character, char *out) {
  if (character < 0x80) return out[0] = (char)character, 1;
  if (character < 0x800) {
    out[0] = (char)(0xc0 | character >> 6);
    out[1] = (char)(0x80 | (character & 0x3f));
    return 2;
  }
  if (character >= 0xd800 && character < 0xe000) character = 0xfffd; /* a lone surrogate has no UTF-8 */
  if (character < 0x10000) {
    out[0] = (char)(0xe0 | character >> 12);
    out[1] = (char)(0x80 | (character >> 6 & 0x3f));
    out[2] = (char)(0x80 | (character & 0x3f));
    return 3;
  }
  out[0] = (char)(0xf0 | character >> 18);
  out[1] = (char)(0x80 | (character >> 12 & 0x3f));
  out[2] = (char)(0x80 | (character >> 6 & 0x3f));
  out[3] = (char)(0x80 | (character & 0x3f));
  return 4;
}

static size_t str_text(PyObject *str, char *buffer, size_t limit) {
  const PyASCIIObject *head = (const PyASCIIObject *)str;
  if (!head->state.compact && ((const PyUnicodeObject *)str)->data.any == NULL) return 0;
  size_t used = 0;
  int kind = head->state.kind;
  const void *data = PyUnicode_DATA(str);
  for (Py_ssize_t i = 0; i < head->length && used + 4 <= limit; i++)
    used += put_utf8(PyUnicode_READ(kind, data, i), buffer + used);
  return used;
}

static size_t int_text(PyObject *number, char *buffer) {
  int overflow = 0;
  long long value = PyLong_AsLongLongAndOverflow(number, &overflow); /* exact ints only: runs no Python */
  return overflow != 0 ? 0 : (size_t)snprintf(buffer, 24, "%lld", value);
}

size_t ol_short_text(PyObject *object, char *buffer) {
  if (PyUnicode_Check(object)) return str_text(object, buffer, OL_TEXT_MAX);
  if (PyLong_CheckExact(object)) return int_text(object, buffer);
  const char *text = object == Py_None       ? "None"
                     : object == Py_True     ? "True"
                     : object == Py_False    ? "False"
                     : object == Py_Ellipsis ? "Ellipsis"
                                             : "";
  size_t length = strlen(text);
  memcpy(buffer, text, length);
  return length;
}

static PyObject *module_key; /* "__module__", interned, made once */

size_t ol_type_name(PyTypeObject *type, PyInterpreterState *interp, char *buffer) {
  if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
    size_t length = strnlen(type->tp_name, OL_NAME_MAX - 1);
    memcpy(buffer, type->tp_name, length);
    return length;
  }
  if (module_key == NULL) module_key = PyUnicode_InternFromString("__module__");
  size_t used = 0;
  PyObject *dict = ol_type_dict(interp, type);
  PyObject *module = dict != NULL && module_key != NULL ? PyDict_GetItemWithError(dict, module_key) : NULL;
  if (module != NULL && PyUnicode_Check(module)) {
    used = str_text(module, buffer, OL_NAME_MAX / 2);
    if (used == 8 && memcmp(buffer, "builtins", 8) == 0) used = 0;
    if (used > 0) buffer[used++] = '.';
  }
  PyObject *qualified = ((PyHeapTypeObject *)type)->ht_qualname;
  if (qualified != NULL && PyUnicode_Check(qualified))
    return used + str_text(qualified, buffer + used, OL_NAME_MAX - 1 - used);
  size_t length = strnlen(type->tp_name, OL_NAME_MAX - 1 - used);
  memcpy(buffer + used, type->tp_name, length);
  return used + length;
}

bool ol_collect_texts(const ol_walk *walk, ol_reserve *nodes, ol_text *texts) {
  const ol_columns *c = &walk->columns;
  ol_text_clear(texts);
  for (uint32_t node = 1; node < c->node_count && texts->byte_count < OL_TEXT_TOTAL_MAX; node++) {
    if (!ol_walk_wants_text(walk, node)) continue;
    char buffer[OL_TEXT_MAX + 8];
    size_t length = ol_short_text((PyObject *)OL_COLUMN(const uint64_t, c->address)[node], buffer);
    if (length == 0) continue;
    if (!ol_reserve_grow(nodes, ((size_t)texts->count + 1) * 4)) return false;
    ((uint32_t *)nodes->base)[texts->count] = node;
    if (!ol_text_append(texts, buffer, length)) return false;
  }
  return true;
}
