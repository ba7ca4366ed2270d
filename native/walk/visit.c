/* What one object shows: by its type's tp_traverse, and by hand where that is silent, dangerous or loses positions.
 * The reasons stand at the top of walker.c.
 */
#include "walk/visit.h"

#include <datetime.h>

#include "internal/pycore_context.h"
#include "internal/pycore_moduleobject.h"
#include "walk/deny.h"
#include "walk/emit.h"

enum { LABEL_WORDS_MAX = 512 };

static int collect(PyObject *target, void *context) {
  ol_walk *walk = context;
  if ((walk->scratch_count + 1) * sizeof(PyObject *) > walk->scratch.bytes &&
      !ol_reserve_grow(&walk->scratch, (walk->scratch_count + 1) * sizeof(PyObject *))) {
    walk->no_memory = true;
    return 0;
  }
  ((PyObject **)walk->scratch.base)[walk->scratch_count++] = target;
  return 0;
}

static void collect_shown(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  walk->scratch_count = 0;
  if (!info->visits) return;
  if (info->type->tp_is_gc != NULL && !info->type->tp_is_gc(object)) return;
  info->type->tp_traverse(object, collect, walk);
}

static inline PyObject **shown(const ol_walk *walk) { return (PyObject **)walk->scratch.base; }

/* Where in the object a pointer stands. Searching from the last hit on makes it linear for types that show their
 * members in order. A place is named once: of two that hold the same object the second is for the second reference,
 * whichever is shown first, so that no attribute goes without its name. */
typedef struct label_search {
  PyObject **words; /* of the object, the ones before it included */
  int first, count;
  int next;
  PyObject **inline_values;
  Py_ssize_t inline_count;
  Py_ssize_t inline_next;
  uint64_t inline_taken;                          /* a bit for each of the first 64 */
  uint64_t words_taken[LABEL_WORDS_MAX / 64 + 1]; /* from `first` on */
  PyObject **slots;                               /* of a frame of its own */
  int slot_count, slot_next;
  PyObject *type;
  PyObject *dict;             /* that stands behind the items */
  int borrowed, borrowed_end; /* words that hold no references */
  uint16_t otherwise;         /* the label of what is not found */
} label_search;

/* Before 3.12 the dict of a str, int or bytes subclass' instance stands behind its items. */
static PyObject *dict_behind_items(PyObject *object, const ol_type_info *info) {
  if (info->type->tp_dictoffset >= 0 || info->item_bytes == 0 || info->inlines) return NULL;
  Py_ssize_t count = Py_SIZE(object) < 0 ? -Py_SIZE(object) : Py_SIZE(object);
  size_t end = (info->basic_bytes + (size_t)count * info->item_bytes + 7) & ~(size_t)7;
  return *(PyObject **)((char *)object + end + info->type->tp_dictoffset);
}

static label_search begin_labels(PyObject *object, const ol_type_info *info) {
  label_search search = {.type = (PyObject *)info->type, .otherwise = OL_LABEL_OUTSIDE};
  int before = (int)(info->preheader_bytes / 8);
  uint64_t after = info->basic_bytes / 8;
  /* Only here is ob_size known to be a count: a coroutine has an item size, too, and something else in that place. */
  if (PyType_HasFeature(info->type, Py_TPFLAGS_TUPLE_SUBCLASS) && Py_SIZE(object) > 0)
    after += (uint64_t)Py_SIZE(object);
  search.words = (PyObject **)object;
  search.dict = dict_behind_items(object, info);
  search.first = -before;
  search.count = after > LABEL_WORDS_MAX ? LABEL_WORDS_MAX : (int)after;
  search.next = 2; /* past refcount and type */
  if (info->inlines && !ol_inline_values(object, info->type, &search.inline_values, &search.inline_count))
    search.inline_count = 0;
  if (info->kind == OL_KIND_FRAME) search.borrowed = ol_frame_borrowed(info->type, &search.borrowed_end);
  ol_frame_view frame;
  if (info->kind == OL_KIND_FRAME && ol_frame_view_of(object, &frame)) {
    search.slots = frame.slots;
    search.slot_count = frame.count > OL_LABEL_SLOT_MAX ? OL_LABEL_SLOT_MAX : frame.count;
  }
  return search;
}

