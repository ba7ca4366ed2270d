#define _GNU_SOURCE
#include "preload/loops_libuv.h"

#include <dlfcn.h>
#include <stddef.h>

#include "preload/interpose.h"
#include "preload/loops.h"
#include "preload/unwind.h"

enum { CALLERS_MAX = 64 };

#define AS_TEXT(name) #name,
static const char *const names[] = {OL_LIBUV_FUNCTIONS(AS_TEXT)};

static ol_libuv callers[CALLERS_MAX];
static _Atomic uint32_t caller_count;
static ol_spin callers_lock;

enum { GONE = 1 };

/* A row is written once and then only marked as gone: others may be reading it. */
void ol_loops_forget_libraries(void) {
  uint32_t count = atomic_load_explicit(&caller_count, memory_order_acquire);
  for (uint32_t i = 0; i < count; i++) {
    uintptr_t start = callers[i].start, now_start, now_end;
    bool stays = ol_unwind_module(start, &now_start, &now_end) && now_start == start && now_end == callers[i].end;
    if (!stays) __atomic_store_n(&callers[i].end, GONE, __ATOMIC_RELAXED);
  }
}

static void *libraries_of(void *address) {
  Dl_info about;
  if (dladdr(address, &about) == 0 || about.dli_fname == NULL) return NULL;
  return dlopen(about.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
}

static bool is_ours(void *function) {
  Dl_info of_function, of_us;
  return dladdr(function, &of_function) != 0 && dladdr((void *)&ol_loops_now, &of_us) != 0 &&
         of_function.dli_fbase == of_us.dli_fbase;
}

static void find_all(ol_libuv *row, void *address) {
  void *library = NULL;
  for (int i = 0; i < OL_LIBUV_FUNCTION_COUNT; i++) row->real[i] = ol_next_function(names[i]);
  if (row->real[NUMBER_uv_close] == NULL) library = libraries_of(address);
  for (int i = 0; i < OL_LIBUV_FUNCTION_COUNT && library != NULL; i++) {
    void *found = dlsym(library, names[i]);
    row->real[i] = found != NULL && !is_ours(found) ? found : NULL;
  }
  if (library != NULL) ((int (*)(void *))ol_next_function("dlclose"))(library);
  uintptr_t close = (uintptr_t)row->real[NUMBER_uv_close];
  row->is_libuv = close >= row->start && close < row->end;
}

static const ol_libuv *known(uintptr_t address) {
  uint32_t count = atomic_load_explicit(&caller_count, memory_order_acquire);
  for (uint32_t i = 0; i < count; i++)
    if (address >= callers[i].start && address < __atomic_load_n(&callers[i].end, __ATOMIC_RELAXED)) return &callers[i];
  return NULL;
}

ol_libuv ol_libuv_for(void *address) {
  const ol_libuv *found = known((uintptr_t)address);
  if (found != NULL) return *found;
  ol_libuv row = {0};
  bool is_module = ol_unwind_module((uintptr_t)address, &row.start, &row.end);
  find_all(&row, address);
  ol_spin_lock(&callers_lock);
  uint32_t count = atomic_load(&caller_count);
  if (is_module && row.real[NUMBER_uv_close] != NULL && count < CALLERS_MAX) {
    callers[count] = row;
    atomic_store_explicit(&caller_count, count + 1, memory_order_release);
  }
  ol_spin_unlock(&callers_lock);
  return row;
}

const ol_libuv *ol_libuv_any(void) {
  uint32_t count = atomic_load_explicit(&caller_count, memory_order_acquire);
  for (uint32_t i = 0; i < count; i++)
    if (callers[i].end != GONE && callers[i].real[NUMBER_uv_is_active] != NULL) return &callers[i];
  return NULL;
}

void ol_libuv_after_fork(void) { ol_spin_unlock(&callers_lock); }
