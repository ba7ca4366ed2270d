/* Theory of operation.
 *
 * A type without tp_traverse (most of what Rust and C++ bindings make, and many of C) shows nothing of what it holds, and
 * some with one leave fields out. What it holds stands somewhere:
 *
 *   object             its own memory, tp_basicsize bytes: `PyObject *` fields, a Rust struct, a C++ holder
 *   object -> block    what a word of it points to the beginning of: a Box, an Arc, a Vec's buffer, a malloc'ed struct
 *   object -> block -> block    once more: a table whose head was malloc'ed as well (the memo of a pickler)
 *
 * Each aligned word there that is the address of an object of this walk is told, except as many as the object shows
 * itself. The first two words of an object, and the list of its weak references, are none of these.
 *
 * An object's own memory is ours to read while the GIL is held. A block is not: it may have been freed or unmapped by a
 * thread that needs no GIL, and the pointer may be a number. So it is read by the kernel, into memory of ours, and only
 * where it is certain how large it is: from the header of a pool of Python's allocator, or of a chunk of glibc's whose
 * successor says that it is in use. Anything else is left alone: under another malloc no block is seen.
 *
 * Bounds: BLOCKS_MAX blocks in all, those of about OBJECTS_WITH_BLOCKS instances of a type, BLOCKS_OF_OBJECT of one object, BLOCK_BYTES of each; what is beyond is counted. A type
 * of which PROBED instances have told nothing (decimals, time spans) has one in SELDOM read from then on, and no blocks.
 */
#include "walk/hidden.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
  WORD = sizeof(void *),
  HEADER_BYTES = 16,
  OBJECT_BYTES_MAX = 4096,
  SHOWN_MAX = 256,
  BLOCK_BYTES = 16 << 10,
  BLOCK_BYTES_MIN = 16,
  BLOCKS_MAX = 32768,
  OBJECTS_WITH_BLOCKS = 8192,
  PROBED = 500,
  SELDOM = 16,
  BLOCKS_OF_OBJECT = 64,
  DEPTH_MAX = 2,
  WORDS_MAX = 1 << 20,
  SURROUNDINGS_BYTES = 512,
  POOL_BYTES = 16 << 10,
  POOL_HEADER_BYTES = 48,
  POOL_CLASSES = 32,
  BASES_MAX = 64
};

static traverseproc traverse_of_classes; /* of what a class statement makes */
static destructor dealloc_of_classes;

bool ol_hidden_learn(void) {
  PyObject *made = PyObject_CallFunction((PyObject *)&PyType_Type, "s(){}", "outlive");
  if (made == NULL) return false;
  traverse_of_classes = ((PyTypeObject *)made)->tp_traverse;
  dealloc_of_classes = ((PyTypeObject *)made)->tp_dealloc;
  Py_DECREF(made);
  return true;
}

void ol_hidden_deinit(ol_hidden *hidden) {
  ol_reserve_deinit(&hidden->words);
  ol_reserve_deinit(&hidden->of_types);
  ol_reserve_deinit(&hidden->known);
  memset(hidden, 0, sizeof *hidden);
}

/* ---- which types ------------------------------------------------------------------------------------------------- */

static bool is_python_class(const PyTypeObject *type) {
  if (!PyType_HasFeature((PyTypeObject *)type, Py_TPFLAGS_HEAPTYPE) || type->tp_base == NULL) return false;
  if (type->tp_traverse != NULL) return type->tp_traverse == traverse_of_classes;
  return type->tp_dealloc == dealloc_of_classes && type->tp_basicsize == type->tp_base->tp_basicsize;
}

/* Static types whose names have no dot are the interpreter's own: their traversals show all, and what else stands in
 * them (what a weak reference is of, what a method descriptor describes) is borrowed. */
static bool is_interpreters_own(const PyTypeObject *type) {
  if (PyType_HasFeature((PyTypeObject *)type, Py_TPFLAGS_HEAPTYPE) || strchr(type->tp_name, '.') != NULL) return false;
  if (PyType_HasFeature((PyTypeObject *)type, Py_TPFLAGS_HAVE_GC)) return true;
  return type == &PyFloat_Type || type == &PyComplex_Type || type == &PyBytes_Type || type == &PyByteArray_Type ||
         type == &PyLong_Type || type == &PyUnicode_Type || type == &PyBaseObject_Type;
}