/* The attribute without a name so far that holds the target; -1: none. Types show slots before attributes or after. */
static Py_ssize_t find_inline(label_search *search, PyObject *target) {
  for (Py_ssize_t tries = 0, i = search->inline_next; tries < 2; tries++, i = 0)
    for (; i < search->inline_count; i++)
      if (search->inline_values[i] == target && !(i < 64 && search->inline_taken >> i & 1)) {
        if (i < 64) search->inline_taken |= (uint64_t)1 << i;
        search->inline_next = i + 1;
        return i;
      }
  return -1;
}

/* Mark the word as named; false when it was. */
static bool take_word(label_search *search, int word) {
  unsigned place = (unsigned)(word - search->first);
  if (place >= 64 * (LABEL_WORDS_MAX / 64 + 1)) return true;
  uint64_t bit = (uint64_t)1 << (place & 63);
  bool taken = search->words_taken[place / 64] & bit;
  search->words_taken[place / 64] |= bit;
  return !taken;
}

static uint16_t find_label(label_search *search, PyObject *target) {
  if (target == search->type) return OL_LABEL_TYPE;
  if (target == search->dict) return OL_LABEL_DICT;
  Py_ssize_t attribute = find_inline(search, target);
  if (attribute >= 0) return (uint16_t)(OL_LABEL_ATTRIBUTE | attribute);
  /* Slots before fields: a frame also has borrowed pointers, to its globals, say, which a variable may refer to. */
  for (int i = search->slot_next; i < search->slot_count; i++)
    if (search->slots[i] == target) {
      search->slot_next = i + 1;
      return (uint16_t)(OL_LABEL_SLOT | i);
    }
  int again = search->count; /* a place that was named already, should there be no other */
  for (int tries = 0, i = search->next; tries < 2; tries++, i = search->first)
    for (; i < search->count; i++) /* _elementtree marks joined texts in the lowest bit. */
      if (i != 0 && i != 1 && !(i >= search->borrowed && i < search->borrowed_end) &&
          ((uintptr_t)search->words[i] & ~(uintptr_t)1) == (uintptr_t)target) {
        if (take_word(search, i)) {
          search->next = i + 1;
          return (uint16_t)(i + OL_LABEL_OFFSET_BIAS);
        }
        again = i;
      }
  if (again != search->count) return (uint16_t)(again + OL_LABEL_OFFSET_BIAS);
  return search->otherwise;
}

/* Is this the reference to the name of what it is? */
static bool names_it(const ol_type_info *info, uint16_t found) {
  enum { WORD = sizeof(void *), BIAS = OL_LABEL_OFFSET_BIAS };
  if (info->kind == OL_KIND_CONTEXT_VARIABLE)
    return found == offsetof(struct _pycontextvarobject, var_name) / WORD + BIAS;
  if (info->kind != OL_KIND_FUNCTION) return false;
  return found == offsetof(PyFunctionObject, func_name) / WORD + BIAS ||
         found == offsetof(PyFunctionObject, func_qualname) / WORD + BIAS;
}

/* Emit scratch[0 .. count) with labels, and the type when a heap type's instance did not show it. */
static void emit_shown_as(ol_walk *walk, PyObject *object, const ol_type_info *info, size_t count, uint16_t otherwise) {
  if (!ensure_room(walk, count + 1)) return;
  label_search search = begin_labels(object, info);
  search.otherwise = otherwise;
  bool type_shown = !info->heap;
  for (size_t i = 0; i < count; i++) {
    PyObject *target = shown(walk)[i];
    if (target == (PyObject *)info->type) type_shown = true;
    uint16_t found = find_label(&search, target);
    label(walk, found);
    emit_as(walk, target, names_it(info, found) ? OL_WANT_TEXT : 0);
  }
  if (!type_shown) {
    label(walk, OL_LABEL_TYPE);
    emit(walk, (PyObject *)info->type);
  }
}

static void emit_shown(ol_walk *walk, PyObject *object, const ol_type_info *info, size_t count) {
  emit_shown_as(walk, object, info, count, OL_LABEL_OUTSIDE);
}

