#define _GNU_SOURCE
#include "preload/guard_pages.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SEAL = 0xC9 };

typedef enum state { UNUSED, LIVE, CLOSED, OPENED } state;

typedef struct place {
  _Atomic int state;
  ol_block made, freed;
} place;

uintptr_t ol_pages_start;

static struct {
  ol_spin lock;
  uint32_t rate;
  uint32_t used;                /* places that were ever given out */
  uint32_t first, closed_count; /* a ring of what is closed, the longest closed first */
  uint32_t closed[OL_PAGES_PLACES];
  place *places;
} pages;

static __thread uint32_t until_next, dice;

static uintptr_t page_of(uint32_t i) { return ol_pages_start + (2ull * i + 1) * OL_PAGE_BYTES; }

bool ol_pages_init(uint32_t rate) {
  size_t bytes = (2ull * OL_PAGES_PLACES + 1) * OL_PAGE_BYTES;
  pages.places = ol_own_map(OL_PAGES_PLACES * sizeof *pages.places);
  long got = syscall(SYS_mmap, NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == -1 || pages.places == NULL) return false;
  pages.rate = rate;
  ol_pages_start = (uintptr_t)got;
  return true;
}

static bool is_due(void) {
  if (until_next > 1) return until_next--, false;
  if (dice == 0) dice = (uint32_t)((uintptr_t)&dice >> 4) * 2654435761u | 1;
  bool first = until_next == 0;
  dice ^= dice << 13;
  dice ^= dice >> 17;
  dice ^= dice << 5;
  until_next = pages.rate == 1 ? 1 : 1 + dice % (2 * pages.rate - 1);
  return !first || pages.rate == 1;
}

static bool take_place(uint32_t *ret) {
  ol_spin_lock(&pages.lock);
  bool any = pages.used < OL_PAGES_PLACES;
  if (any) *ret = pages.used++;
  else if (pages.closed_count > 0) {
    *ret = pages.closed[pages.first];
    pages.first = (pages.first + 1) % OL_PAGES_PLACES;
    pages.closed_count--;
    int closed = CLOSED;
    any = atomic_compare_exchange_strong(&pages.places[*ret].state, &closed, UNUSED);
  }
  ol_spin_unlock(&pages.lock);
  return any;
}

static void return_place(uint32_t i) {
  ol_spin_lock(&pages.lock);
  pages.closed[(pages.first + pages.closed_count++) % OL_PAGES_PLACES] = i;
  ol_spin_unlock(&pages.lock);
}

static bool protect(uintptr_t page, int how) { return syscall(SYS_mprotect, page, (size_t)OL_PAGE_BYTES, how) == 0; }

static void *make_in(uint32_t i, size_t size, const void *frame) {
  place *p = &pages.places[i];
  uintptr_t page = page_of(i);
  (void)syscall(SYS_madvise, page, (size_t)OL_PAGE_BYTES, MADV_DONTNEED);
  if (!protect(page, PROT_READ | PROT_WRITE)) {
    atomic_store(&p->state, CLOSED);
    return_place(i);
    return NULL;
  }
  uintptr_t block = page + OL_PAGE_BYTES - ((size + 15) & ~(size_t)15);
  memset((void *)(block + size), SEAL, page + OL_PAGE_BYTES - block - size);
  p->made = ol_described((void *)block, size, OL_KIND_MALLOC, frame);
  atomic_store(&p->state, LIVE);
  return (void *)block;
}

void *ol_pages_make(size_t size, const void *frame) {
  int program_errno;
  uint32_t i;
  if (!is_due() || size == 0 || size > OL_PAGES_LARGEST || !ol_step_in(&program_errno)) return NULL;
  void *block = take_place(&i) ? make_in(i, size, frame) : NULL;
  ol_step_out(program_errno);
  return block;
}

size_t ol_pages_size(const void *block) {
  return pages.places[((uintptr_t)block - ol_pages_start) / OL_PAGE_BYTES / 2 % OL_PAGES_PLACES].made.size;
}

