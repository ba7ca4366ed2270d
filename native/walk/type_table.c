#include "walk/type_table.h"

#include <string.h>

#include "walk/deny.h"
#include "walk/hidden.h"

enum { FIRST_CAPACITY = 4096, BASES_MAX = 64 };

static PyObject *sizeof_name;
static PyTypeObject *deque_type; /* immortal in practice: a static or module-held type; compared, never followed */

bool ol_type_table_learn(void) {
  sizeof_name = PyUnicode_InternFromString("__sizeof__");
  PyObject *collections = PyImport_ImportModule("_collections");
  if (sizeof_name == NULL || collections == NULL) return false;
  deque_type = (PyTypeObject *)PyObject_GetAttrString(collections, "deque");
  Py_DECREF(collections);
  return deque_type != NULL;
}

bool ol_type_table_init(ol_type_table *table) {
  memset(table, 0, sizeof *table);
  table->capacity = FIRST_CAPACITY;
  return ol_reserve_grow(&table->slots, FIRST_CAPACITY * sizeof(ol_type_info));
}

void ol_type_table_clear(ol_type_table *table) {
  memset(table->slots.base, 0, table->capacity * sizeof(ol_type_info));
  table->count = 0;
}

void ol_type_table_deinit(ol_type_table *table) {
  ol_reserve_deinit(&table->slots);
  table->capacity = table->count = 0;
}

static uint32_t place_of(const PyTypeObject *type, uint32_t capacity) {
  return (uint32_t)(((uintptr_t)type >> 4) * 0x9e3779b97f4a7c15ull >> 40) & (capacity - 1);
}

static ol_type_info *find_slot(ol_type_info *slots, uint32_t capacity, const PyTypeObject *type) {
  uint32_t place = place_of(type, capacity);
  while (slots[place].type != NULL && slots[place].type != type) place = (place + 1) & (capacity - 1);
  return &slots[place];
}

static bool grow(ol_type_table *table) {
  ol_reserve bigger = {0};
  uint32_t capacity = table->capacity * 2;
  if (!ol_reserve_grow(&bigger, capacity * sizeof(ol_type_info))) return false;
  const ol_type_info *old = (const ol_type_info *)table->slots.base;
  for (uint32_t i = 0; i < table->capacity; i++)
    if (old[i].type != NULL) *find_slot((ol_type_info *)bigger.base, capacity, old[i].type) = old[i];
  ol_reserve_deinit(&table->slots);
  table->slots = bigger;
  table->capacity = capacity;
  return true;
}

PyObject *ol_type_lookup(PyTypeObject *type, PyObject *name, PyInterpreterState *interp) {
  PyObject *mro = type->tp_mro;
  if (mro == NULL || !PyTuple_Check(mro)) return NULL;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(mro); i++) {
    PyObject *base = PyTuple_GET_ITEM(mro, i);
    PyObject *dict = PyType_Check(base) ? ol_type_dict(interp, (PyTypeObject *)base) : NULL;
    if (dict == NULL || !PyDict_CheckExact(dict)) continue;
    /* An interned name in a dict of interned names: found by identity, so no user __eq__ can run. */
    PyObject *value = PyDict_GetItemWithError(dict, name);
    if (value != NULL) return value;
  }
  return NULL;
}

/* object.__sizeof__ is the plain formula; other C ones are called; Python ones never are: they run the user's code. */
static PyCFunction size_method_of(PyTypeObject *type, PyInterpreterState *interp) {
  PyObject *method = ol_type_lookup(type, sizeof_name, interp);
  if (method == NULL || !Py_IS_TYPE(method, &PyMethodDescr_Type)) return NULL;
  const PyMethodDescrObject *descriptor = (const PyMethodDescrObject *)method;
  if (descriptor->d_common.d_type == &PyBaseObject_Type) return NULL;
  if ((descriptor->d_method->ml_flags & (METH_NOARGS | METH_O | METH_VARARGS | METH_FASTCALL)) != METH_NOARGS)
    return NULL;
  return descriptor->d_method->ml_meth;
}

