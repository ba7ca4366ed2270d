#define _GNU_SOURCE
#include "graph/reserve.h"

#include <sys/mman.h>

enum { PAGE = 4096, HUGE_FROM = 32 << 20 };

static size_t rounded(size_t bytes) { return (bytes + PAGE - 1) & ~(size_t)(PAGE - 1); }

/* Huge pages halve the cost of first touching a large array; small ones must not waste 2 MB each. */
static void advise(const ol_reserve *reserve) {
  if (reserve->bytes >= HUGE_FROM) (void)madvise(reserve->base, reserve->bytes, MADV_HUGEPAGE);
}

bool ol_reserve_grow(ol_reserve *reserve, size_t bytes) {
  if (bytes <= reserve->bytes) return true;
  size_t target = reserve->bytes + reserve->bytes / 2;
  if (target < bytes) target = bytes;
  target = rounded(target);
  void *grown = reserve->base == NULL
                    ? mmap(NULL, target, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                    : mremap(reserve->base, reserve->bytes, target, MREMAP_MAYMOVE);
  if (grown == MAP_FAILED) return false;
  reserve->base = grown;
  reserve->bytes = target;
  advise(reserve);
  return true;
}

void ol_reserve_touch(const ol_reserve *reserve, size_t bytes) {
  if (bytes > reserve->bytes) bytes = reserve->bytes;
  for (size_t at = 0; at < bytes; at += PAGE) *(volatile char *)(reserve->base + at) = reserve->base[at];
}

void ol_reserve_deinit(ol_reserve *reserve) {
  if (reserve->base != NULL) (void)munmap(reserve->base, reserve->bytes);
  reserve->base = NULL;
  reserve->bytes = 0;
}
