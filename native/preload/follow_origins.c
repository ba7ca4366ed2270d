#define _GNU_SOURCE
#include "preload/follow_origins.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/record.h"
#include "preload/unwind.h"

enum { LIST_MAX = 1 << 10, LIST_BYTES_MAX = 32 << 10, NAMED_FRAMES = 4, PAIR_SLOTS = 1 << 12, DOUBLINGS_MAX = 16 };

typedef struct turn {
  _Atomic uint32_t seen, next, followed, marks;
} turn;

enum { IS_NAMED = 1, IS_PREFERRED = 2, IS_ACQUITTED = 4 };

static turn *origins, *pairs;
static uint64_t list[LIST_MAX];
static uint32_t list_count;

static void read_list(const char *path) {
  char *text = ol_own_map(LIST_BYTES_MAX);
  int fd = text == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t bytes = read(fd, text, LIST_BYTES_MAX - 1);
  (void)syscall(SYS_close, fd);
  uint64_t value = 0;
  bool digits = false;
  for (ssize_t i = 0; i < bytes; i++) {
    char c = text[i];
    bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (digit) value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    else if (digits && list_count < LIST_MAX) list[list_count++] = value;
    if (!digit) value = 0;
    digits = digit;
  }
  ol_own_unmap(text, LIST_BYTES_MAX);
}

bool ol_origins_begin(const char *path) {
  origins = ol_own_map(OL_STACKS_MAX * sizeof *origins);
  pairs = ol_own_map(PAIR_SLOTS * sizeof *pairs);
  if (path != NULL) read_list(path);
  return origins != NULL && pairs != NULL;
}

static bool is_on_list(uint32_t origin) {
  const ol_native_stacks *stacks = &ol_recorder_now.stacks;
  uint32_t from = stacks->ends[origin - 1], to = stacks->ends[origin];
  uint64_t name = 0xcbf29ce484222325ull;
  for (uint32_t i = from; i < to && i < from + NAMED_FRAMES; i++)
    name = (name ^ ol_unwind_offset(stacks->frames[i])) * 0x100000001b3ull;
  for (uint32_t i = 0; i < list_count; i++)
    if (list[i] == name) return true;
  return false;
}

static bool is_turn(turn *one) {
  uint32_t seen = atomic_fetch_add_explicit(&one->seen, 1, memory_order_relaxed) + 1;
  return seen >= atomic_load_explicit(&one->next, memory_order_relaxed);
}

static void followed(turn *one) {
  uint32_t times = atomic_fetch_add(&one->followed, 1);
  atomic_store(&one->next, one->seen + (1u << (times < DOUBLINGS_MAX ? times : DOUBLINGS_MAX)));
}

bool ol_origin_is_due(uint32_t origin) {
  if (origin == 0 || origin >= OL_STACKS_MAX) return false;
  turn *one = &origins[origin];
  if (list_count > 0 && (atomic_load_explicit(&one->marks, memory_order_relaxed) & IS_NAMED) == 0)
    atomic_fetch_or(&one->marks, IS_NAMED | (is_on_list(origin) ? IS_PREFERRED : 0));
  return is_turn(one);
}

void ol_origin_followed(uint32_t origin) { followed(&origins[origin < OL_STACKS_MAX ? origin : 0]); }
uint32_t ol_origin_times_followed(uint32_t origin) { return origin < OL_STACKS_MAX ? origins[origin].followed : 0; }
bool ol_origin_is_preferred(uint32_t origin) {
  return origin < OL_STACKS_MAX && (origins[origin].marks & IS_PREFERRED) != 0;
}
void ol_origin_prefer(uint32_t origin) {
  if (origin < OL_STACKS_MAX) atomic_fetch_or(&origins[origin].marks, IS_PREFERRED);
}

static turn *pair_of(uint32_t freer, uint32_t origin) {
  uint64_t hash = ((uint64_t)freer << 32 | origin) * 0x9e3779b97f4a7c15ull;
  return &pairs[hash >> 52];
}

bool ol_pair_is_due(uint32_t freer, uint32_t origin) { return is_turn(pair_of(freer, origin)); }
void ol_pair_followed(uint32_t freer, uint32_t origin) { followed(pair_of(freer, origin)); }
void ol_pair_acquit(uint32_t freer, uint32_t origin) { atomic_fetch_or(&pair_of(freer, origin)->marks, IS_ACQUITTED); }
bool ol_pair_is_acquitted(uint32_t freer, uint32_t origin) {
  return (pair_of(freer, origin)->marks & IS_ACQUITTED) != 0;
}