static void set_fields(ol_type_info *info, uint8_t count, const size_t *offsets) {
  info->kind = OL_KIND_FIELDS;
  info->field_count = count;
  for (uint8_t i = 0; i < count; i++) info->fields[i] = (uint16_t)offsets[i];
}

/* Builtin types that hold references although the collector does not track them. */
static bool find_fields(ol_type_info *info, PyInterpreterState *interp) {
  static const size_t words[] = {16, 24, 32, 40};
  if (info->type == &PyRange_Type) return set_fields(info, 4, words), true;
  if (strcmp(info->type->tp_name, "datetime.timezone") == 0 && info->basic_bytes == 32)
    return set_fields(info, 2, words), true;
  if (info->visits) return false;
  info->field_count = (uint8_t)ol_owned_fields(info->type, interp, info->fields, OL_FIELDS_MAX);
  if (info->field_count > 0) info->kind = OL_KIND_FIELDS;
  return info->field_count > 0;
}

static bool is_datetime(const PyTypeObject *type) {
  const PyTypeObject *base = type;
  for (int depth = 0; base != NULL && depth < 32; base = base->tp_base, depth++)
    if (strcmp(base->tp_name, "datetime.datetime") == 0 || strcmp(base->tp_name, "datetime.time") == 0)
      return !PyType_HasFeature((PyTypeObject *)base, Py_TPFLAGS_HEAPTYPE);
  return false;
}

static bool is_ndarray(const PyTypeObject *type) {
  const PyTypeObject *base = type;
  for (int depth = 0; base != NULL && depth < 32; base = base->tp_base, depth++)
    if (strcmp(base->tp_name, "numpy.ndarray") == 0) return base->tp_basicsize >= 80;
  return false;
}

static bool has_base(const PyTypeObject *type, const PyTypeObject *wanted) {
  const PyTypeObject *base = type;
  for (int depth = 0; base != NULL && depth < BASES_MAX; base = base->tp_base, depth++)
    if (base == wanted) return true;
  return false;
}

/* The nodes of a context's mapping: private types of one name and size from 3.10 to 3.13. */
static ol_kind hamt_kind(const PyTypeObject *type) {
  if (strncmp(type->tp_name, "hamt_", 5) != 0 || PyType_HasFeature((PyTypeObject *)type, Py_TPFLAGS_HEAPTYPE))
    return OL_KIND_GENERIC;
  if (strcmp(type->tp_name, "hamt_array_node") == 0 && type->tp_basicsize == 280) return OL_KIND_HAMT_ARRAY;
  bool pairs = strcmp(type->tp_name, "hamt_bitmap_node") == 0 || strcmp(type->tp_name, "hamt_collision_node") == 0;
  return pairs && type->tp_basicsize == 32 ? OL_KIND_HAMT_PAIRS : OL_KIND_GENERIC;
}

bool ol_is_thread_type(PyTypeObject *type) {
  const PyTypeObject *base = type;
  for (int depth = 0; base != NULL && depth < BASES_MAX; base = base->tp_base, depth++)
    if (strcmp(base->tp_name, "Thread") == 0 && PyType_HasFeature((PyTypeObject *)base, Py_TPFLAGS_HEAPTYPE))
      return true;
  return false;
}

static void take_notes(ol_type_info *info, PyInterpreterState *interp) {
  info->state = ol_state_of_type(info->type, interp);
  if (info->state != NULL) info->notes |= OL_NOTE_STATE;
  if (info->kind == OL_KIND_CODE || info->kind == OL_KIND_FUNCTION || info->kind == OL_KIND_FRAME)
    info->notes |= OL_NOTE_LINE;
  if (info->kind == OL_KIND_MODULE) info->notes |= OL_NOTE_MODULE;
  if (ol_is_thread_type(info->type)) info->notes |= OL_NOTE_THREAD;
  if (ol_may_hide(info, &info->hidden_end)) info->notes |= OL_NOTE_HIDDEN;
}