static void emit_labelled(ol_walk *walk, PyObject *target, uint16_t value) {
  if (target == NULL) return;
  label(walk, value);
  emit(walk, target);
}

static void emit_member(ol_walk *walk, PyObject *object, size_t offset, bool name) {
  PyObject *target = *(PyObject **)((char *)object + offset);
  if (target == NULL) return;
  label(walk, (uint16_t)(offset / 8 + OL_LABEL_OFFSET_BIAS));
  emit_as(walk, target, name ? OL_WANT_TEXT : 0);
}

/* ---- containers -------------------------------------------------------------------------------------------------- */

static ol_layout walk_elements(ol_walk *walk, PyObject **items, Py_ssize_t count) {
  if (count <= 0 || items == NULL || !ensure_room(walk, (size_t)count)) return OL_LAYOUT_SEQUENCE;
  for (Py_ssize_t i = 0; i < count; i++) emit(walk, items[i]);
  return OL_LAYOUT_SEQUENCE;
}

static ol_layout walk_set(ol_walk *walk, PyObject *object) {
  const PySetObject *set = (const PySetObject *)object;
  if (!ensure_room(walk, (size_t)set->fill)) return OL_LAYOUT_ELEMENTS;
  Py_ssize_t left = set->used; /* a table may be changing hands under us only if the GIL is not ours */
  for (Py_ssize_t i = 0; i <= set->mask && left > 0; i++) {
    const setentry *entry = &set->table[i];
    if (entry->key == NULL || entry->hash == -1) continue; /* empty, or a removed key's mark */
    emit(walk, entry->key);
    left--;
  }
  return OL_LAYOUT_ELEMENTS;
}

/* Elements first, so that position is index; a heap type (3.12+) comes last. */
static ol_layout walk_deque(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  collect_shown(walk, object, info);
  if (!ensure_room(walk, walk->scratch_count + 1)) return OL_LAYOUT_SEQUENCE;
  for (size_t i = 0; i < walk->scratch_count; i++)
    if (shown(walk)[i] != (PyObject *)info->type) emit(walk, shown(walk)[i]);
  if (info->heap) emit(walk, (PyObject *)info->type);
  return OL_LAYOUT_SEQUENCE;
}

static void emit_pairs(ol_walk *walk, const ol_dict_view *view) {
  if (!ensure_room(walk, (size_t)view->entries * 2)) return;
  for (Py_ssize_t i = 0; i < view->entries; i++) {
    PyObject *value = ol_keys_value(view->keys, i);
    if (value == NULL) continue;
    emit_name(walk, ol_keys_key(view->keys, i));
    emit(walk, value);
  }
}

static ol_layout walk_dict(ol_walk *walk, PyObject *object) {
  ol_dict_view view;
  ol_dict_view_of((PyDictObject *)object, &view);
  if (view.values == NULL) {
    emit_pairs(walk, &view);
    return OL_LAYOUT_PAIRS;
  }
  if (!ensure_room(walk, (size_t)view.entries + 1)) return OL_LAYOUT_SPLIT_DICT;
  emit_pseudo(walk, view.keys, OL_LAYOUT_KEYS);
  for (Py_ssize_t i = 0; i < view.entries && !view.embedded; i++) emit(walk, view.values[i]);
  return OL_LAYOUT_SPLIT_DICT;
}

/* How many of the last references shown are the dict's own, if they are exactly what its table makes us expect. */
static bool matches_table(const ol_walk *walk, const ol_dict_view *view, size_t *ret_count) {
  bool keys_shown = ol_keys_shown(view->keys);
  size_t expected = 0;
  for (Py_ssize_t i = 0; i < view->entries; i++)
    if (ol_keys_value(view->keys, i) != NULL) expected += keys_shown ? 2 : 1;
  if (expected > walk->scratch_count) return false;
  PyObject **next = shown(walk) + (walk->scratch_count - expected);
  for (Py_ssize_t i = 0; i < view->entries; i++) {
    PyObject *value = ol_keys_value(view->keys, i);
    if (value == NULL) continue;
    if (*next++ != value) return false;
    if (keys_shown && *next++ != ol_keys_key(view->keys, i)) return false;
  }
  *ret_count = expected;
  return true;
}