/* ---- telling ---- */

static ol_broken_call call_of(const char *role, const ol_block *row) {
  ol_broken_call call = ol_broken_made(row);
  call.role = role;
  return call;
}

static void tell(const char *kind, const char *words, const place *p, uintptr_t address, const ol_broken_call *used) {
  ol_broken broken = {.kind = kind,
                      .words = words,
                      .address = p->made.address,
                      .size = p->made.size,
                      .offset = address - p->made.address,
                      .calls = {call_of("made", &p->made)},
                      .call_count = 1};
  if (atomic_load(&p->state) != LIVE) broken.calls[broken.call_count++] = call_of("freed", &p->freed);
  if (used != NULL) broken.calls[broken.call_count++] = *used;
  (void)ol_broken_tell(&broken);
}

static void check_seal(const place *p) {
  const uint8_t *at = (const uint8_t *)p->made.address + p->made.size;
  for (; ((uintptr_t)at & (OL_PAGE_BYTES - 1)) != 0; at++) {
    if (*at == SEAL) continue;
    tell("overrun", "", p, (uintptr_t)at, NULL);
    return;
  }
}

static void close_place(uint32_t i, const ol_block *freed) {
  place *p = &pages.places[i];
  check_seal(p);
  p->freed = *freed;
  int live = LIVE;
  if (!atomic_compare_exchange_strong(&p->state, &live, CLOSED)) return;
  (void)protect(page_of(i), PROT_NONE);
  return_place(i);
}

void ol_pages_free(void *block, const void *frame) {
  int program_errno;
  if (!ol_step_in(&program_errno)) return; /* it stays */
  uintptr_t address = (uintptr_t)block;
  uint32_t page = (uint32_t)((address - ol_pages_start) / OL_PAGE_BYTES);
  const place *p = &pages.places[page / 2];
  ol_block freed = ol_described(block, 0, 0, frame);
  ol_broken_call used = call_of("used", &freed);
  bool in_a_place = page % 2 == 1 && atomic_load(&p->state) != UNUSED;
  if (in_a_place && address != p->made.address) tell("interior-free", "", p, address, &used);
  else if (in_a_place && atomic_load(&p->state) != LIVE) tell("double-free", "", p, address, &used);
  else if (in_a_place) close_place(page / 2, &freed);
  ol_step_out(program_errno);
}

/* ---- a fault; in a signal handler ---- */

static bool was_given_out(uint32_t i) { return i < OL_PAGES_PLACES && atomic_load(&pages.places[i].state) != UNUSED; }

/* Between two places: behind the one before, or in front of the next, whichever is nearer. */
static void tell_between(uint32_t page, uintptr_t address, const ol_broken_call *used) {
  uint32_t next = page / 2, before = next - 1;
  bool behind = (address & (OL_PAGE_BYTES - 1)) < OL_PAGE_BYTES / 2;
  if (behind && was_given_out(before)) tell("overrun", "behind its end", &pages.places[before], address, used);
  else if (was_given_out(next)) tell("overrun", "before its start", &pages.places[next], address, used);
}

bool ol_pages_touched(uintptr_t address, bool written, const ol_broken_call *used) {
  uint32_t page = (uint32_t)((address - ol_pages_start) / OL_PAGE_BYTES);
  place *p = &pages.places[page / 2];
  if (page % 2 == 0) tell_between(page, address, used);
  else {
    int closed = CLOSED;
    bool first = atomic_compare_exchange_strong(&p->state, &closed, OPENED);
    if (!first && closed != OPENED) return false;
    if (first) tell(written ? "write-after-free" : "use-after-free", "", p, address, used);
  }
  return protect(address & ~(uintptr_t)(OL_PAGE_BYTES - 1), PROT_READ | PROT_WRITE);
}

void ol_pages_after_fork(void) {
  if (atomic_load(&pages.lock.held) != 0) pages.used = OL_PAGES_PLACES, pages.closed_count = 0;
  ol_spin_unlock(&pages.lock);
}
