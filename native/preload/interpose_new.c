/* operator new and delete: the same blocks, with the kind they were asked for and given back as.
 *
 * The next definition does the work (it knows the new-handler, and throws); it calls malloc, which records the block under
 * the hint that is given here. A hint is for one size, so that one whose operator new threw is never taken up. A C++ library that was loaded with dlopen is not after us in the search order of dlsym:
 * it is asked for by name. Where there is none at all the program has its C++ library linked in and has bound its calls to ours
 * all the same: malloc serves it, and the end of memory ends the program, as an exception that nobody catches would.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

#include "preload/interpose.h"
#include "preload/guard.h"

static void *find(const char *name) {
  static const char *const libraries[] = {"libstdc++.so.6", "libc++.so.1", "libc++abi.so.1"};
  void *function = ol_next_function(name);
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries && function == NULL; i++) {
    void *library = dlopen(libraries[i], RTLD_NOLOAD | RTLD_LAZY);
    if (library != NULL) function = dlsym(library, name);
  }
  return function;
}

static void *next(_Atomic(void *) *cache, const char *name) {
  void *known = atomic_load_explicit(cache, memory_order_relaxed);
  if (known == NULL) atomic_store(cache, known = find(name));
  return known;
}

static void *without_library(size_t size, size_t alignment, bool may_fail) {
  void *block =
      alignment == 0 ? malloc(size) : aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (block == NULL && !may_fail) abort();
  return block;
}

#define DEFINE_NEW(symbol, kind, parameters, arguments, alignment, may_fail)                  \
  OL_EXPORT void *symbol parameters {                                                         \
    static _Atomic(void *) cache;                                                             \
    void *(*real)parameters = (void *(*)parameters)next(&cache, #symbol);                     \
    ol_hint_kind(kind, size, alignment, __builtin_frame_address(0));                          \
    void *block = real != NULL ? real arguments : without_library(size, alignment, may_fail); \
    ol_hint_none();                                                                           \
    return block;                                                                             \
  }

DEFINE_NEW(_Znwm, OL_KIND_NEW, (size_t size), (size), 0, false)
DEFINE_NEW(_Znam, OL_KIND_NEW_ARRAY, (size_t size), (size), 0, false)
DEFINE_NEW(_ZnwmRKSt9nothrow_t, OL_KIND_NEW, (size_t size, const void *t), (size, t), 0, true)
DEFINE_NEW(_ZnamRKSt9nothrow_t, OL_KIND_NEW_ARRAY, (size_t size, const void *t), (size, t), 0, true)
DEFINE_NEW(_ZnwmSt11align_val_t, OL_KIND_NEW, (size_t size, size_t align), (size, align), align, false)
DEFINE_NEW(_ZnamSt11align_val_t, OL_KIND_NEW_ARRAY, (size_t size, size_t align), (size, align), align, false)
DEFINE_NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, OL_KIND_NEW, (size_t size, size_t align, const void *t),
           (size, align, t), align, true)
DEFINE_NEW(_ZnamSt11align_val_tRKSt9nothrow_t, OL_KIND_NEW_ARRAY, (size_t size, size_t align, const void *t),
           (size, align, t), align, true)

/* delete gives back what the next definition's new asked our malloc for; so under guard it is dealt with here, and any other
 * block is the next definition's business. */
#define DEFINE_DELETE(symbol, by, parameters, arguments)                \
  OL_EXPORT void symbol parameters {                                    \
    static _Atomic(void *) cache;                                       \
    if (ol_free_deleted(block, by, __builtin_frame_address(0))) return; \
    void(*real) parameters = (void(*) parameters)next(&cache, #symbol); \
    if (real != NULL) real arguments;                                   \
    else free(block);                                                   \
  }

#define ONE OL_FREED_BY_DELETE
#define ARRAY OL_FREED_BY_DELETE_ARRAY

DEFINE_DELETE(_ZdlPv, ONE, (void *block), (block))
DEFINE_DELETE(_ZdaPv, ARRAY, (void *block), (block))
DEFINE_DELETE(_ZdlPvm, ONE, (void *block, size_t size), (block, size))
DEFINE_DELETE(_ZdaPvm, ARRAY, (void *block, size_t size), (block, size))
DEFINE_DELETE(_ZdlPvRKSt9nothrow_t, ONE, (void *block, const void *t), (block, t))
DEFINE_DELETE(_ZdaPvRKSt9nothrow_t, ARRAY, (void *block, const void *t), (block, t))
DEFINE_DELETE(_ZdlPvSt11align_val_t, ONE, (void *block, size_t align), (block, align))
DEFINE_DELETE(_ZdaPvSt11align_val_t, ARRAY, (void *block, size_t align), (block, align))
DEFINE_DELETE(_ZdlPvmSt11align_val_t, ONE, (void *block, size_t size, size_t align), (block, size, align))
DEFINE_DELETE(_ZdaPvmSt11align_val_t, ARRAY, (void *block, size_t size, size_t align), (block, size, align))
DEFINE_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, ONE, (void *block, size_t align, const void *t), (block, align, t))
DEFINE_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, ARRAY, (void *block, size_t align, const void *t), (block, align, t))
