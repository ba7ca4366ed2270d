#define _GNU_SOURCE
#include "allocations/watch.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "allocations/native_stack.h"
#include "stamps/frame.h"

enum { DOMAINS = 3, LONG_WAIT = 10000, STAYS = 2 };

ol_watch ol_the_watch;
static PyMemAllocatorEx originals[DOMAINS];
static atomic_flag busy = ATOMIC_FLAG_INIT;
/* On a page that a forked child finds empty: there nothing is watched, and no lock is waited for. */
static atomic_int *is_on;

static bool is_stranded; /* somebody has wrapped our wrapper: to wrap theirs again would go round in circles */

static bool is_watching(void) { return is_on != NULL && atomic_load_explicit(is_on, memory_order_relaxed); }

/* A lock that gives up: in a signal handler of the thread that holds it, waiting would be for ever. */
static bool enter_anyway(void) {
  for (int tries = 0; atomic_flag_test_and_set_explicit(&busy, memory_order_acquire); tries++) {
    if (tries == LONG_WAIT) return false;
    if (tries > 100) (void)sched_yield();
  }
  return true;
}
static void leave(void) { atomic_flag_clear_explicit(&busy, memory_order_release); }

/* False: the watch is over, or its tables cannot be had now. */
static bool enter(void) {
  if (!is_watching()) return false;
  if (!enter_anyway()) {
    ol_the_watch.missed++;
    return false;
  }
  if (is_watching()) return true;
  leave();
  return false;
}

/* ---- one block ---------------------------------------------------------------------------------------------------- */

static uint32_t lines_now(ol_watch *watch) {
  PyThreadState *thread = ol_calling_thread();
  uintptr_t words[2 * OL_WATCH_LINES];
  uint32_t count = 0;
  if (thread == NULL) return 0;
  for (ol_frame *frame = ol_frame_of(thread); frame != NULL && count < 2 * OL_WATCH_LINES;
       frame = ol_frame_below(frame)) {
    PyCodeObject *code;
    int32_t offset;
    if (!ol_frame_place(frame, &code, &offset)) continue;
    words[count++] = (uintptr_t)code;
    words[count++] = (uintptr_t)(uint32_t)offset;
  }
  bool is_new;
  uint32_t number = ol_stacks_number(&watch->lines, words, count, &is_new);
  for (uint32_t i = 0; is_new && i < count; i += 2) Py_INCREF((PyObject *)words[i]);
  return number;
}

static uint32_t group_of(ol_watch *watch, uint32_t lines, size_t size, int domain) {
  const uintptr_t words[] = {lines, size, (uintptr_t)domain + 1};
  bool is_new;
  uint32_t group = ol_stacks_number(&watch->groups, words, 3, &is_new);
  if (is_new) ((ol_watch_group *)watch->tallies.base)[group] = (ol_watch_group){.lines = lines, .size = size};
  return group;
}

static void took(void *address, size_t size, int domain) {
  if (address == NULL || !enter()) return;
  ol_watch *watch = &ol_the_watch;
  watch->seen++;
  uint32_t group = group_of(watch, lines_now(watch), size, domain), stack = 0;
  ol_watch_group *tally = (ol_watch_group *)watch->tallies.base + group;
  if (group != 0 && tally->alive >= STAYS) {
    uintptr_t addresses[OL_WATCH_NATIVE];
    bool is_new;
    stack = ol_stacks_number(&watch->native, addresses, ol_native_stack(addresses, OL_WATCH_NATIVE), &is_new);
  }
  ol_live_block block = {.address = (uintptr_t)address, .size = size, .group = group, .stack = stack};
  if (group != 0 && ol_live_add(&watch->live, block)) tally->alive++;
  else watch->missed++;
  leave();
}

static void gave(void *address) {
  ol_live_block block;
  if (address == NULL || !enter()) return;
  if (ol_live_take(&ol_the_watch.live, (uintptr_t)address, &block))
    ((ol_watch_group *)ol_the_watch.tallies.base)[block.group].alive--;
  leave();
}

/* ---- the wrapped allocators ---------------------------------------------------------------------------------------- */