bool ol_may_hide(const ol_type_info *info, uint32_t *end) {
  switch (info->kind) {
    case OL_KIND_GENERIC:
    case OL_KIND_LEAF:
    case OL_KIND_FIELDS:
    case OL_KIND_NDARRAY: break;
    default: return false;
  }
  const PyTypeObject *type = info->type;
  for (int depth = 0; is_python_class(type) && depth < BASES_MAX; depth++) type = type->tp_base;
  if (is_interpreters_own(type)) return false;
  *end = type->tp_basicsize > OBJECT_BYTES_MAX ? OBJECT_BYTES_MAX : (uint32_t)type->tp_basicsize;
  return *end > HEADER_BYTES;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

typedef struct reading {
  const ol_walk *walk;
  ol_hidden *hidden;
  uint32_t source;
  uintptr_t begin, end; /* of the object's own memory */
  uint32_t rows_before; /* those of other objects */
  uint32_t blocks_left; /* of this object */
  bool no_memory;
} reading;

static uint32_t node_at(const reading *r, uintptr_t address) {
  if (!ol_address_possible(address)) return 0;
  uint32_t node = ol_id_table_find(&r->walk->table, address);
  if (node == 0 || OL_COLUMN(const uint64_t, r->walk->columns.address)[node] != address) return 0;
  return OL_COLUMN(const uint32_t, r->walk->columns.refcount)[node] == OL_REFCOUNT_IMMORTAL ? 0 : node;
}

static void tell(reading *r, uint32_t target, uint32_t place, uint32_t in_block) {
  ol_hidden *h = r->hidden;
  if (target == 0 || target == r->source) return;
  if (h->word_count >= WORDS_MAX) {
    h->left_out++;
    return;
  }
  if (!ol_reserve_grow(&h->words, (h->word_count + 1ull) * sizeof(ol_hidden_word))) {
    r->no_memory = true;
    return;
  }
  OL_COLUMN(ol_hidden_word, h->words)
  [h->word_count++] = (ol_hidden_word){.source = r->source, .target = target, .place = place, .in_block = in_block};
}

/* Take as many of this object's rows for `target` away as it shows references to it; of those in its own memory the
 * first ones, for traversals go from front to back. */
static void drop_shown(reading *r) {
  const ol_columns *c = &r->walk->columns;
  const uint64_t *starts = OL_COLUMN(const uint64_t, c->edge_start);
  const uint32_t *targets = OL_COLUMN(const uint32_t, c->targets);
  ol_hidden_word *rows = OL_COLUMN(ol_hidden_word, r->hidden->words);
  if (starts[r->source + 1] - starts[r->source] > SHOWN_MAX) {
    r->hidden->word_count = r->rows_before;
    return;
  }
  for (uint64_t edge = starts[r->source]; edge < starts[r->source + 1]; edge++)
    for (uint32_t i = r->rows_before; i < r->hidden->word_count; i++)
      if (rows[i].target == targets[edge]) {
        memmove(&rows[i], &rows[i + 1], (r->hidden->word_count - i - 1) * sizeof *rows);
        r->hidden->word_count--;
        break;
      }
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

/* Copy memory of this process that may not be there. False: not all of it was. Through a file, and not by
 * process_vm_readv: a sandbox that does not know that call may kill the process for it. */
static bool copy_safely(const ol_hidden *h, uintptr_t from, void *to, size_t bytes) {
  return pread(h->memory, to, bytes, (off_t)from) == (ssize_t)bytes;
}

/* How many bytes each place has of the pool whose header stands here, and where its cut places end; 0: this is no pool.
 * CPython 3.10 to 3.13 (Objects/obmalloc.c). */
static ol_hidden_pool read_pool(const ol_hidden *h, uintptr_t base) {
  struct {
    uint32_t alive_count, unused;
    uintptr_t free_list, next, previous;
    uint32_t arena, size_class, cut_to, last_cut;
  } pool;
  _Static_assert(sizeof pool == POOL_HEADER_BYTES, "the header of a pool");
  ol_hidden_pool none = {.base = base};
  if (!copy_safely(h, base, &pool, sizeof pool) || pool.size_class >= POOL_CLASSES) return none;
  uint32_t bytes = (pool.size_class + 1) * 16;
  bool sound = pool.last_cut == POOL_BYTES - bytes && pool.cut_to >= POOL_HEADER_BYTES &&
               (pool.cut_to - POOL_HEADER_BYTES) % bytes == 0 && pool.cut_to <= pool.last_cut + bytes &&
               pool.alive_count > 0 && (uint64_t)pool.alive_count * bytes <= POOL_BYTES;
  return sound ? (ol_hidden_pool){.base = base, .place_bytes = bytes, .end = pool.cut_to} : none;
}

/* Pools change with the GIL only, which is ours: each is read once. */
static size_t bytes_in_pool(ol_hidden *h, uintptr_t address) {
  uintptr_t base = address & ~(uintptr_t)(POOL_BYTES - 1);
  ol_hidden_pool *pool = &h->pools[base / POOL_BYTES % OL_HIDDEN_POOLS];
  if (pool->base != base) *pool = read_pool(h, base);
  uint32_t at = (uint32_t)(address - base);
  if (pool->place_bytes == 0 || at < POOL_HEADER_BYTES || at >= pool->end) return 0;
  return (at - POOL_HEADER_BYTES) % pool->place_bytes == 0 ? pool->place_bytes : 0;
}

/* What stands around an address, as far as its page goes: the word before it, and what follows. */
typedef struct surroundings {
  uintptr_t words[1 + SURROUNDINGS_BYTES / 8];
  size_t bytes; /* that follow the address */
} surroundings;

static bool read_surroundings(const ol_hidden *h, uintptr_t address, surroundings *ret) {
  enum { PAGE = 4096 };
  ret->bytes = PAGE - address % PAGE;
  if (ret->bytes > SURROUNDINGS_BYTES) ret->bytes = SURROUNDINGS_BYTES;
  return copy_safely(h, address - WORD, ret->words, WORD + ret->bytes);
}

/* The same for a chunk of glibc's malloc: its size stands before it, and whether it is in use in the one after it. */
static size_t bytes_in_chunk(const ol_hidden *h, uintptr_t address, const surroundings *around) {
  enum { IN_USE_BEFORE = 1, MAPPED = 2, FLAGS = 7, LEAST = 32, LARGEST = 1 << 30, PAGE = 4096 };
  size_t here = around->words[0], bytes = here & ~(size_t)FLAGS, after;
  if (bytes < LEAST || bytes > LARGEST || bytes % 16 != 0) return 0;
  if (here & MAPPED) return (address - 2 * WORD) % PAGE == 0 && bytes % PAGE == 0 ? bytes - 2 * WORD : 0;
  if (bytes <= around->bytes) after = around->words[bytes / WORD];
  else if (!copy_safely(h, address - WORD + bytes, &after, sizeof after)) return 0;
  size_t next = after & ~(size_t)FLAGS;
  bool in_use = (after & IN_USE_BEFORE) && !(after & MAPPED) && next >= 16 && next <= LARGEST && next % 16 == 0;
  return in_use ? bytes - WORD : 0;
}

static void read_block(reading *r, uintptr_t address, uint32_t place, int depth);

static void follow(reading *r, uintptr_t address, uint32_t place, int depth) {
  if (depth > DEPTH_MAX || address % 16 != 0 || !ol_address_possible(address)) return;
  if (address >= r->begin && address < r->end) return;
  uint32_t known = ol_id_table_find(&r->walk->table, address);
  if (known != 0) return; /* an object, and told as such if it is counted */
  read_block(r, address, place, depth);
}

/* What is no block is asked for again and again: tables and functions of a type's, which all of its instances have. */
static uintptr_t *place_of_none(ol_hidden *h, uintptr_t address) {
  return &h->no_blocks[(address >> 4) * 0x9e3779b97f4a7c15ull >> 52 & (OL_HIDDEN_NONE - 1)];
}

static size_t bytes_of_block(ol_hidden *h, uintptr_t address, surroundings *around) {
  if (*place_of_none(h, address) == address) return 0;
  size_t bytes = 0;
  if (read_surroundings(h, address, around)) bytes = bytes_in_pool(h, address);
  else around->bytes = 0;
  if (bytes == 0 && around->bytes > 0) bytes = bytes_in_chunk(h, address, around);
  if (bytes < BLOCK_BYTES_MIN) *place_of_none(h, address) = address;
  return bytes < BLOCK_BYTES_MIN ? 0 : bytes;
}

static void read_block(reading *r, uintptr_t address, uint32_t place, int depth) {
  ol_hidden *h = r->hidden;
  if (r->blocks_left == 0) {
    h->left_out++;
    return;
  }
  surroundings around;
  size_t bytes = bytes_of_block(h, address, &around);
  if (bytes == 0) return;
  if (bytes > BLOCK_BYTES) bytes = BLOCK_BYTES, h->left_out++;
  uintptr_t copied[BLOCK_BYTES / WORD];
  const uintptr_t *words = &around.words[1];
  if (bytes > around.bytes) {
    if (!copy_safely(h, address, copied, bytes)) return;
    words = copied;
  }
  r->blocks_left--;
  h->blocks_read++;
  for (size_t i = 0; i < bytes / WORD; i++) {
    uint32_t target = node_at(r, words[i]);
    if (target != 0) tell(r, target, place, (uint32_t)(i * WORD + 1));
    else follow(r, words[i], place, depth + 1);
  }
}

/* ---- objects ----------------------------------------------------------------------------------------------------- */

static bool is_worth_reading(ol_hidden_of_type *of_type) {
  return of_type->seen++ < PROBED || of_type->words + of_type->words_of_blocks > 0 || of_type->seen % SELDOM == 0;
}

/* Of a type with more instances some, spread over all: those that leaked last are as likely among them as the first. */
static bool is_chosen(const ol_hidden_of_type *of_type, uintptr_t object) {
  uint64_t each = of_type->count / OBJECTS_WITH_BLOCKS + 1;
  return ((object >> 4) * 0x9e3779b97f4a7c15ull >> 40) % each == 0;
}

static bool is_worth_looking_for_blocks(ol_hidden *h, ol_hidden_of_type *of_type, uintptr_t object) {
  if (h->cannot_read || (of_type->blocks_looked_for >= PROBED && of_type->words_of_blocks == 0)) return false;
  if (h->blocks_read >= BLOCKS_MAX || !is_chosen(of_type, object)) return h->left_out++, false;
  of_type->blocks_looked_for++;
  return true;
}

static bool is_list_of_weak_references(const PyTypeObject *type, uint32_t place) {
  return type->tp_weaklistoffset > 0 && place == (uint32_t)type->tp_weaklistoffset;
}

static bool read_object(const ol_walk *walk, ol_hidden *h, uint32_t node, const ol_type_info *info) {
  ol_hidden_of_type *of_type = &OL_COLUMN(ol_hidden_of_type, h->of_types)[info->index];
  if (!is_worth_reading(of_type)) return true;
  uintptr_t object = (uintptr_t)OL_COLUMN(const uint64_t, walk->columns.address)[node];
  uint32_t end = info->hidden_end;
  reading r = {.walk = walk, .hidden = h, .source = node, .begin = object, .end = object + end};
  r.rows_before = h->word_count;
  h->objects_read++;
  for (uint32_t place = HEADER_BYTES; place + WORD <= end; place += WORD)
    if (!is_list_of_weak_references(info->type, place))
      tell(&r, node_at(&r, *(const uintptr_t *)(object + place)), place, 0);
  of_type->words += h->word_count - r.rows_before;
  uint32_t before_blocks = h->word_count;
  if (is_worth_looking_for_blocks(h, of_type, object)) {
    r.blocks_left = BLOCKS_OF_OBJECT;
    for (uint32_t place = HEADER_BYTES; place + WORD <= end; place += WORD)
      follow(&r, *(const uintptr_t *)(object + place), place, 1);
  }
  of_type->words_of_blocks += h->word_count - before_blocks;
  if (h->word_count > r.rows_before) drop_shown(&r);
  return !r.no_memory;
}

/* NULL: the node is none that is read. *ret_ok false: no memory. */
static const ol_type_info *type_to_read(const ol_walk *walk, uint32_t node, bool *ret_ok) {
  uint32_t type = OL_COLUMN(const uint32_t, walk->columns.type)[node];
  if (type == 0) return NULL; /* a running frame */
  PyTypeObject *of = (PyTypeObject *)OL_COLUMN(const uint64_t, walk->columns.address)[type];
  const ol_type_info *info = ol_type_table_get((ol_type_table *)&walk->types, of, walk->interp);
  if (info == NULL) *ret_ok = false;
  return info != NULL && (info->notes & OL_NOTE_HIDDEN) ? info : NULL;
}

static bool count_noted(const ol_walk *walk, ol_hidden *h) {
  bool ok = true;
  for (uint32_t i = 0; i < walk->noted_count && ok; i++) {
    const ol_type_info *info = type_to_read(walk, OL_COLUMN(const uint32_t, walk->noted)[i], &ok);
    if (info == NULL) continue;
    ok = ol_reserve_grow(&h->of_types, (info->index + 1ull) * sizeof(ol_hidden_of_type));
    if (ok) OL_COLUMN(ol_hidden_of_type, h->of_types)[info->index].count++;
  }
  return ok;
}

static bool read_noted(const ol_walk *walk, ol_hidden *h) {
  bool ok = count_noted(walk, h);
  for (uint32_t i = 0; i < walk->noted_count && ok; i++) {
    uint32_t node = OL_COLUMN(const uint32_t, walk->noted)[i];
    const ol_type_info *info = type_to_read(walk, node, &ok);
    if (info != NULL) ok = read_object(walk, h, node, info);
  }
  return ok;
}

bool ol_hidden_take(const ol_walk *walk, ol_hidden *h) {
  uintptr_t probe = 0, copied;
  size_t pools_bytes = OL_HIDDEN_POOLS * sizeof *h->pools;
  if (!ol_reserve_grow(&h->known, pools_bytes + OL_HIDDEN_NONE * sizeof *h->no_blocks)) return false;
  h->pools = (ol_hidden_pool *)h->known.base;
  h->no_blocks = (uintptr_t *)(h->known.base + pools_bytes);
  h->memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  h->cannot_read = h->memory < 0 || !copy_safely(h, (uintptr_t)&probe, &copied, sizeof copied);
  bool ok = read_noted(walk, h);
  if (h->memory >= 0) (void)close(h->memory);
  return ok;
}
