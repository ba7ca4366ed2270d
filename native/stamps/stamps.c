#include "stamps/stamps.h"

#include <string.h>

#include "stamps/frame.h"
#include "stamps/free_lists.h"
#include "stamps/scope.h"
#include "stamps/sparse.h"
#include "stamps/spelling.h"

enum { FRAMES_PASSED_MAX = 1024, CHAINS_REMEMBERED = 1 << 12 };
enum {
  LIBRARY_FLAG = 1 << 30
}; /* on the number of a row, in a recollection: its file lies in a folder looked through */

/* Chains of callers that were seen before, by a hash of all frames that were looked at, their code objects' check values
 * among them. 64 bits stand for the chain. */
static struct {
  uint64_t hash;
  uint32_t site;
} chains[CHAINS_REMEMBERED];

ol_stamps ol_stamps_now;

static struct {
  PyMemAllocatorEx inner; /* what we wrapped; kept for good once wrapped */
  bool wrapped;           /* our functions stand in somebody's allocator */
  bool reached;           /* the wrapper was called: how we learn whether it still is */
} hook;

/* ---- where: from the running frame to a site ---- */

static bool lies_in(const char *file, size_t length, const char *folder) {
  size_t prefix = strlen(folder);
  return prefix > 0 && length > prefix && memcmp(file, folder, prefix) == 0;
}

bool ol_stamps_is_through(const char *file, size_t length) {
  bool found = ol_stamps_now.through_count > 0 && lies_in(file, length, "<frozen ");
  for (uint32_t i = 0; i < ol_stamps_now.through_count && !found; i++)
    found = lies_in(file, length, ol_stamps_now.through[i]);
  return found;
}

static __attribute__((noinline)) uint32_t learn_site(PyCodeObject *code, int32_t offset, uint32_t check) {
  char file[OL_SITE_TEXT_MAX], function[512];
  ol_sites *sites = &ol_stamps_now.sites;
  size_t file_bytes = ol_spell(code->co_filename, file, sizeof file);
  uint32_t site;
  if (lies_in(file, file_bytes, ol_stamps_now.watcher)) site = OL_SITE_WATCHER;
  else if (lies_in(file, file_bytes, ol_stamps_now.ours)) site = OL_SITE_OURS;
  else {
    int line = PyCode_Addr2Line(code, offset); /* reads the line table; -1 where the compiler gave none */
    if (line < 0) line = code->co_firstlineno;
    size_t function_bytes = ol_spell(ol_code_function(code), function, sizeof function);
    site = ol_sites_make(sites, line < 0 ? 0 : (uint32_t)line, file, file_bytes, function, function_bytes);
    if (site != OL_SITE_UNKNOWN && ol_stamps_is_through(file, file_bytes)) site |= LIBRARY_FLAG;
  }
  ol_sites_remember(sites, (uintptr_t)code, offset, check, site);
  return site;
}

static inline uint32_t site_of_place(PyCodeObject *code, int32_t offset) {
  uint32_t check = ol_code_check(code);
  uint32_t site = ol_sites_recall(&ol_stamps_now.sites, (uintptr_t)code, offset, check);
  return site != OL_SITE_NOT_SEEN ? site : learn_site(code, offset, check);
}

/* The sites of the innermost frames that are not ours, innermost first, out to `depth` that are no library's, among
 * `reach` frames. Ours are passed over at the inner end only: outside of the program's frames they, or the watcher, are
 * where its chain of callers ends. */
static inline uint32_t collect_sites(const PyThreadState *thread, uint32_t depth, uint32_t reach, uint32_t *ret_sites) {
  uint32_t count = 0, counted = 0, passed = 0;
  for (const ol_frame *frame = ol_frame_of(thread); frame != NULL && counted < depth && count < OL_STAMP_DEPTH_MAX;
       frame = ol_frame_below(frame)) {
    PyCodeObject *code;
    int32_t offset;
    if (passed == reach) break;
    if (!ol_frame_place(frame, &code, &offset)) continue;
    passed++;
    uint32_t site = site_of_place(code, offset);
    if (site == OL_SITE_WATCHER || (site == OL_SITE_OURS && count > 0)) break;
    if (site == OL_SITE_OURS) continue;
    if ((site & LIBRARY_FLAG) == 0) counted++;
    ret_sites[count++] = site & ~(uint32_t)LIBRARY_FLAG;
  }
  return count;
}