static void *watched_malloc(void *context, size_t size) {
  const PyMemAllocatorEx *original = context;
  void *address = original->malloc(original->ctx, size);
  took(address, size, (int)(original - originals));
  return address;
}

static void *watched_calloc(void *context, size_t count, size_t size) {
  const PyMemAllocatorEx *original = context;
  void *address = original->calloc(original->ctx, count, size);
  took(address, count * size, (int)(original - originals));
  return address;
}

/* The old block is told first: once the original has run, another thread may have been given it. */
static void *watched_realloc(void *context, void *address, size_t size) {
  const PyMemAllocatorEx *original = context;
  ol_live_block before = {0};
  bool known = address != NULL && enter();
  if (known) {
    known = ol_live_take(&ol_the_watch.live, (uintptr_t)address, &before);
    leave();
  }
  void *moved = original->realloc(original->ctx, address, size);
  if (known && enter()) {
    ol_watch_group *tallies = (ol_watch_group *)ol_the_watch.tallies.base;
    if (moved != NULL) tallies[before.group].alive--;
    else (void)ol_live_add(&ol_the_watch.live, before); /* it stays where it is */
    leave();
  }
  if (known || address == NULL) took(moved, size, (int)(original - originals));
  return moved;
}

static void watched_free(void *context, void *address) {
  const PyMemAllocatorEx *original = context;
  gave(address);
  original->free(original->ctx, address);
}

static const PyMemAllocatorDomain domains[DOMAINS] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};

/* ---- from begin to end --------------------------------------------------------------------------------------------- */

static bool have_page(void) {
  if (is_on != NULL) return true;
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  (void)madvise(page, 4096, MADV_WIPEONFORK);
  is_on = page;
  return true;
}

bool ol_watch_begin(void) {
  if (!have_page() || is_stranded || is_watching() || ol_the_watch.lines.count != 0) return false;
  ol_native_stack_learn();
  ol_watch *watch = &ol_the_watch;
  if (!ol_live_init(&watch->live) || !ol_stacks_init(&watch->lines) || !ol_stacks_init(&watch->groups) ||
      !ol_stacks_init(&watch->native) ||
      !ol_reserve_grow(&watch->tallies, OL_WATCH_GROUPS_MAX * sizeof(ol_watch_group))) {
    ol_watch_forget();
    return false;
  }
  for (int i = 0; i < DOMAINS; i++) {
    PyMem_GetAllocator(domains[i], &originals[i]);
    PyMemAllocatorEx ours = {.ctx = &originals[i],
                             .malloc = watched_malloc,
                             .calloc = watched_calloc,
                             .realloc = watched_realloc,
                             .free = watched_free};
    PyMem_SetAllocator(domains[i], &ours);
  }
  atomic_store(is_on, 1);
  return true;
}

/* A wrapper that somebody has wrapped in turn must stay; it only passes on from here on. */
void ol_watch_end(void) {
  if (!is_watching()) return;
  atomic_store(is_on, 0);
  for (int i = 0; i < DOMAINS; i++) {
    PyMemAllocatorEx now;
    PyMem_GetAllocator(domains[i], &now);
    if (now.ctx == &originals[i]) PyMem_SetAllocator(domains[i], &originals[i]);
    else is_stranded = true;
  }
}

void ol_watch_forget(void) {
  ol_watch_end();
  ol_watch *watch = &ol_the_watch;
  while (!enter_anyway()) continue; /* whoever was in when it ended comes out */
  for (uint32_t i = 1; i < watch->lines.count; i++) {
    uint32_t length;
    const uintptr_t *words = ol_stack_at(&watch->lines, i, &length);
    for (uint32_t at = 0; at < length; at += 2) Py_DECREF((PyObject *)words[at]);
  }
  ol_live_deinit(&watch->live);
  ol_stacks_deinit(&watch->lines);
  ol_stacks_deinit(&watch->groups);
  ol_stacks_deinit(&watch->native);
  ol_reserve_deinit(&watch->tallies);
  watch->seen = watch->missed = 0;
  leave();
}
