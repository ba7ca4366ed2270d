/* Theory of operation.
 *
 * Nodes are numbered in the order in which they are found: first what the interpreter and its threads hold, then what
 * the nodes refer to, each walked in the order of its number; and beside each node one more object from the collector's
 * lists, so that garbage and hidden cycles are found too. So the columns fill from front to back, edges of one node lie together, and no queue is
 * needed: the address column is the queue.
 *
 * A reference is followed by the type's own tp_traverse, except where that is silent, dangerous or loses the meaning
 * of a position:
 *   - dicts with only str keys show values only; we read the table;
 *   - code objects show nothing; static types abort the process when traversed; running frames belong to nobody;
 *   - tuples and lists are shown backwards and without empty slots;
 *   - descriptors, modules and heap types hold names they do not show; ndarrays show neither base nor elements;
 *   - instances of heap types hold their type, and some C types forget to show it.
 *
 * What keeps it fast is only locality: the table from address to number has the heap's own shape (graph/id_table.h),
 * its slots are asked for OL_PENDING references ahead of use, and objects a few numbers ahead.
 *
 * What is never done: taking a reference, calling Python code, materialising a __dict__.
 *
 * Borrowed pointers must not become edges: in_degree <= refcount is the test of that. (Tried and dropped: tp_base of
 * static types, interned-strings dict, which since 3.10 hold what they do not count.)
 */
#include "walk/walker.h"

#include "internal/pycore_moduleobject.h"
#include "walk/deny.h"
#include "walk/roots.h"
#include "walk/sizes.h"

enum { WALK_AHEAD = 12, CHASE_EVERY = 3, LABEL_WORDS_MAX = 128 };
#define OL_WANT_TEXT (1ull << 63)

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static bool refresh_room(ol_walk *walk, size_t nodes, size_t edges, size_t labels) {
  ol_columns *c = &walk->columns;
  if (!ol_columns_make_room(c, nodes, edges, labels)) {
    walk->no_memory = true;
    return false;
  }
  size_t room = c->layout.bytes;
  if (c->type.bytes / 4 < room) room = c->type.bytes / 4;
  if (c->refcount.bytes / 4 < room) room = c->refcount.bytes / 4;
  if (c->size.bytes / 4 < room) room = c->size.bytes / 4;
  if (c->address.bytes / 8 < room) room = c->address.bytes / 8;
  if (c->edge_start.bytes / 8 - 1 < room) room = c->edge_start.bytes / 8 - 1;
  walk->node_room = room;
  walk->edge_room = c->targets.bytes / 4;
  walk->label_room = c->labels.bytes / 2;
  return true;
}

/* Every emitter asks first, for as many references as it may emit; so emitting itself never fails. */
static inline bool ensure_room(ol_walk *walk, size_t edges) {
  ol_columns *c = &walk->columns;
  size_t nodes = edges + OL_PENDING + 2;
  if (c->node_count + nodes < walk->node_room && c->edge_count + edges < walk->edge_room &&
      c->label_count + edges < walk->label_room)
    return true;
  return refresh_room(walk, nodes, edges, edges);
}

static uint32_t number_of(ol_walk *walk, uintptr_t address) {
  uint32_t *slot = ol_id_table_slot(&walk->table, address);
  if (slot == NULL) {
    slot = ol_id_table_make_slot(&walk->table, address);
    if (slot == NULL) {
      if (ol_address_possible(address)) walk->no_memory = true;
      walk->impossible_count++;
      return 0;
    }
  }
  if (*slot == 0) {
    ol_columns *c = &walk->columns;
    *slot = c->node_count++;
    OL_COLUMN(uint64_t, c->address)[*slot] = address;
    OL_COLUMN(uint8_t, c->layout)[*slot] = OL_LAYOUT_NOTHING;
  }
  return *slot;
}

static inline void settle_one(ol_walk *walk) {
  uint32_t first = walk->pending_first;
  uint64_t edge = walk->pending[first].edge;
  uint32_t number = number_of(walk, (uintptr_t)walk->pending[first].object);
  if (edge & OL_WANT_TEXT) OL_COLUMN(uint8_t, walk->columns.layout)[number] |= 0x80;
  OL_COLUMN(uint32_t, walk->columns.targets)[edge & ~OL_WANT_TEXT] = number;
  walk->pending_first = (first + 1) % OL_PENDING;
  walk->pending_count--;
}

