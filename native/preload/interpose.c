/* malloc and its family: do what was asked for, then tell the recorder.
 *
 * Bootstrap. The real functions are found with dlsym, which may itself allocate: while it looks, requests are served from
 * a small static store, whose blocks are never freed. Everything is a plain passing-on until the first call has found
 * the environment, and stays so where OUTLIVE_BLOCKS asks for nothing.
 */
#define _GNU_SOURCE
#include "preload/interpose.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload/follow.h"
#include "preload/guard.h"
#include "preload/record.h"

extern char **environ;
#pragma weak gnu_get_libc_version

enum { EARLY_BYTES = 64 << 10 };

static struct {
  void *(*malloc)(size_t);
  void *(*calloc)(size_t, size_t);
  void *(*realloc)(void *, size_t);
  void (*free)(void *);
  int (*posix_memalign)(void **, size_t, size_t);
  void *(*aligned_alloc)(size_t, size_t);
  void *(*memalign)(size_t, size_t);
  void *(*valloc)(size_t);
  void *(*pvalloc)(size_t);
  size_t (*usable)(void *);
} real;

static char early[EARLY_BYTES] __attribute__((aligned(16)));
static _Atomic size_t early_used;
static _Atomic int finding; /* 0 not begun, 1 begun, 2 found */

const char *ol_early_store(size_t *ret_bytes) {
  *ret_bytes = early_used < EARLY_BYTES ? early_used : EARLY_BYTES;
  return early;
}

uintptr_t ol_allocator_address(void) { return (uintptr_t)real.malloc; }

/* The size stands before the block, for realloc. */
static void *early_block(size_t size) {
  size_t bytes = ((size + 15) & ~(size_t)15) + 16;
  size_t at = size > EARLY_BYTES ? EARLY_BYTES : atomic_fetch_add(&early_used, bytes);
  if (at + bytes > EARLY_BYTES) return NULL;
  *(size_t *)(early + at) = size;
  return early + at + 16;
}

static bool is_early(const void *block) { return (uintptr_t)block - (uintptr_t)early < sizeof early; }

void *ol_next_function(const char *name) { return dlsym(RTLD_NEXT, name); }

/* Another allocator than the C library's has no chunk headers that we could read, and other thread heaps: with it, nothing
 * is recorded. So with another C library. */
static bool comes_from_the_c_library(void *function) {
  Dl_info of_function, of_library;
  return gnu_get_libc_version != NULL && dladdr(function, &of_function) != 0 &&
         dladdr((void *)gnu_get_libc_version, &of_library) != 0 && of_function.dli_fbase == of_library.dli_fbase;
}

static bool is_known_allocator;

static void find_real(void) {
  int open = 0;
  if (!atomic_compare_exchange_strong(&finding, &open, 1)) return;
  real.calloc = (void *(*)(size_t, size_t))ol_next_function("calloc");
  real.realloc = (void *(*)(void *, size_t))ol_next_function("realloc");
  real.free = (void (*)(void *))ol_next_function("free");
  real.posix_memalign = (int (*)(void **, size_t, size_t))ol_next_function("posix_memalign");
  real.aligned_alloc = (void *(*)(size_t, size_t))ol_next_function("aligned_alloc");
  real.memalign = (void *(*)(size_t, size_t))ol_next_function("memalign");
  real.valloc = (void *(*)(size_t))ol_next_function("valloc");
  real.pvalloc = (void *(*)(size_t))ol_next_function("pvalloc");
  real.usable = (size_t (*)(void *))ol_next_function("malloc_usable_size");
  real.malloc = (void *(*)(size_t))ol_next_function("malloc");
  is_known_allocator = comes_from_the_c_library((void *)real.malloc);
  atomic_store(&finding, 2);
}

/* Ready to serve from the real functions? The environment is read as soon as the C library has it. */
static inline bool ready(void) {
  if (__builtin_expect(atomic_load_explicit(&finding, memory_order_acquire) != 2, 0)) {
    find_real();
    if (finding != 2) return false;
  }
  if (__builtin_expect(ol_recorder_now.mode == OL_RECORD_UNDECIDED, 0) && environ != NULL) {
    ol_recorder_configure(is_known_allocator ? getenv("OUTLIVE_BLOCKS") : NULL);
    ol_guard_configure(getenv("OUTLIVE_GUARD"), &(ol_allocator){real.malloc, real.realloc, real.free, real.usable});
  }
  return true;
}

static inline void note(void *block, size_t size, ol_block_kind kind, const void *frame) {
  if (block == NULL || !ol_recording()) return;
  if (ol_guarding_all()) ol_guard_seal(block, size);
  ol_note_block(block, size, kind, frame);
}

#define NOTE(block, size, kind) note((block), (size), (kind), __builtin_frame_address(0))

/* Sampled guard: this one has a page of its own. */
static inline void *paged(size_t size, ol_block_kind kind, const void *frame) {
  void *block = ol_guarding() ? ol_guard_page(size, frame) : NULL;
  if (block != NULL) ol_note_block(block, size, kind, frame);
  return block;
}