/* From here on this row's references have no labels. */
static bool end_labelled_part(ol_walk *walk, uint32_t node, uint64_t first_edge) {
  uint32_t rows = walk->columns.pairs_plain_count;
  if (!ol_reserve_grow(&walk->columns.pairs_start, (rows + 1) * 8ull)) {
    walk->no_memory = true;
    return false;
  }
  uint32_t *row = OL_COLUMN(uint32_t, walk->columns.pairs_start) + rows * 2ull;
  row[0] = node;
  row[1] = (uint32_t)(walk->columns.edge_count - first_edge);
  walk->columns.pairs_plain_count++;
  return true;
}

/* A subclass' traversal ends with its base's, which shows all elements: lists and tuples backwards, deques forwards. */
static ol_layout walk_sequence_subclass(ol_walk *walk, PyObject *object, const ol_type_info *info, uint32_t node) {
  bool is_list = PyType_HasFeature(info->type, Py_TPFLAGS_LIST_SUBCLASS);
  bool backwards = is_list || PyType_HasFeature(info->type, Py_TPFLAGS_TUPLE_SUBCLASS);
  size_t count = Py_SIZE(object) > 0 ? (size_t)Py_SIZE(object) : 0;
  collect_shown(walk, object, info);
  if (count > walk->scratch_count) { /* some slots are empty */
    emit_shown_as(walk, object, info, walk->scratch_count, OL_LABEL_EXTRA);
    return OL_LAYOUT_PLAIN;
  }
  PyObject **last = shown(walk) + walk->scratch_count - count;
  PyObject **items = is_list ? ((PyListObject *)object)->ob_item : ((PyTupleObject *)object)->ob_item;
  for (size_t i = 0; backwards && i < count; i++)
    if (last[i] != items[count - 1 - i]) { /* another order: named tuples of C, whose type names its fields */
      emit_shown_as(walk, object, info, walk->scratch_count, OL_LABEL_EXTRA);
      return OL_LAYOUT_PLAIN;
    }
  uint64_t first_edge = walk->columns.edge_count;
  emit_shown_as(walk, object, info, walk->scratch_count - count, OL_LABEL_OUTSIDE);
  if (!end_labelled_part(walk, node, first_edge) || !ensure_room(walk, count)) return OL_LAYOUT_PLAIN;
  for (size_t i = 0; i < count; i++) emit(walk, shown(walk)[walk->scratch_count - (backwards ? i + 1 : count - i)]);
  return OL_LAYOUT_PLAIN_SEQUENCE;
}

static ol_layout walk_set_subclass(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  collect_shown(walk, object, info);
  size_t elements = (size_t)((const PySetObject *)object)->used;
  if (elements > walk->scratch_count) elements = 0;
  emit_shown_as(walk, object, info, walk->scratch_count - elements, OL_LABEL_EXTRA);
  if (!ensure_room(walk, elements)) return OL_LAYOUT_PLAIN;
  for (size_t i = walk->scratch_count - elements; i < walk->scratch_count; i++)
    emit_labelled(walk, shown(walk)[i], OL_LABEL_EXTRA); /* small ones stand in the set itself: no names, no fields */
  return OL_LAYOUT_PLAIN;
}

/* A context's mapping: key and value, or no key and a node further down. Shape of 3.10 to 3.13 (Python/hamt.c). */
struct hamt_pairs {
  PyObject_VAR_HEAD uint64_t bitmap_or_hash;
  PyObject *pairs[1];
};
struct hamt_array {
  PyObject_HEAD PyObject *children[32];
  Py_ssize_t count;
};

static ol_layout walk_hamt_pairs(ol_walk *walk, PyObject *object) {
  Py_ssize_t count = Py_SIZE(object);
  if (count <= 0 || !ensure_room(walk, (size_t)count)) return OL_LAYOUT_PAIRS;
  PyObject **pairs = ((struct hamt_pairs *)object)->pairs;
  for (Py_ssize_t i = 0; i + 1 < count; i += 2) {
    emit(walk, pairs[i]);
    emit(walk, pairs[i + 1]);
  }
  return OL_LAYOUT_PAIRS;
}

