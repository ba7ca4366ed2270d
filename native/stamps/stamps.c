#include "stamps/stamps.h"

#include <string.h>

#include "stamps/free_lists.h"
#include "stamps/scope.h"
#include "stamps/sparse.h"
#include "stamps/where.h"

ol_stamps ol_stamps_now;

static struct {
  PyMemAllocatorEx inner; /* what we wrapped; kept for good once wrapped */
  bool wrapped;           /* our functions stand in somebody's allocator */
  bool reached;           /* the wrapper was called: how we learn whether it still is */
} hook;

/* ---- when an object is made ---- */

static inline uint64_t stamp_of_place(uint32_t place) { return (uint64_t)ol_stamps_now.tick << 32 | place; }

static uint32_t with_scope(const PyThreadState *thread, uint32_t site) {
  if (ol_stamps_now.scope_variable == NULL || site == OL_SITE_UNKNOWN) return site;
  uint32_t scope = ol_scope_now(thread, ol_stamps_now.scope_variable);
  return scope == 0 ? site : ol_scoped_number(&ol_stamps_now.scoped, &ol_stamps_now.sheet, site, scope);
}

static void put_stamp(uintptr_t address, uint64_t stamp, bool may_map) {
  uint64_t *place = ol_sheet_place(&ol_stamps_now.sheet, address);
  if (place == NULL && may_map) place = ol_sheet_make_place(&ol_stamps_now.sheet, address);
  if (place != NULL) *place = stamp;
  else if (may_map) ol_stamps_now.unstamped_count++;
}

/* The road for what the short one below does not know. */
static __attribute__((noinline)) void note_with_care(uintptr_t address, const PyThreadState *thread,
                                                     const ol_chain_link *link) {
  if (thread == NULL || thread->interp != ol_stamps_now.interp) return put_stamp(address, 0, false);
  uint32_t site = link != NULL ? link->site : ol_where_learn(thread);
  put_stamp(address, stamp_of_place(with_scope(thread, site)), true);
}

/* Nearly all that watching costs is spent here: no call on this road but for the thread, and none of it kept over one. */
static inline void note(uintptr_t address) {
  const PyThreadState *thread = ol_calling_thread();
  if (thread == NULL || thread->interp != ol_stamps_now.interp) return note_with_care(address, thread, NULL);
  const ol_chain_link *link = ol_where_recall(thread);
  if (link == NULL || ol_stamps_now.scope_variable != NULL) return note_with_care(address, thread, link);
  uint64_t *place = ol_sheet_place(&ol_stamps_now.sheet, address);
  if (place == NULL) return note_with_care(address, thread, link);
  *place = stamp_of_place(link->site);
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
  note((uintptr_t)block);
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
  if (event == PyRefTracer_CREATE) note((uintptr_t)object);
  return 0;
}

/* Apart, so that what is told of each object made and unmade saves no registers for what it seldom does. */
static __attribute__((noinline)) int note_sparse_object(PyObject *object) {
  note((uintptr_t)object);
  return 0;
}

static int note_object_sparsely(PyObject *object, PyRefTracerEvent event, void *unused) {
  (void)unused;
  return event == PyRefTracer_CREATE && ol_sparse_type(Py_TYPE(object)) ? note_sparse_object(object) : 0;
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

static void deinit_stores(ol_stamps *now) {
  ol_sheet_deinit(&now->sheet);
  ol_sites_deinit(&now->sites);
  ol_chains_deinit(&now->chains);
  ol_scoped_deinit(&now->scoped);
}

bool ol_stamps_start(uint32_t depth, bool by_allocator, bool sparse, const char *ours, const char *watcher) {
  ol_stamps *now = &ol_stamps_now;
  if (!ol_sheet_init(&now->sheet) || !ol_sites_init(&now->sites) || !ol_chains_init(&now->chains)) {
    deinit_stores(now);
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
  ol_where_begin();
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
  ol_where_end();
  deinit_stores(&ol_stamps_now);
}

void ol_stamps_deepen(uint32_t depth) {
  ol_stamps_now.depth = depth;
  ol_chains_forget(&ol_stamps_now.chains);
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
         ol_scoped_mapped_bytes(&ol_stamps_now.scoped) + ol_stamps_now.chains.links.bytes;
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
