#include "stamps/scope.h"

#include <string.h>

enum { LEVELS_MAX = 8, BITS_A_LEVEL = 5 };

struct pairs_node { /* bitmap: sorted by the bits that are set. collision: all of one hash */
  PyObject_VAR_HEAD uint32_t bits;
  PyObject *pairs[1]; /* key, value; no key: the value is a node further down */
};
struct array_node {
  PyObject_HEAD PyObject *children[32];
};

static enum { BITMAP, COLLISION, ARRAY, STRANGE } kind_of(const PyObject *node) {
  static const PyTypeObject *bitmap, *array; /* learnt from the first ones seen: CPython does not export them */
  const PyTypeObject *type = Py_TYPE(node);
  if (type == bitmap) return BITMAP;
  if (type == array) return ARRAY;
  if (strcmp(type->tp_name, "hamt_bitmap_node") == 0) return bitmap = type, BITMAP;
  if (strcmp(type->tp_name, "hamt_array_node") == 0) return array = type, ARRAY;
  return strcmp(type->tp_name, "hamt_collision_node") == 0 ? COLLISION : STRANGE;
}

static uint32_t hash_of(const struct _pycontextvarobject *variable) {
  uint64_t hash = (uint64_t)variable->var_hash;
  uint32_t folded = (uint32_t)hash ^ (uint32_t)(hash >> 32);
  return folded == UINT32_MAX ? UINT32_MAX - 1 : folded;
}

static const PyObject *value_in_collision(const PyObject *node, const PyObject *key) {
  PyObject *const *pairs = ((const struct pairs_node *)node)->pairs;
  for (Py_ssize_t i = 0; i + 1 < Py_SIZE(node); i += 2)
    if (pairs[i] == key) return pairs[i + 1];
  return NULL;
}

static const PyObject *value_below(const PyObject *node, const PyObject *key, uint32_t hash) {
  for (int level = 0; level < LEVELS_MAX && node != NULL; level++, hash >>= BITS_A_LEVEL) {
    uint32_t place = hash & 31;
    switch (kind_of(node)) {
      case ARRAY: node = ((const struct array_node *)node)->children[place]; break;
      case COLLISION: return value_in_collision(node, key);
      case BITMAP: {
        const struct pairs_node *bitmap = (const struct pairs_node *)node;
        if ((bitmap->bits >> place & 1) == 0) return NULL;
        PyObject *const *pair = bitmap->pairs + 2 * __builtin_popcount(bitmap->bits & ((1u << place) - 1));
        if (pair[0] != NULL) return pair[0] == key ? pair[1] : NULL;
        node = pair[1];
        break;
      }
      case STRANGE: return NULL;
    }
  }
  return NULL;
}

#if PY_VERSION_HEX >= 0x030c0000
static Py_ssize_t digits_of(const PyLongObject *number) {
  enum { SIGN = 3, POSITIVE = 0 };
  uintptr_t tag = number->long_value.lv_tag;
  return (tag & SIGN) == POSITIVE ? (Py_ssize_t)(tag >> 3) : 0;
}
static uint64_t digit_of(const PyLongObject *number, int i) { return number->long_value.ob_digit[i]; }
#else
static Py_ssize_t digits_of(const PyLongObject *number) { return Py_SIZE(number); }
static uint64_t digit_of(const PyLongObject *number, int i) { return number->ob_digit[i]; }
#endif

static uint32_t as_scope(const PyObject *value) {
  if (value == NULL || !PyLong_CheckExact(value)) return 0;
  const PyLongObject *number = (const PyLongObject *)value;
  Py_ssize_t digits = digits_of(number);
  if (digits < 1 || digits > 2) return 0;
  uint64_t scope = digit_of(number, 0) | (digits == 2 ? digit_of(number, 1) << PyLong_SHIFT : 0);
  return scope <= UINT32_MAX ? (uint32_t)scope : 0;
}

uint32_t ol_scope_now(const PyThreadState *thread, const PyObject *variable) {
  const PyContext *context = (const PyContext *)thread->context;
  if (context == NULL || context->ctx_vars == NULL || context->ctx_vars->h_count == 0) return 0;
  uint32_t hash = hash_of((const struct _pycontextvarobject *)variable);
  return as_scope(value_below((const PyObject *)context->ctx_vars->h_root, variable, hash));
}