static ol_layout walk_hamt_array(ol_walk *walk, PyObject *object) {
  if (!ensure_room(walk, 32)) return OL_LAYOUT_ELEMENTS;
  for (int i = 0; i < 32; i++)
    if (((struct hamt_array *)object)->children[i] != NULL) emit(walk, ((struct hamt_array *)object)->children[i]);
  return OL_LAYOUT_ELEMENTS;
}

static ol_layout walk_dict_subclass(ol_walk *walk, PyObject *object, const ol_type_info *info, uint32_t node) {
  ol_dict_view view;
  ol_dict_view_of((PyDictObject *)object, &view);
  collect_shown(walk, object, info);
  size_t from_table = 0;
  uint64_t first_edge = walk->columns.edge_count;
  if (view.values == NULL && matches_table(walk, &view, &from_table)) {
    emit_shown_as(walk, object, info, walk->scratch_count - from_table, OL_LABEL_EXTRA);
    if (!end_labelled_part(walk, node, first_edge)) return OL_LAYOUT_PLAIN;
    emit_pairs(walk, &view);
    return OL_LAYOUT_PAIRS_PLAIN;
  }
  emit_shown_as(walk, object, info, walk->scratch_count, OL_LABEL_EXTRA);
  if (view.values != NULL || ol_keys_shown(view.keys) || !ensure_room(walk, (size_t)view.entries))
    return OL_LAYOUT_PLAIN;
  for (Py_ssize_t i = 0; i < view.entries; i++)
    if (ol_keys_value(view.keys, i) != NULL) emit_labelled(walk, ol_keys_key(view.keys, i), OL_LABEL_EXTRA);
  return OL_LAYOUT_PLAIN;
}

/* ---- objects of the interpreter ---------------------------------------------------------------------------------- */

static void emit_fixed(void *context, PyObject *target) { emit_name(context, target); }

static ol_layout walk_code(ol_walk *walk, PyObject *object) {
  if (ensure_room(walk, 16)) ol_visit_code((PyCodeObject *)object, emit_fixed, walk);
  ol_code_caches((PyCodeObject *)object, &walk->cache_blocks, &walk->cache_native_bytes);
  return OL_LAYOUT_CODE;
}

static ol_layout walk_static_type(ol_walk *walk, PyTypeObject *type) {
  if (!ensure_room(walk, 8)) return OL_LAYOUT_PLAIN;
  emit_labelled(walk, ol_type_dict(walk->interp, type), offsetof(PyTypeObject, tp_dict) / 8 + OL_LABEL_OFFSET_BIAS);
  emit_labelled(walk, type->tp_bases, offsetof(PyTypeObject, tp_bases) / 8 + OL_LABEL_OFFSET_BIAS);
  emit_labelled(walk, type->tp_mro, offsetof(PyTypeObject, tp_mro) / 8 + OL_LABEL_OFFSET_BIAS);
  emit_labelled(walk, ol_type_subclasses(walk->interp, type),
                offsetof(PyTypeObject, tp_subclasses) / 8 + OL_LABEL_OFFSET_BIAS);
  return OL_LAYOUT_PLAIN;
}

static ol_layout walk_type(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  PyTypeObject *type = (PyTypeObject *)object;
  if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) return walk_static_type(walk, type);
  collect_shown(walk, object, info);
  emit_shown(walk, object, info, walk->scratch_count);
  if (!ensure_room(walk, 8)) return OL_LAYOUT_PLAIN;
  emit_member(walk, object, offsetof(PyTypeObject, tp_subclasses), false);
  emit_member(walk, object, offsetof(PyHeapTypeObject, ht_name), true);
  emit_member(walk, object, offsetof(PyHeapTypeObject, ht_qualname), true);
  emit_member(walk, object, offsetof(PyHeapTypeObject, ht_slots), false);
  if (((PyHeapTypeObject *)type)->ht_cached_keys != NULL) {
    label(walk, offsetof(PyHeapTypeObject, ht_cached_keys) / 8 + OL_LABEL_OFFSET_BIAS);
    emit_pseudo(walk, ((PyHeapTypeObject *)type)->ht_cached_keys, OL_LAYOUT_KEYS);
  }
  return OL_LAYOUT_PLAIN;
}