static void settle_all(ol_walk *walk) {
  while (walk->pending_count > 0) settle_one(walk);
}

static inline void emit_as(ol_walk *walk, PyObject *target, uint64_t want_text) {
  uint64_t edge = walk->columns.edge_count++;
  if (target == NULL) {
    OL_COLUMN(uint32_t, walk->columns.targets)[edge] = 0;
    return;
  }
  if (walk->pending_count == OL_PENDING) settle_one(walk);
  const uint32_t *slot = ol_id_table_slot(&walk->table, (uintptr_t)target);
  if (slot != NULL) __builtin_prefetch(slot, 1);
  uint32_t place = (walk->pending_first + walk->pending_count++) % OL_PENDING;
  walk->pending[place].object = target;
  walk->pending[place].edge = edge | want_text;
}

static inline void emit(ol_walk *walk, PyObject *target) { emit_as(walk, target, 0); }
static inline void emit_name(ol_walk *walk, PyObject *target) { emit_as(walk, target, OL_WANT_TEXT); }

static inline void label(ol_walk *walk, uint16_t value) {
  OL_COLUMN(uint16_t, walk->columns.labels)[walk->columns.label_count++] = value;
}

static inline void set_layout(ol_walk *walk, uint32_t node, ol_layout layout) {
  uint8_t *place = &OL_COLUMN(uint8_t, walk->columns.layout)[node];
  *place = (uint8_t)((*place & 0x80) | layout);
}

/* A node that is no Python object. It is numbered at once, because its layout must be known before it is walked. */
static uint32_t pseudo_node(ol_walk *walk, const void *address, ol_layout layout) {
  uint32_t number = number_of(walk, (uintptr_t)address);
  if (number != 0) set_layout(walk, number, layout);
  return number;
}

static void emit_pseudo(ol_walk *walk, const void *address, ol_layout layout) {
  uint32_t number = pseudo_node(walk, address, layout);
  OL_COLUMN(uint32_t, walk->columns.targets)[walk->columns.edge_count++] = number;
}

/* ---- what one object shows --------------------------------------------------------------------------------------- */

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
 * members in order. */
typedef struct label_search {
  PyObject **words; /* of the object, the ones before it included */
  int first, count;
  int next;
  PyObject **inline_values;
  Py_ssize_t inline_count;
  Py_ssize_t inline_next;
  PyObject *type;
} label_search;

static label_search begin_labels(PyObject *object, const ol_type_info *info) {
  label_search search = {.type = (PyObject *)info->type};
  int before = (int)(info->preheader_bytes / 8);
  uint64_t after = info->basic_bytes / 8;
  /* Only here is ob_size known to be a count: a coroutine has an item size, too, and something else in that place. */
  if (PyType_HasFeature(info->type, Py_TPFLAGS_TUPLE_SUBCLASS) && Py_SIZE(object) > 0)
    after += (uint64_t)Py_SIZE(object);
  search.words = (PyObject **)object;
  search.first = -before;
  search.count = after > LABEL_WORDS_MAX ? LABEL_WORDS_MAX : (int)after;
  search.next = 2; /* past refcount and type */
  if (info->inlines && !ol_inline_values(object, info->type, &search.inline_values, &search.inline_count))
    search.inline_count = 0;
  return search;
}

static uint16_t find_label(label_search *search, PyObject *target) {
  if (target == search->type) return OL_LABEL_TYPE;
  for (Py_ssize_t i = search->inline_next; i < search->inline_count; i++)
    if (search->inline_values[i] == target) {
      search->inline_next = i + 1;
      return (uint16_t)(OL_LABEL_ATTRIBUTE | i);
    }
  for (int tries = 0, i = search->next; tries < 2; tries++, i = search->first)
    for (; i < search->count; i++)
      if (i != 0 && i != 1 && search->words[i] == target) {
        search->next = i + 1;
        return (uint16_t)(i + OL_LABEL_OFFSET_BIAS);
      }
  return OL_LABEL_UNKNOWN;
}