static __attribute__((noinline)) uint32_t chained_site(const PyThreadState *thread, uint32_t reach) {
  uint32_t found[OL_STAMP_DEPTH_MAX];
  uint32_t parent = OL_SITE_UNKNOWN;
  for (uint32_t count = collect_sites(thread, ol_stamps_now.depth, reach, found); count > 0; count--)
    parent = ol_sites_under(&ol_stamps_now.sites, found[count - 1], parent);
  return parent;
}

/* ---- the same through libraries: a walk over the frames for their hash, most often ---- */

static uint64_t hash_of_frames(const PyThreadState *thread, uint32_t reach) {
  uint64_t hash = ol_stamps_now.depth;
  uint32_t passed = 0;
  for (const ol_frame *frame = ol_frame_of(thread); frame != NULL && passed < reach; frame = ol_frame_below(frame)) {
    PyCodeObject *code;
    int32_t offset;
    if (!ol_frame_place(frame, &code, &offset)) continue;
    passed++;
    hash = (hash ^ hash >> 29 ^ (uintptr_t)code ^ ol_code_quick_check(code)) * 0x9e3779b97f4a7c15ull + (uint32_t)offset;
  }
  return hash;
}

static uint32_t remembered_chain(const PyThreadState *thread) {
  uint32_t reach = ol_stamps_now.depth > OL_THROUGH_FRAMES_MAX ? ol_stamps_now.depth : OL_THROUGH_FRAMES_MAX;
  uint64_t hash = hash_of_frames(thread, reach);
  uint32_t slot = (uint32_t)(hash >> 40) % CHAINS_REMEMBERED;
  if (chains[slot].hash != hash) {
    chains[slot].site = chained_site(thread, reach);
    chains[slot].hash = hash;
  }
  return chains[slot].site;
}

/* The program's own innermost line needs no callers. */
static inline uint32_t nearest_site(const PyThreadState *thread) {
  const ol_frame *frame = ol_frame_of(thread);
  PyCodeObject *code;
  int32_t offset;
  if (frame != NULL && ol_frame_place(frame, &code, &offset)) {
    uint32_t site = site_of_place(code, offset);
    if (site < LIBRARY_FLAG) return site;
  }
  return remembered_chain(thread);
}

static inline uint32_t current_site(const PyThreadState *thread) {
  if (ol_stamps_now.depth > 1)
    return ol_stamps_now.through_count > 0 ? remembered_chain(thread) : chained_site(thread, FRAMES_PASSED_MAX);
  if (ol_stamps_now.through_count > 0) return nearest_site(thread);
  uint32_t site;
  return collect_sites(thread, 1, FRAMES_PASSED_MAX, &site) == 1 ? site : OL_SITE_UNKNOWN;
}

/* ---- when an object is made ---- */

static inline uint32_t current_place(const PyThreadState *thread) {
  uint32_t site = current_site(thread);
  if (ol_stamps_now.scope_variable == NULL || site == OL_SITE_UNKNOWN) return site;
  uint32_t scope = ol_scope_now(thread, ol_stamps_now.scope_variable);
  return scope == 0 ? site : ol_scoped_number(&ol_stamps_now.scoped, &ol_stamps_now.sheet, site, scope);
}

static inline uint64_t current_stamp(bool *ret_may_map) {
  const PyThreadState *thread = ol_calling_thread();
  *ret_may_map = thread != NULL && thread->interp == ol_stamps_now.interp;
  return *ret_may_map ? (uint64_t)ol_stamps_now.tick << 32 | current_place(thread) : 0;
}

static inline void put_stamp(uintptr_t address, uint64_t stamp, bool may_map) {
  uint64_t *place = ol_sheet_place(&ol_stamps_now.sheet, address);
  if (place == NULL && may_map) place = ol_sheet_make_place(&ol_stamps_now.sheet, address);
  if (place != NULL) *place = stamp;
  else if (may_map) ol_stamps_now.unstamped_count++;
}

static inline void clear_stamp(uintptr_t address) {
  uint64_t *place = ol_sheet_place(&ol_stamps_now.sheet, address);
  if (place != NULL) *place = 0;
}

/* Where the tracer was ours before, it may have stamped an object further on in this block, behind a header: that
 * stamp would now be taken for the new object's. */
static inline void forget_objects_in(uintptr_t block, size_t bytes) {
#if PY_VERSION_HEX >= 0x030d0000
  if (bytes > 16) clear_stamp(block + 16);
  if (bytes > 32) clear_stamp(block + 32);
#else
  (void)block, (void)bytes, (void)clear_stamp;
#endif
}