static ol_layout walk_module(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  const PyModuleObject *module = (const PyModuleObject *)object;
  if (ol_deny_module_state(module->md_def)) {
    walk->refused_count++;
    if (ensure_room(walk, 2)) emit_member(walk, object, offsetof(PyModuleObject, md_dict), false);
  } else {
    collect_shown(walk, object, info);
    emit_shown(walk, object, info, walk->scratch_count);
  }
  if (ensure_room(walk, 1)) emit_member(walk, object, offsetof(PyModuleObject, md_name), true);
  return OL_LAYOUT_PLAIN;
}

static ol_layout walk_descriptor(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  collect_shown(walk, object, info);
  emit_shown(walk, object, info, walk->scratch_count);
  if (!ensure_room(walk, 2)) return OL_LAYOUT_PLAIN;
  emit_member(walk, object, offsetof(PyDescrObject, d_name), true);
  emit_member(walk, object, offsetof(PyDescrObject, d_qualname), true);
  return OL_LAYOUT_PLAIN;
}

static ol_layout walk_fields(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  if (!ensure_room(walk, OL_FIELDS_MAX + 1)) return OL_LAYOUT_PLAIN;
  for (int i = 0; i < info->field_count; i++) emit_member(walk, object, info->fields[i], false);
  if (info->heap) emit_labelled(walk, (PyObject *)info->type, OL_LABEL_TYPE);
  return OL_LAYOUT_PLAIN;
}

static bool is_time(const ol_type_info *info) { return info->basic_bytes < sizeof(PyDateTime_DateTime); }

/* Not shown to the collector; and one without a time zone has no room for it. */
static ol_layout walk_datetime(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  collect_shown(walk, object, info);
  emit_shown(walk, object, info, walk->scratch_count);
  if (!((const _PyDateTime_BaseTZInfo *)object)->hastzinfo || !ensure_room(walk, 1)) return OL_LAYOUT_PLAIN;
  emit_member(walk, object, is_time(info) ? offsetof(PyDateTime_Time, tzinfo) : offsetof(PyDateTime_DateTime, tzinfo),
              false);
  return OL_LAYOUT_PLAIN;
}

/* NumPy's arrays are not known to the collector: their base, type and elements are read at the offsets that its C API
 * has promised since 1.7 (and kept in 2.x). Elements are shown by the array that owns them only. */
enum { NPY_C_CONTIGUOUS = 1, NPY_F_CONTIGUOUS = 2, NPY_OWNDATA = 4, NPY_OBJECT = 17 };
struct ndarray {
  PyObject_HEAD char *data;
  int nd;
  Py_ssize_t *dimensions, *strides;
  PyObject *base, *descr;
  int flags;
  PyObject *weakreflist;
};
struct ndarray_descr {
  PyObject_HEAD PyTypeObject *typeobj;
  char kind, type, byteorder, former_flags;
  int type_num;
};

static ol_layout walk_ndarray(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  const struct ndarray *array = (const struct ndarray *)object;
  collect_shown(walk, object, info);
  emit_shown(walk, object, info, walk->scratch_count);
  if (!ensure_room(walk, 2)) return OL_LAYOUT_PLAIN;
  emit_member(walk, object, offsetof(struct ndarray, base), false);
  emit_member(walk, object, offsetof(struct ndarray, descr), false);
  const struct ndarray_descr *descr = (const struct ndarray_descr *)array->descr;
  bool whole = (array->flags & NPY_OWNDATA) && (array->flags & (NPY_C_CONTIGUOUS | NPY_F_CONTIGUOUS));
  if (descr == NULL || descr->type_num != NPY_OBJECT || !whole || array->nd < 0 || array->nd > 64)
    return OL_LAYOUT_PLAIN;
  size_t count = 1;
  for (int i = 0; i < array->nd; i++) count *= (size_t)array->dimensions[i];
  if (array->data == NULL || !ensure_room(walk, count)) return OL_LAYOUT_PLAIN;
  for (size_t i = 0; i < count; i++) {
    label(walk, OL_LABEL_EXTRA);
    emit(walk, ((PyObject **)array->data)[i]);
  }
  return OL_LAYOUT_PLAIN;
}