OL_EXPORT void *malloc(size_t size) {
  if (!ready()) return early_block(size);
  void *block = paged(size, OL_KIND_MALLOC, __builtin_frame_address(0));
  if (block != NULL) return block;
  block = real.malloc(ol_guard_bytes(size));
  if (atomic_load_explicit(&ol_following, memory_order_relaxed)) ol_follow_clear(block, size);
  NOTE(block, size, OL_KIND_MALLOC);
  return block;
}

OL_EXPORT void *calloc(size_t count, size_t size) {
  if (!ready()) return early_block(count * size); /* the store is zero, and no block of it is used twice */
  size_t bytes;
  if (!ol_guarding() || __builtin_mul_overflow(count, size, &bytes)) {
    void *block = real.calloc(count, size);
    NOTE(block, count * size, OL_KIND_CALLOC);
    return block;
  }
  void *block = paged(bytes, OL_KIND_CALLOC, __builtin_frame_address(0));
  if (block != NULL) return block;
  block = real.calloc(1, ol_guard_bytes(bytes));
  NOTE(block, bytes, OL_KIND_CALLOC);
  return block;
}

static void *moved_from_early(void *block, size_t size) {
  void *moved = malloc(size);
  size_t old = ((size_t *)block)[-2];
  if (moved != NULL) memcpy(moved, block, old < size ? old : size);
  return moved;
}

static void *malloc_for(size_t size, const void *frame) {
  void *block = real.malloc(ol_guard_bytes(size));
  note(block, size, OL_KIND_REALLOC, frame);
  return block;
}

static void *resized(void *block, size_t size, const void *frame) {
  if (block != NULL && is_early(block)) return moved_from_early(block, size);
  if (!ready()) return early_block(size);
  ol_block row;
  bool known = block != NULL && ol_recording() && ol_forget_block(block, &row);
  if (ol_guarding()) {
    void *guarded;
    if (block == NULL) return malloc_for(size, frame);
    if (ol_guard_resize(block, size, known ? &row : NULL, frame, &guarded)) return guarded;
  }
  bool followed = known && atomic_load_explicit(&ol_following, memory_order_relaxed);
  if (followed) ol_follow_moving(&row);
  void *moved = real.realloc(block, size);
  if (moved != NULL && ol_recording()) ol_note_block(moved, size, OL_KIND_REALLOC, frame);
  else if (known && moved == NULL && size > 0) ol_put_back(&row);
  if (followed) ol_follow_moved(&row, moved, size);
  return moved;
}

OL_EXPORT void *realloc(void *block, size_t size) { return resized(block, size, __builtin_frame_address(0)); }

OL_EXPORT void *reallocarray(void *block, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return resized(block, bytes, __builtin_frame_address(0));
}

OL_EXPORT void free(void *block) {
  if (block == NULL || is_early(block)) return;
  if (!ready()) return; /* freed by the loader while it looks for free: nothing does */
  ol_block row;
  bool known = ol_recording() && ol_forget_block(block, &row);
  if (known && atomic_load_explicit(&ol_following, memory_order_relaxed))
    ol_follow_freed(&row, __builtin_frame_address(0));
  if (ol_guarding() && ol_guard_free(block, known ? &row : NULL, OL_FREED_BY_FREE, __builtin_frame_address(0))) return;
  real.free(block);
}

bool ol_free_deleted(void *block, int by, const void *frame) {
  if (!ol_guarding() || block == NULL || is_early(block)) return false;
  ol_block row;
  bool known = ol_forget_block(block, &row);
  if (ol_guard_free(block, known ? &row : NULL, (ol_freed_by)by, frame)) return true;
  if (known) real.free(block);
  return known;
}

OL_EXPORT size_t malloc_usable_size(void *block) {
  size_t bytes;
  if (block == NULL) return 0;
  if (is_early(block)) return ((size_t *)block)[-2];
  if (!ready()) return 0;
  return ol_guarding() && ol_guard_usable(block, &bytes) ? bytes : real.usable(block);
}

OL_EXPORT int posix_memalign(void **ret, size_t alignment, size_t size) {
  if (!ready()) return ENOMEM;
  int failed = real.posix_memalign(ret, alignment, ol_guard_bytes(size));
  if (failed == 0) NOTE(*ret, size, OL_KIND_ALIGNED);
  return failed;
}

OL_EXPORT void *aligned_alloc(size_t alignment, size_t size) {
  if (!ready()) return NULL;
  void *block = real.aligned_alloc(alignment, ol_guard_bytes(size));
  NOTE(block, size, OL_KIND_ALIGNED);
  return block;
}

OL_EXPORT void *memalign(size_t alignment, size_t size) {
  if (!ready()) return NULL;
  void *block = real.memalign(alignment, ol_guard_bytes(size));
  NOTE(block, size, OL_KIND_ALIGNED);
  return block;
}

OL_EXPORT void *valloc(size_t size) {
  if (!ready()) return NULL;
  void *block = real.valloc(ol_guard_bytes(size));
  NOTE(block, size, OL_KIND_ALIGNED);
  return block;
}

OL_EXPORT void *pvalloc(size_t size) {
  if (!ready()) return NULL;
  if (size < (size_t)-1 / 2) size = (size + 4095) & ~(size_t)4095; /* as many as are promised: eight more are over */
  void *block = real.pvalloc(size);
  NOTE(block, size, OL_KIND_ALIGNED);
  return block;
}