static void note_block(void *block, size_t bytes) {
  hook.reached = true;
  if (ol_stamps_now.mode != OL_STAMPS_ALLOCATOR) return;
  bool may_map;
  uint64_t stamp = current_stamp(&may_map);
  put_stamp((uintptr_t)block, stamp, may_map);
  forget_objects_in((uintptr_t)block, bytes);
}

static void move_stamp(uintptr_t from, uintptr_t to, size_t bytes) {
  hook.reached = true;
  if (ol_stamps_now.mode != OL_STAMPS_ALLOCATOR) return;
  const uint64_t *place = ol_sheet_place(&ol_stamps_now.sheet, from);
  const PyThreadState *thread = ol_calling_thread();
  put_stamp(to, place != NULL ? *place : 0, thread != NULL && thread->interp == ol_stamps_now.interp);
  forget_objects_in(to, bytes);
}

/* ---- the allocator of objects, wrapped. The context is the inner one's, so that `free` needs no wrapper ---- */

static void *wrapped_malloc(void *context, size_t bytes) {
  void *block = hook.inner.malloc(context, bytes);
  if (block != NULL) note_block(block, bytes);
  return block;
}

static void *wrapped_calloc(void *context, size_t count, size_t bytes) {
  void *block = hook.inner.calloc(context, count, bytes);
  if (block != NULL) note_block(block, count * bytes);
  return block;
}

static void *wrapped_realloc(void *context, void *block, size_t bytes) {
  uintptr_t before = (uintptr_t)block;
  void *moved = hook.inner.realloc(context, block, bytes);
  if (moved == NULL) return NULL;
  if (before == 0) note_block(moved, bytes);
  else if ((uintptr_t)moved != before) move_stamp(before, (uintptr_t)moved, bytes);
  return moved;
}

/* The same, where only what may have to end is stamped. What is moved has no fixed size, and its stamp is never read. */
static void *sparse_malloc(void *context, size_t bytes) {
  return ol_sparse_size(bytes) ? wrapped_malloc(context, bytes) : hook.inner.malloc(context, bytes);
}

static void *sparse_calloc(void *context, size_t count, size_t bytes) {
  if (ol_sparse_size(count * bytes)) return wrapped_calloc(context, count, bytes);
  return hook.inner.calloc(context, count, bytes);
}

static bool is_wrapper(const PyMemAllocatorEx *allocator) {
  return allocator->malloc == wrapped_malloc || allocator->malloc == sparse_malloc;
}

static bool allocator_is_reached(void) {
  hook.reached = false;
  PyObject_Free(PyObject_Malloc(OL_SPARSE_BYTES_MIN)); /* a size that each wrapper notes */
  return hook.reached;
}

static void wrap_allocator(void) {
  if (hook.wrapped && allocator_is_reached()) return; /* left from a start before: somebody wraps us */
  PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &hook.inner);
  PyMemAllocatorEx ours = {hook.inner.ctx, wrapped_malloc, wrapped_calloc, wrapped_realloc, hook.inner.free};
  if (ol_stamps_now.sparse) {
    ours.malloc = sparse_malloc;
    ours.calloc = sparse_calloc;
    ours.realloc = hook.inner.realloc;
  }
  PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &ours);
  hook.wrapped = true;
}

static void unwrap_allocator(void) {
  PyMemAllocatorEx current;
  PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &current);
  if (!hook.wrapped || !is_wrapper(&current)) return;
  PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &hook.inner);
  hook.wrapped = false;
}

/* ---- the tracer of 3.13 ---- */

#if PY_VERSION_HEX >= 0x030d0000
static int note_object(PyObject *object, PyRefTracerEvent event, void *unused) {
  (void)unused;
  if (event != PyRefTracer_CREATE) return 0;
  bool may_map;
  uint64_t stamp = current_stamp(&may_map);
  put_stamp((uintptr_t)object, stamp, may_map);
  return 0;
}

static int note_object_sparsely(PyObject *object, PyRefTracerEvent event, void *unused) {
  if (event != PyRefTracer_CREATE || !ol_sparse_type(Py_TYPE(object))) return 0;
  return note_object(object, event, unused);
}

static PyRefTracer our_tracer(void) { return ol_stamps_now.sparse ? note_object_sparsely : note_object; }
static bool tracer_is(PyRefTracer wanted) {
  void *unused;
  return PyRefTracer_GetTracer(&unused) == wanted;
}
static bool take_tracer(void) { return tracer_is(NULL) && PyRefTracer_SetTracer(our_tracer(), NULL) == 0; }
static bool have_tracer(void) { return tracer_is(our_tracer()); }
static void drop_tracer(void) {
  if (have_tracer()) (void)PyRefTracer_SetTracer(NULL, NULL);
}
#else
static bool take_tracer(void) { return false; }
static bool have_tracer(void) { return false; }
static void drop_tracer(void) {}
#endif

