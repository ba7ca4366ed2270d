#define _GNU_SOURCE
#include "preload/own.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static ol_region regions[OL_OWN_REGIONS_MAX];
static _Atomic uint64_t mapped_bytes;
static ol_spin list_lock;

void ol_spin_lock(ol_spin *lock) {
  for (uint32_t tries = 0;; tries++) {
    uint32_t open = 0;
    if (atomic_compare_exchange_weak_explicit(&lock->held, &open, 1, memory_order_acquire, memory_order_relaxed))
      return;
    if (tries % 64 == 63) (void)syscall(SYS_sched_yield);
  }
}

static size_t in_pages(size_t bytes) { return (bytes + 4095) & ~(size_t)4095; }

static bool note_region(uintptr_t start, size_t bytes) {
  bool noted = false;
  ol_spin_lock(&list_lock);
  for (int i = 0; i < OL_OWN_REGIONS_MAX && !noted; i++)
    if (regions[i].start == 0) {
      regions[i] = (ol_region){start, start + bytes};
      noted = true;
    }
  ol_spin_unlock(&list_lock);
  return noted;
}

static void forget_region(uintptr_t start) {
  ol_spin_lock(&list_lock);
  for (int i = 0; i < OL_OWN_REGIONS_MAX; i++)
    if (regions[i].start == start) regions[i] = (ol_region){0, 0};
  ol_spin_unlock(&list_lock);
}

static void *map(size_t bytes, int how) {
  bytes = in_pages(bytes);
  long got = syscall(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == -1) return NULL;
  if (!note_region((uintptr_t)got, bytes)) {
    (void)syscall(SYS_munmap, got, bytes);
    return NULL;
  }
  atomic_fetch_add_explicit(&mapped_bytes, bytes, memory_order_relaxed);
  return (void *)got;
}

void *ol_own_map(size_t bytes) { return map(bytes, MAP_PRIVATE); }
void *ol_own_map_shared(size_t bytes) { return map(bytes, MAP_SHARED); }

void ol_own_unmap(void *base, size_t bytes) {
  if (base == NULL) return;
  bytes = in_pages(bytes);
  forget_region((uintptr_t)base);
  (void)syscall(SYS_munmap, base, bytes);
  atomic_fetch_sub_explicit(&mapped_bytes, bytes, memory_order_relaxed);
}

uint64_t ol_own_bytes(void) { return atomic_load_explicit(&mapped_bytes, memory_order_relaxed); }
const ol_region *ol_own_regions(void) { return regions; }
void ol_own_after_fork(void) { ol_spin_unlock(&list_lock); }
