#include "walk/sizes.h"

static uint64_t str_bytes(PyObject *object) {
  const PyASCIIObject *str = (const PyASCIIObject *)object;
  uint64_t length = (uint64_t)str->length;
  if (str->state.compact && str->state.ascii) return sizeof(PyASCIIObject) + length + 1;
  const PyCompactUnicodeObject *wide = (const PyCompactUnicodeObject *)object;
  uint64_t bytes;
  if (str->state.compact) {
    bytes = sizeof(PyCompactUnicodeObject) + (length + 1) * str->state.kind;
  } else {
    const PyUnicodeObject *legacy = (const PyUnicodeObject *)object;
    bytes = sizeof(PyUnicodeObject) + (legacy->data.any != NULL ? (length + 1) * str->state.kind : 0);
  }
  if (wide->utf8 != NULL && !str->state.ascii) bytes += (uint64_t)wide->utf8_length + 1;
  return bytes;
}

static uint64_t int_bytes(PyObject *object) {
#if PY_VERSION_HEX >= 0x030c0000
  uint64_t digits = ((const PyLongObject *)object)->long_value.lv_tag >> 3;
  if (digits == 0) digits = 1;
  return offsetof(PyLongObject, long_value.ob_digit) + digits * sizeof(digit);
#else
  Py_ssize_t digits = Py_SIZE(object);
  return offsetof(PyLongObject, ob_digit) + (uint64_t)(digits < 0 ? -digits : digits) * sizeof(digit);
#endif
}

static uint64_t dict_bytes(PyObject *object, const ol_type_info *info) {
  ol_dict_view view;
  ol_dict_view_of((PyDictObject *)object, &view);
  uint64_t bytes = info->basic_bytes;
  if (view.values != NULL)
    return view.embedded ? bytes : bytes + ol_keys_usable_entries(view.keys) * sizeof(PyObject *);
  return view.keys->dk_refcnt == 1 ? bytes + ol_keys_bytes(view.keys) : bytes; /* else: the empty table, static */
}

static uint64_t set_bytes(PyObject *object, const ol_type_info *info) {
  const PySetObject *set = (const PySetObject *)object;
  bool own_table = set->table != set->smalltable;
  return info->basic_bytes + (own_table ? (uint64_t)(set->mask + 1) * sizeof(setentry) : 0);
}

static uint64_t called_bytes(PyObject *object, const ol_type_info *info, uint64_t otherwise) {
  PyObject *answer = info->size_method(object, NULL);
  if (answer == NULL) {
    PyErr_Clear();
    return otherwise;
  }
  size_t bytes = PyLong_Check(answer) ? PyLong_AsSize_t(answer) : (size_t)-1;
  Py_DECREF(answer);
  if (bytes == (size_t)-1) {
    PyErr_Clear();
    return otherwise;
  }
  return bytes;
}

static uint64_t plain_bytes(PyObject *object, const ol_type_info *info) {
  if (info->item_bytes == 0) return info->basic_bytes;
  Py_ssize_t count = Py_SIZE(object);
  return info->basic_bytes + (uint64_t)(count < 0 ? -count : count) * info->item_bytes;
}

static uint64_t body_bytes(PyObject *object, const ol_type_info *info) {
  switch (info->kind) {
    case OL_KIND_STR: return str_bytes(object);
    case OL_KIND_INT: return int_bytes(object);
    case OL_KIND_LIST:
      return info->basic_bytes + (uint64_t)((const PyListObject *)object)->allocated * sizeof(PyObject *);
    case OL_KIND_DICT: return dict_bytes(object, info);
    case OL_KIND_SET: return set_bytes(object, info);
    case OL_KIND_TUPLE: return info->basic_bytes + (uint64_t)Py_SIZE(object) * sizeof(PyObject *);
    case OL_KIND_TYPE: {
      bool heap = PyType_HasFeature((PyTypeObject *)object, Py_TPFLAGS_HEAPTYPE);
      return heap ? plain_bytes(object, info) : sizeof(PyTypeObject);
    }
    default: break;
  }
  uint64_t plain = plain_bytes(object, info);
#if PY_VERSION_HEX < 0x030b0000
  if (info->kind == OL_KIND_CODE) return plain; /* its own answer counts the interpreter's caches: ol_code_caches */
#endif
  return info->size_method != NULL ? called_bytes(object, info, plain) : plain;
}

uint64_t ol_size_of(PyObject *object, const ol_type_info *info) {
  uint64_t bytes = body_bytes(object, info) + info->preheader_bytes;
  if (info->kind == OL_KIND_TYPE && !PyType_HasFeature((PyTypeObject *)object, Py_TPFLAGS_HEAPTYPE))
    return bytes - info->preheader_bytes; /* a static type has no collector header */
  if (info->inlines) bytes += ol_inline_values_bytes(object, info->type);
  return bytes;
}