/* A bounded lru_cache keeps its links in a ring that begins in the wrapper itself. It holds each of them and shows
 * only what they hold; the shape is the same from 3.10 to 3.13 (Modules/_functoolsmodule.c). */
struct lru_link {
  PyObject_HEAD struct lru_link *previous, *next;
  Py_hash_t hash;
  PyObject *key, *result;
};

/* The links show nothing: the wrapper does it for them, each link's key, result and type in turn. */
static void emit_lru_shown(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  size_t count = walk->scratch_count;
  if (!ensure_room(walk, count + 1)) return;
  const struct lru_link *ring = (const struct lru_link *)object, *link = ring->next;
  label_search search = begin_labels(object, info);
  bool type_shown = !info->heap;
  for (size_t i = 0; i < count; i++) {
    PyObject *target = shown(walk)[i];
    uint16_t found;
    if (link != NULL && link != ring && target == link->key) found = OL_LABEL_KEY;
    else if (link != NULL && link != ring && target == link->result) found = OL_LABEL_VALUE, link = link->next;
    else found = find_label(&search, target);
    if (target == (PyObject *)info->type) type_shown = true;
    label(walk, found);
    emit(walk, target);
  }
  if (!type_shown) emit_labelled(walk, (PyObject *)info->type, OL_LABEL_TYPE);
}

static ol_layout walk_lru_cache(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  collect_shown(walk, object, info);
  size_t links_at_most = walk->scratch_count;
  emit_lru_shown(walk, object, info);
  const struct lru_link *ring = (const struct lru_link *)object;
  for (struct lru_link *link = ring->next; link != NULL && link != ring && links_at_most > 0; link = link->next) {
    if (!ensure_room(walk, 1)) break;
    emit_labelled(walk, (PyObject *)link, OL_LABEL_EXTRA);
    links_at_most--;
  }
  return OL_LAYOUT_PLAIN;
}

static ol_layout walk_generic(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  collect_shown(walk, object, info);
  emit_shown(walk, object, info, walk->scratch_count);
  return OL_LAYOUT_PLAIN;
}

ol_layout ol_visit_object(ol_walk *walk, PyObject *object, const ol_type_info *info, uint32_t node) {
  switch (info->kind) {
    case OL_KIND_LEAF:
    case OL_KIND_STR:
    case OL_KIND_INT: return OL_LAYOUT_LEAF;
    case OL_KIND_TUPLE: return walk_elements(walk, ((PyTupleObject *)object)->ob_item, Py_SIZE(object));
    case OL_KIND_LIST: return walk_elements(walk, ((PyListObject *)object)->ob_item, Py_SIZE(object));
    case OL_KIND_DICT: return walk_dict(walk, object);
    case OL_KIND_DICT_SUBCLASS: return walk_dict_subclass(walk, object, info, node);
    case OL_KIND_SET: return walk_set(walk, object);
    case OL_KIND_DEQUE: return walk_deque(walk, object, info);
    case OL_KIND_CODE: return walk_code(walk, object);
    case OL_KIND_TYPE: return walk_type(walk, object, info);
    case OL_KIND_MODULE: return walk_module(walk, object, info);
    case OL_KIND_DESCRIPTOR: return walk_descriptor(walk, object, info);
    case OL_KIND_FIELDS: return walk_fields(walk, object, info);
    case OL_KIND_NDARRAY: return walk_ndarray(walk, object, info);
    case OL_KIND_LRU_CACHE: return walk_lru_cache(walk, object, info);
    case OL_KIND_SEQUENCE_SUBCLASS: return walk_sequence_subclass(walk, object, info, node);
    case OL_KIND_SET_SUBCLASS: return walk_set_subclass(walk, object, info);
    case OL_KIND_DATETIME: return walk_datetime(walk, object, info);
    case OL_KIND_HAMT_PAIRS: return walk_hamt_pairs(walk, object);
    case OL_KIND_HAMT_ARRAY: return walk_hamt_array(walk, object);
    case OL_KIND_FUNCTION:
    case OL_KIND_CONTEXT_VARIABLE:
    case OL_KIND_FRAME:
    case OL_KIND_GENERIC: break;
  }
  return walk_generic(walk, object, info);
}