/* ---- begin, look after, end ---- */

bool ol_stamps_start(uint32_t depth, bool by_allocator, bool sparse, const char *ours, const char *watcher) {
  ol_stamps *now = &ol_stamps_now;
  if (!ol_sheet_init(&now->sheet) || !ol_sites_init(&now->sites)) {
    ol_sheet_deinit(&now->sheet);
    ol_sites_deinit(&now->sites);
    return false;
  }
  now->tick = OL_TICK_SETUP;
  now->depth = depth;
  now->sparse = sparse;
  now->interp = _PyThreadState_GET()->interp;
  now->ours = ours;
  now->watcher = watcher;
  now->lost = now->tracer_taken = false;
  now->lost_at = 0;
  now->unstamped_count = 0;
  if (!by_allocator && take_tracer()) {
    now->mode = OL_STAMPS_TRACER;
    return true;
  }
  now->tracer_taken = PY_VERSION_HEX >= 0x030d0000 && !by_allocator;
  now->mode = OL_STAMPS_ALLOCATOR;
  wrap_allocator();
  ol_free_lists_empty(now->interp);
  return true;
}

void ol_stamps_look_through(const char *const *folders, uint32_t count) {
  memcpy(ol_stamps_now.through, folders, count * sizeof *folders);
  ol_stamps_now.through_count = count;
}

void ol_stamps_stop(void) {
  drop_tracer();
  unwrap_allocator();
  ol_stamps_now.mode = OL_STAMPS_OFF;
  ol_stamps_now.through_count = 0;
  memset(chains, 0, sizeof chains);
  ol_sheet_deinit(&ol_stamps_now.sheet);
  ol_sites_deinit(&ol_stamps_now.sites);
  ol_scoped_deinit(&ol_stamps_now.scoped);
}

static void note_loss(void) {
  if (!ol_stamps_now.lost) ol_stamps_now.lost_at = ol_stamps_now.tick;
  ol_stamps_now.lost = true;
}

/* A lost tracer is replaced by the allocator; a lost allocator is not wrapped again: whoever stands there now may call
 * us already, and the two would call each other for ever. */
static void look_after_hooks(void) {
  if (ol_stamps_now.mode == OL_STAMPS_TRACER && !have_tracer()) {
    note_loss();
    ol_stamps_now.tracer_taken = true;
    ol_stamps_now.mode = OL_STAMPS_ALLOCATOR;
    wrap_allocator();
  } else if (ol_stamps_now.mode == OL_STAMPS_ALLOCATOR && !allocator_is_reached()) {
    note_loss();
  }
}

void ol_stamps_tick(uint32_t tick) {
  if (ol_stamps_now.mode == OL_STAMPS_OFF) return;
  look_after_hooks();
  ol_stamps_now.tick = tick;
  if (ol_stamps_now.mode == OL_STAMPS_ALLOCATOR) ol_free_lists_empty(ol_stamps_now.interp);
}

uint64_t ol_stamps_mapped_bytes(void) {
  return ol_sheet_mapped_bytes(&ol_stamps_now.sheet) + ol_sites_mapped_bytes(&ol_stamps_now.sites) +
         ol_scoped_mapped_bytes(&ol_stamps_now.scoped);
}

static uint64_t stamp_at(uintptr_t address) {
  const uint64_t *place = ol_sheet_place(&ol_stamps_now.sheet, address);
  return place != NULL ? *place : 0;
}

bool ol_stamps_are_worn_by(PyTypeObject *type) {
  if (!ol_stamps_now.sparse) return true;
#if PY_VERSION_HEX >= 0x030d0000
  if (ol_stamps_now.mode == OL_STAMPS_TRACER) return ol_sparse_type(type);
#endif
  return ol_sparse_sized_type(type);
}

uint64_t ol_stamp_of(uintptr_t object, size_t preheader_bytes) {
  if (ol_stamps_now.mode == OL_STAMPS_OFF) return 0;
  if (ol_stamps_now.mode == OL_STAMPS_TRACER) return stamp_at(object);
  uint64_t by_block = stamp_at(object - preheader_bytes);
#if PY_VERSION_HEX >= 0x030d0000
  uint64_t by_object = stamp_at(object); /* from when the tracer was ours; note_block wipes it out */
  return by_object != 0 ? by_object : by_block;
#else
  return by_block;
#endif
}