static ol_kind kind_of(ol_type_info *info, PyInterpreterState *interp) {
  PyTypeObject *type = info->type;
  if (type == &PyUnicode_Type) return OL_KIND_STR;
  if (type == &PyLong_Type || type == &PyBool_Type) return OL_KIND_INT;
  if (type == &PyTuple_Type) return OL_KIND_TUPLE;
  if (type == &PyList_Type) return OL_KIND_LIST;
  if (type == &PyDict_Type) return OL_KIND_DICT;
  if (type == &PySet_Type || type == &PyFrozenSet_Type) return OL_KIND_SET;
  if (type == deque_type) return OL_KIND_DEQUE;
  if (type == &PyCode_Type) return OL_KIND_CODE;
  if (type == &PyModule_Type) return OL_KIND_MODULE;
  if (PyType_HasFeature(type, Py_TPFLAGS_TYPE_SUBCLASS)) return OL_KIND_TYPE;
  if (PyType_HasFeature(type, Py_TPFLAGS_DICT_SUBCLASS)) return OL_KIND_DICT_SUBCLASS;
  if (type == &PyMethodDescr_Type || type == &PyMemberDescr_Type || type == &PyGetSetDescr_Type ||
      type == &PyWrapperDescr_Type || type == &PyClassMethodDescr_Type)
    return OL_KIND_DESCRIPTOR;
  if (find_fields(info, interp)) return OL_KIND_FIELDS;
  if (is_datetime(type)) return OL_KIND_DATETIME;
  if (is_ndarray(type)) return OL_KIND_NDARRAY;
  if (strcmp(type->tp_name, "functools._lru_cache_wrapper") == 0) return OL_KIND_LRU_CACHE;
  if (PyType_HasFeature(type, Py_TPFLAGS_LIST_SUBCLASS) || PyType_HasFeature(type, Py_TPFLAGS_TUPLE_SUBCLASS) ||
      has_base(type, deque_type))
    return OL_KIND_SEQUENCE_SUBCLASS;
  if (has_base(type, &PySet_Type) || has_base(type, &PyFrozenSet_Type)) return OL_KIND_SET_SUBCLASS;
  if (type == &PyFunction_Type) return OL_KIND_FUNCTION;
  if (type == &PyFrame_Type || ol_is_generator(type)) return OL_KIND_FRAME;
  if (type == &PyContextVar_Type) return OL_KIND_CONTEXT_VARIABLE;
  ol_kind hamt = hamt_kind(type);
  if (hamt != OL_KIND_GENERIC) return hamt;
  return info->visits || info->heap ? OL_KIND_GENERIC : OL_KIND_LEAF;
}

ol_type_info *ol_type_table_get(ol_type_table *table, PyTypeObject *type, PyInterpreterState *interp) {
  ol_type_info *info = find_slot((ol_type_info *)table->slots.base, table->capacity, type);
  if (info->type != NULL) return info;
  if (table->count * 2 >= table->capacity) {
    if (!grow(table)) return NULL;
    info = find_slot((ol_type_info *)table->slots.base, table->capacity, type);
  }
  info->type = type;
  info->index = table->count++;
  info->heap = PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) && !ol_deny_type_edge(type);
  info->visits = PyType_HasFeature(type, Py_TPFLAGS_HAVE_GC) && type->tp_traverse != NULL;
  info->inlines = PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) && ol_type_may_inline(type);
  info->preheader_bytes = (uint32_t)ol_preheader_bytes(type);
  info->basic_bytes = (uint32_t)type->tp_basicsize;
  info->item_bytes = (uint32_t)type->tp_itemsize;
  info->size_method = size_method_of(type, interp);
  info->kind = kind_of(info, interp);
  if (table->detailed) take_notes(info, interp);
  return info;
}
