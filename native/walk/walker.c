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

#include "walk/details.h"
#include "walk/emit.h"
#include "walk/hidden.h"
#include "walk/roots.h"
#include "walk/sizes.h"
#include "walk/visit.h"

enum { WALK_AHEAD = 12, CHASE_EVERY = 3 };

bool ol_walk_refresh_room(ol_walk *walk, size_t nodes, size_t edges, size_t labels) {
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

static void note(ol_walk *walk, uint32_t node) {
  if (!ol_reserve_grow(&walk->noted, (walk->noted_count + 1) * 4ull)) {
    walk->no_memory = true;
    return;
  }
  OL_COLUMN(uint32_t, walk->noted)[walk->noted_count++] = node;
}

static void walk_pseudo(ol_walk *walk, uint32_t node, void *address, ol_layout layout) {
  uint64_t bytes = 0;
  switch (layout) {
    case OL_LAYOUT_INTERPRETER: ol_roots_of_interpreter(address, emit_root, walk); break;
    case OL_LAYOUT_THREAD: walk_thread(walk, address); break;
    case OL_LAYOUT_FRAME:
      ol_visit_frame(address, emit_slot, walk);
      if (walk->types.detailed) note(walk, node);
      break;
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

/* A static type that nobody made ready (cffi's ThreadCanary_Type, in every process with callbacks from threads of C)
 * has instances and no type of its own yet. It is shown as an object that holds nothing. */
static PyTypeObject *type_of(PyObject *object) {
  return Py_TYPE(object) != NULL ? Py_TYPE(object) : &PyBaseObject_Type;
}

static bool walk_object(ol_walk *walk, uint32_t node, PyObject *object) {
  ol_type_info *found = ol_type_table_get(&walk->types, type_of(object), walk->interp);
  if (found == NULL) return false;
  if (found->node == 0) {
    if (!ensure_room(walk, 1)) return false;
    found->node = number_of(walk, (uintptr_t)found->type);
  }
  const ol_type_info *info = found; /* stays where it is: only this function asks the table */
  ol_columns *c = &walk->columns;
  OL_COLUMN(uint32_t, c->type)[node] = info->node;
  bool is_static = Py_TYPE(object) == NULL ||
                   (info->kind == OL_KIND_TYPE && !PyType_HasFeature((PyTypeObject *)object, Py_TPFLAGS_HEAPTYPE));
  /* a static type begins with a reference that nobody holds, and is never freed */
  OL_COLUMN(uint32_t, c->refcount)[node] = is_static ? OL_REFCOUNT_IMMORTAL : ol_refcount(object);
  set_size(walk, node, ol_size_of(object, info));
  if (info->notes != 0) note(walk, node);
  set_layout(walk, node, ol_visit_object(walk, object, info, node));
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
  walk->noted_count = 0;
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
      ol_type_table_init(&walk->types) && ol_walk_refresh_room(walk, 64, 64, 64))
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
  ol_reserve_deinit(&walk->noted);
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
  return ol_type_table_learn() && ol_members_learn() && ol_details_learn() && ol_roots_learn() && ol_hidden_learn();
}