/* Emit scratch[0 .. count) with labels, and the type when a heap type's instance did not show it. */
static void emit_shown(ol_walk *walk, PyObject *object, const ol_type_info *info, size_t count) {
  if (!ensure_room(walk, count + 1)) return;
  label_search search = begin_labels(object, info);
  bool type_shown = !info->heap;
  for (size_t i = 0; i < count; i++) {
    PyObject *target = shown(walk)[i];
    if (target == (PyObject *)info->type) type_shown = true;
    label(walk, i < LABEL_WORDS_MAX ? find_label(&search, target) : OL_LABEL_UNKNOWN);
    emit(walk, target);
  }
  if (!type_shown) {
    label(walk, OL_LABEL_TYPE);
    emit(walk, (PyObject *)info->type);
  }
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

static ol_layout walk_dict_subclass(ol_walk *walk, PyObject *object, const ol_type_info *info, uint32_t node) {
  ol_dict_view view;
  ol_dict_view_of((PyDictObject *)object, &view);
  collect_shown(walk, object, info);
  size_t from_table = 0;
  uint64_t first_edge = walk->columns.edge_count;
  if (view.values == NULL && matches_table(walk, &view, &from_table)) {
    emit_shown(walk, object, info, walk->scratch_count - from_table);
    uint32_t rows = walk->columns.pairs_plain_count;
    if (!ol_reserve_grow(&walk->columns.pairs_start, (rows + 1) * 8ull)) {
      walk->no_memory = true;
      return OL_LAYOUT_PLAIN;
    }
    uint32_t *row = OL_COLUMN(uint32_t, walk->columns.pairs_start) + rows * 2ull;
    row[0] = node;
    row[1] = (uint32_t)(walk->columns.edge_count - first_edge);
    walk->columns.pairs_plain_count++;
    emit_pairs(walk, &view);
    return OL_LAYOUT_PAIRS_PLAIN;
  }
  emit_shown(walk, object, info, walk->scratch_count);
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
  if (!ensure_room(walk, OL_FIELDS_MAX)) return OL_LAYOUT_PLAIN;
  for (int i = 0; i < info->field_count; i++) emit_member(walk, object, info->fields[i], false);
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
};

static ol_layout walk_lru_cache(ol_walk *walk, PyObject *object, const ol_type_info *info) {
  collect_shown(walk, object, info);
  size_t links_at_most = walk->scratch_count;
  emit_shown(walk, object, info, walk->scratch_count);
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

static ol_layout walk_by_kind(ol_walk *walk, PyObject *object, const ol_type_info *info, uint32_t node) {
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
    case OL_KIND_REFUSED: walk->refused_count++; return OL_LAYOUT_REFUSED;
    case OL_KIND_GENERIC: break;
  }
  return walk_generic(walk, object, info);
}

/* ---- pseudo-nodes ------------------------------------------------------------------------------------------------ */

static void emit_root(void *context, PyObject *target, int root_label) {
  ol_walk *walk = context;
  if (target == NULL || !ensure_room(walk, 1)) return;
  label(walk, (uint16_t)root_label);
  emit(walk, target);
}

static void walk_thread(ol_walk *walk, PyThreadState *thread) {
  ol_roots_of_thread(thread, emit_root, walk);
  for (void *frame = ol_first_frame(thread); frame != NULL; frame = ol_next_frame(frame)) {
    if (!ensure_room(walk, 1)) return;
    label(walk, OL_ROOT_FRAME);
    emit_pseudo(walk, frame, OL_LAYOUT_FRAME);
  }
}

static void emit_slot(void *context, PyObject *target) {
  if (ensure_room(context, 1)) emit(context, target);
}

static void walk_keys(ol_walk *walk, const PyDictKeysObject *keys) {
  if (!ensure_room(walk, (size_t)ol_keys_count(keys))) return;
  for (Py_ssize_t i = 0; i < ol_keys_count(keys); i++) emit_name(walk, ol_keys_key(keys, i));
}

static void set_size(ol_walk *walk, uint32_t node, uint64_t bytes) {
  ol_columns *c = &walk->columns;
  OL_COLUMN(uint32_t, c->size)[node] = bytes < OL_SIZE_LARGE ? (uint32_t)bytes : OL_SIZE_LARGE;
  if (bytes < OL_SIZE_LARGE) return;
  if (!ol_reserve_grow(&c->large_sizes, (c->large_count + 1) * sizeof(ol_large_size))) {
    walk->no_memory = true;
    return;
  }
  OL_COLUMN(ol_large_size, c->large_sizes)[c->large_count++] = (ol_large_size){.node = node, .bytes = bytes};
}

static void walk_pseudo(ol_walk *walk, uint32_t node, void *address, ol_layout layout) {
  uint64_t bytes = 0;
  switch (layout) {
    case OL_LAYOUT_INTERPRETER: ol_roots_of_interpreter(address, emit_root, walk); break;
    case OL_LAYOUT_THREAD: walk_thread(walk, address); break;
    case OL_LAYOUT_FRAME: ol_visit_frame(address, emit_slot, walk); break;
    default:
      walk_keys(walk, address);
      bytes = ol_keys_bytes(address);
      break;
  }
  ol_columns *c = &walk->columns;
  OL_COLUMN(uint32_t, c->type)[node] = 0;
  OL_COLUMN(uint32_t, c->refcount)[node] = OL_REFCOUNT_IMMORTAL;
  set_size(walk, node, bytes);
}

/* ---- the walk itself --------------------------------------------------------------------------------------------- */

static bool walk_object(ol_walk *walk, uint32_t node, PyObject *object) {
  ol_type_info *found = ol_type_table_get(&walk->types, Py_TYPE(object), walk->interp);
  if (found == NULL) return false;
  if (found->node == 0) {
    if (!ensure_room(walk, 1)) return false;
    found->node = number_of(walk, (uintptr_t)found->type);
  }
  const ol_type_info *info = found; /* stays where it is: only this function asks the table */
  ol_columns *c = &walk->columns;
  OL_COLUMN(uint32_t, c->type)[node] = info->node;
  bool is_static = info->kind == OL_KIND_TYPE && !PyType_HasFeature((PyTypeObject *)object, Py_TPFLAGS_HEAPTYPE);
  /* a static type begins with a reference that nobody holds, and is never freed */
  OL_COLUMN(uint32_t, c->refcount)[node] = is_static ? OL_REFCOUNT_IMMORTAL : ol_refcount(object);
  set_size(walk, node, ol_size_of(object, info));
  set_layout(walk, node, walk_by_kind(walk, object, info, node));
  return true;
}

static bool walk_node(ol_walk *walk, uint32_t node) {
  ol_columns *c = &walk->columns;
  /* Only this much ahead, and only the object: looking into it from afar to fetch its table, too, costs more than it
   * brings (measured: 1.4x slower, the look itself waits for the address translation). */
  if (node + WALK_AHEAD < c->node_count)
    __builtin_prefetch((const void *)OL_COLUMN(uint64_t, c->address)[node + WALK_AHEAD]);
  void *address = (void *)OL_COLUMN(uint64_t, c->address)[node];
  ol_layout layout = OL_COLUMN(uint8_t, c->layout)[node] & 0x7f;
  bool ok = true;
  if (layout >= OL_LAYOUT_KEYS) walk_pseudo(walk, node, address, layout);
  else ok = walk_object(walk, node, address);
  OL_COLUMN(uint64_t, c->edge_start)[node + 1] = c->edge_count;
  c->walked_count = node + 1;
  return ok && !walk->no_memory;
}

/* The collector's lists are chains of dependent loads, one cache miss each: chased on their own they would cost more
 * than the rest of the walk. So a link is followed beside each node that is walked, and is there when it is needed. */
typedef struct chase {
  int list;
  PyGC_Head *head, *previous, *item; /* item == NULL: all lists are done */
  bool broken;
} chase;

static void enter_list(chase *c, const ol_walk *walk) {
  for (; c->list < OL_GC_LISTS; c->list++) {
    c->head = c->previous = ol_gc_list(walk->interp, c->list);
    c->item = ol_gc_next(c->head);
    if (c->item != c->head) return;
  }
  c->item = NULL;
}

static void chase_one(ol_walk *walk, chase *c) {
  PyGC_Head *item = c->item, *next = ol_gc_next(item);
  if (next == NULL) {
    c->broken = true;
    return;
  }
  __builtin_prefetch(next);
  if (ol_gc_prev(item) != c->previous) walk->broken_links++;
  if (!ensure_room(walk, 1)) return;
  (void)number_of(walk, (uintptr_t)ol_from_gc(item));
  walk->tracked_count++;
  c->previous = item;
  c->item = next;
  if (next == c->head) c->list++, enter_list(c, walk);
}

static ol_walk_status begin(ol_walk *walk) {
  walk->interp = PyInterpreterState_Get();
  ol_columns_clear(&walk->columns);
  ol_id_table_clear(&walk->table);
  ol_type_table_clear(&walk->types);
  walk->pending_first = walk->pending_count = 0;
  walk->tracked_count = walk->refused_count = walk->impossible_count = walk->broken_links = 0;
  walk->cache_blocks = walk->cache_native_bytes = 0;
  walk->no_memory = false;
  if (!ensure_room(walk, 64)) return OL_WALK_NO_MEMORY;
  (void)pseudo_node(walk, walk->interp, OL_LAYOUT_INTERPRETER);
  for (PyThreadState *thread = ol_first_thread(walk->interp); thread != NULL; thread = thread->next) {
    if (!ensure_room(walk, 1)) return OL_WALK_NO_MEMORY;
    (void)pseudo_node(walk, thread, OL_LAYOUT_THREAD);
  }
  return walk->no_memory ? OL_WALK_NO_MEMORY : OL_WALK_OK;
}

/* One more row to walk, if there is any way to find one. */
static bool find_next(ol_walk *walk, chase *c, uint32_t node) {
  if (node < walk->columns.node_count) return true;
  settle_all(walk);
  while (node == walk->columns.node_count && c->item != NULL && !c->broken && !walk->no_memory) chase_one(walk, c);
  return node < walk->columns.node_count;
}

static ol_walk_status walk_all(ol_walk *walk) {
  ol_walk_status status = begin(walk);
  chase tracked = {0};
  enter_list(&tracked, walk);
  for (uint32_t node = 1; status == OL_WALK_OK && find_next(walk, &tracked, node); node++) {
    if (node % CHASE_EVERY == 0 && tracked.item != NULL) chase_one(walk, &tracked);
    if (tracked.broken) status = OL_WALK_BROKEN_LIST;
    else if (walk->no_memory || !walk_node(walk, node)) status = OL_WALK_NO_MEMORY;
  }
  if (tracked.broken) return OL_WALK_BROKEN_LIST;
  return walk->no_memory ? OL_WALK_NO_MEMORY : status;
}

ol_walk_status ol_walk_take(ol_walk *walk) {
  /* A C-level __sizeof__ may allocate, and up to 3.11 an allocation may collect: the lists must not move under us. */
  int was_enabled = PyGC_Disable();
  ol_walk_status status = walk_all(walk);
  if (was_enabled) PyGC_Enable();
  return status;
}

bool ol_walk_init(ol_walk *walk, size_t objects_expected) {
  memset(walk, 0, sizeof *walk);
  if (ol_columns_init(&walk->columns, objects_expected) && ol_id_table_init(&walk->table, objects_expected / 64) &&
      ol_type_table_init(&walk->types) && refresh_room(walk, 64, 64, 64))
    return true;
  ol_walk_deinit(walk);
  return false;
}

void ol_walk_make_ready(ol_walk *walk, size_t objects) {
  enum { EDGES_PER_OBJECT = 1, LEAF_BYTES_PER_OBJECT = 10 }; /* rather too little: what is missing comes by itself */
  ol_columns *c = &walk->columns;
  const ol_reserve *wide[] = {&c->address, &c->edge_start}, *narrow[] = {&c->type, &c->refcount, &c->size};
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) ol_reserve_touch(wide[i], objects * 8);
  for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++) ol_reserve_touch(narrow[i], objects * 4);
  ol_reserve_touch(&c->layout, objects);
  ol_reserve_touch(&c->targets, objects * 4 * EDGES_PER_OBJECT);
  ol_reserve_touch(&walk->table.leaves, objects * LEAF_BYTES_PER_OBJECT);
}

void ol_walk_deinit(ol_walk *walk) {
  ol_columns_deinit(&walk->columns);
  ol_id_table_deinit(&walk->table);
  ol_type_table_deinit(&walk->types);
  ol_reserve_deinit(&walk->scratch);
}

#if PY_VERSION_HEX < 0x030b0000
void *ol_general_lookup;
#endif

bool ol_walk_learn(void) {
#if PY_VERSION_HEX < 0x030b0000
  PyObject *dict = PyDict_New(), *key = PyLong_FromLong(1);
  if (dict == NULL || key == NULL || PyDict_SetItem(dict, key, key) < 0) return false;
  ol_general_lookup = ((PyDictObject *)dict)->ma_keys->dk_lookup;
  Py_DECREF(key);
  Py_DECREF(dict);
#endif
  return ol_type_table_learn();
}
