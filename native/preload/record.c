#define _GNU_SOURCE
#include "preload/record.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/guard.h"
#include "preload/follow.h"
#include "preload/look.h"
#include "preload/loops.h"

enum { LIMIT_DEFAULT = 512 << 20, SAMPLE_DEFAULT = 512 << 10, FILTER_SLOTS = 1 << 16, MALLOC_CHUNK_OTHER_ARENA = 4 };

ol_recorder ol_recorder_now = {
    .blocks.limit_bytes = LIMIT_DEFAULT, .mappings.limit_bytes = 16 << 20, .sample_bytes = SAMPLE_DEFAULT};

typedef struct put_off {
  uintptr_t address;
  uint64_t size;
  uint32_t kind; /* 0: it goes */
} put_off;

typedef struct thread_part {
  int inside;
  int look_wanted; /* why; 0: none */
  uint32_t id;
  int id_pid;
  uint32_t put_off_count;
  put_off later[OL_PUT_OFF_MAX];
  ol_block_kind hinted_kind;
  size_t hinted_size, hinted_more;
  const void *hinted_frame;
  int64_t bytes_to_sample;
  uint64_t dice;
  uintptr_t last_heap;
  ol_python_memory memory;
} thread_part;

static __thread thread_part me __attribute__((tls_model("initial-exec")));

/* One page that the kernel empties in the child of a fork. */
static _Atomic uint32_t *alive;
/* Sampled mode: how many recorded blocks hash here, so that most frees need not look further. */
static _Atomic uint16_t *filter;

/* ---- fork ---- */

static void take_over(void) {
  ol_recorder *r = &ol_recorder_now;
  uint32_t empty = 0;
  if (!atomic_compare_exchange_strong(alive, &empty, 2)) {
    while (atomic_load(alive) == 2) (void)syscall(SYS_sched_yield);
    return;
  }
  ol_own_after_fork();
  atomic_fetch_add(&r->lost_in_fork, ol_table_after_fork(&r->blocks) + ol_table_after_fork(&r->mappings));
  ol_native_stacks_after_fork(&r->stacks);
  ol_python_lines_after_fork(&r->lines);
  ol_loops_after_fork();
  ol_guard_after_fork();
  ol_follow_after_fork();
  r->pid = (int)syscall(SYS_getpid);
  atomic_store(alive, 1);
}

bool ol_is_our_process(void) {
  if (alive == NULL) return false;
  if (atomic_load(alive) == 0) take_over();
  return ol_recorder_now.pid == (int)syscall(SYS_getpid);
}

/* ---- in and out ---- */

static bool start_memory(void) {
  atomic_uint *page = ol_own_map(4096);
  if (page == NULL || madvise(page, 4096, MADV_WIPEONFORK) != 0) return false;
  atomic_store(page, 1);
  alive = page;
  ol_recorder_now.pid = (int)syscall(SYS_getpid);
  return ol_native_stacks_init(&ol_recorder_now.stacks);
}

static uint64_t number_of(const char **text) {
  uint64_t value = 0;
  for (; **text >= '0' && **text <= '9'; (*text)++) value = value * 10 + (uint64_t)(**text - '0');
  if (**text == 'K') value <<= 10, (*text)++;
  else if (**text == 'M') value <<= 20, (*text)++;
  else if (**text == 'G') value <<= 30, (*text)++;
  return value;
}

static bool begins(const char **text, const char *word) {
  size_t length = strlen(word);
  if (strncmp(*text, word, length) != 0) return false;
  *text += length;
  return true;
}

void ol_recorder_configure(const char *text) {
  ol_recorder *r = &ol_recorder_now;
  int mode = OL_RECORD_OFF;
  if (text != NULL && begins(&text, "exact")) mode = OL_RECORD_EXACT;
  else if (text != NULL && begins(&text, "sampled")) mode = OL_RECORD_SAMPLED;
  if (mode == OL_RECORD_SAMPLED && *text == ':') {
    text++;
    uint64_t bytes = number_of(&text);
    if (bytes > 0) r->sample_bytes = bytes;
  }
  if (mode != OL_RECORD_OFF && *text == ',') {
    text++;
    uint64_t limit = number_of(&text);
    if (limit > 0) r->blocks.limit_bytes = limit;
    if (*text == ',' && strlen(text + 1) < sizeof r->folder) strcpy(r->folder, text + 1);
  }
  if (mode != OL_RECORD_OFF && (*text != 0 && *text != ',')) mode = OL_RECORD_OFF;
  if (mode == OL_RECORD_SAMPLED && filter == NULL) filter = ol_own_map(FILTER_SLOTS * sizeof *filter);
  if (mode != OL_RECORD_OFF && alive == NULL && !start_memory()) mode = OL_RECORD_OFF;
  if (mode == OL_RECORD_SAMPLED && filter == NULL) mode = OL_RECORD_OFF;
  atomic_store(&r->mode, mode);
}

static void do_put_off(void);

/* errno is the program's: what we do on the way must not show there. */
static inline void leave(int program_errno) {
  for (;;) {
    if (me.put_off_count > 0) do_put_off();
    me.inside = 0;
    atomic_signal_fence(memory_order_seq_cst);
    if (me.put_off_count == 0) break;
    me.inside = 1;
  }
  if (me.look_wanted != 0) {
    int why = me.look_wanted;
    me.look_wanted = 0;
    (void)ol_look_into_folder(why);
  }
  errno = program_errno;
}

static inline void enter(void) {
  me.inside = 1;
  atomic_signal_fence(memory_order_seq_cst);
  if (atomic_load_explicit(alive, memory_order_relaxed) != 1) take_over();
}

static void later(uintptr_t address, uint64_t size, uint32_t kind) {
  if (me.put_off_count < OL_PUT_OFF_MAX) {
    me.later[me.put_off_count] = (put_off){address, size, kind};
    atomic_signal_fence(memory_order_seq_cst);
    me.put_off_count++;
  } else if (kind != 0) atomic_fetch_add(&ol_recorder_now.not_seen, 1);
  else atomic_fetch_add(&ol_recorder_now.not_forgotten, 1);
}

/* ---- one block ---- */

static uint32_t thread_id(void) {
  if (me.id_pid != ol_recorder_now.pid) {
    me.id = (uint32_t)syscall(SYS_gettid);
    me.id_pid = ol_recorder_now.pid;
  }
  return me.id;
}

static _Atomic uint16_t *filter_slot(uintptr_t address) {
  return &filter[(address >> 4) * 0x9e3779b97f4a7c15ull >> 48];
}

static void put(const ol_block *block) {
  if (!ol_table_put(&ol_recorder_now.blocks, block)) atomic_fetch_add(&ol_recorder_now.not_seen, 1);
  else if (filter != NULL) atomic_fetch_add_explicit(filter_slot(block->address), 1, memory_order_relaxed);
}

static bool take(uintptr_t address, ol_block *ret) {
  if (filter != NULL && atomic_load_explicit(filter_slot(address), memory_order_relaxed) == 0) return false;
  if (!ol_table_take(&ol_recorder_now.blocks, address, ret)) return false;
  if (filter != NULL) atomic_fetch_sub_explicit(filter_slot(address), 1, memory_order_relaxed);
  return true;
}

static void do_put_off(void) {
  for (uint32_t i = 0; i < me.put_off_count; i++) {
    ol_block block = {.address = me.later[i].address, .size = me.later[i].size, .kind = me.later[i].kind};
    if (block.kind == 0) {
      (void)take(block.address, &block);
      continue;
    }
    block.tick = atomic_fetch_add(&ol_recorder_now.tick, 1) + 1;
    block.step = atomic_load(&ol_recorder_now.step);
    block.thread = thread_id();
    put(&block);
  }
  memset(me.later, 0, sizeof me.later); /* an address left here would hold its block */
  me.put_off_count = 0;
}

/* A chunk of another thread's arena says so in its size; such arenas live in aligned heaps, which the scan must know. */
static void note_heap(uintptr_t address) {
  uint64_t size_word = *(const uint64_t *)(address - 8);
  if ((size_word & 7) < MALLOC_CHUNK_OTHER_ARENA || (size_word & 2)) return;
  uintptr_t heap = address & ~(uintptr_t)(OL_THREAD_HEAP_BYTES - 1);
  if (heap == me.last_heap) return;
  me.last_heap = heap;
  ol_recorder *r = &ol_recorder_now;
  uint32_t count = atomic_load(&r->heap_count);
  for (uint32_t i = 0; i < count && i < OL_THREAD_HEAPS_MAX; i++)
    if (atomic_load_explicit(&r->heaps[i], memory_order_relaxed) == heap) return;
  uint32_t at = atomic_fetch_add(&r->heap_count, 1);
  if (at < OL_THREAD_HEAPS_MAX) atomic_store(&r->heaps[at], heap);
  else atomic_store(&r->heap_count, OL_THREAD_HEAPS_MAX);
}

/* -log(u) * mean, u uniform; the logarithm is good to 1 %. */
static int64_t next_sample(uint64_t mean) {
  if (me.dice == 0) me.dice = (uint64_t)thread_id() * 0x9e3779b97f4a7c15ull ^ (uintptr_t)&me;
  me.dice ^= me.dice << 13;
  me.dice ^= me.dice >> 7;
  me.dice ^= me.dice << 17;
  uint64_t u = me.dice >> 11 | 1;
  int exponent = 63 - __builtin_clzll(u);
  double fraction = (double)u / (double)(1ull << exponent);
  double log2 = exponent + (-0.344845 * fraction + 2.024658) * fraction - 1.674873;
  return (int64_t)((53.0 - log2) * 0.6931471805599453 * (double)mean) + 1;
}

static bool is_sampled(size_t size) {
  if (me.bytes_to_sample == 0) me.bytes_to_sample = next_sample(ol_recorder_now.sample_bytes);
  me.bytes_to_sample -= (int64_t)size + (size == 0);
  if (me.bytes_to_sample > 0) return false;
  me.bytes_to_sample = next_sample(ol_recorder_now.sample_bytes);
  return true;
}

static ol_block now_at(const uintptr_t *frames, uint32_t depth, uint32_t site) {
  ol_recorder *r = &ol_recorder_now;
  return (ol_block){.tick = atomic_fetch_add_explicit(&r->tick, 1, memory_order_relaxed) + 1,
                    .step = atomic_load_explicit(&r->step, memory_order_relaxed),
                    .thread = thread_id(),
                    .stack = ol_native_stacks_number(&r->stacks, frames, depth),
                    .site = site};
}

static ol_block described(void *address, size_t size, ol_block_kind kind, const void *frame) {
  ol_recorder *r = &ol_recorder_now;
  uintptr_t frames[OL_STACK_DEPTH_MAX];
  static const ol_unwind_edge nowhere;
  uint32_t site = ol_python_line(&r->lines, &me.memory);
  uint32_t depth = ol_unwind(frame, frames, OL_STACK_DEPTH_MAX, site == 0 ? &nowhere : &r->interpreter);
  ol_block block = now_at(frames, depth, site);
  block.address = (uintptr_t)address;
  block.size = size;
  block.kind = kind;
  return block;
}

void ol_note_block(void *address, size_t size, ol_block_kind kind, const void *frame) {
  ol_recorder *r = &ol_recorder_now;
  if (me.inside) {
    later((uintptr_t)address, size, kind);
    return;
  }
  int program_errno = errno;
  if (me.hinted_kind != 0 && size - me.hinted_size <= me.hinted_more) {
    kind = me.hinted_kind;
    frame = me.hinted_frame;
    me.hinted_kind = 0;
  }
  if (alive == NULL) return;
  if (atomic_load_explicit(&r->mode, memory_order_relaxed) == OL_RECORD_SAMPLED && !is_sampled(size)) return;
  enter();
  note_heap((uintptr_t)address);
  ol_block block = described(address, size, kind, frame);
  put(&block);
  leave(program_errno);
  if (atomic_load_explicit(&ol_following, memory_order_relaxed)) ol_follow_born(&block, frame);
}

bool ol_forget_block(void *address, ol_block *ret) {
  if (me.inside) {
    later((uintptr_t)address, 0, 0);
    return false;
  }
  if (alive == NULL) return false;
  if (filter != NULL && atomic_load_explicit(filter_slot((uintptr_t)address), memory_order_relaxed) == 0) return false;
  int program_errno = errno;
  enter();
  bool found = take((uintptr_t)address, ret);
  leave(program_errno);
  return found;
}

void ol_put_back(const ol_block *block) {
  if (me.inside) {
    later(block->address, block->size, block->kind);
    return;
  }
  int program_errno = errno;
  enter();
  put(block);
  leave(program_errno);
}

/* ---- for following ---- */

bool ol_is_inside(void) { return me.inside != 0; }

bool ol_find_block(uintptr_t address, ol_block *ret) {
  if (me.inside || alive == NULL) return false;
  int program_errno = errno;
  enter();
  bool found = ol_table_find(&ol_recorder_now.blocks, address, ret);
  leave(program_errno);
  return found;
}

bool ol_note_call(const void *frame, ol_block *ret) {
  if (me.inside || alive == NULL) return false;
  int program_errno = errno;
  enter();
  *ret = described(NULL, 0, 0, frame);
  leave(program_errno);
  return true;
}

bool ol_step_in(int *ret_errno) {
  if (me.inside || alive == NULL) return false;
  *ret_errno = errno;
  enter();
  return true;
}

void ol_step_out(int program_errno) { leave(program_errno); }

ol_block ol_described(void *address, size_t size, ol_block_kind kind, const void *frame) {
  return described(address, size, kind, frame);
}

bool ol_describe_frames(const uintptr_t *frames, uint32_t count, ol_block *ret) {
  if (me.inside || alive == NULL) return false;
  int program_errno = errno;
  enter();
  *ret = now_at(frames, count, ol_python_line(&ol_recorder_now.lines, &me.memory));
  leave(program_errno);
  return true;
}

/* ---- mappings ---- */

void ol_note_mapping(void *start, size_t bytes, const void *frame) {
  if (me.inside || alive == NULL) return;
  int program_errno = errno;
  enter();
  ol_block mapping = described(start, bytes, OL_KIND_MAPPING, frame);
  (void)ol_table_put(&ol_recorder_now.mappings, &mapping);
  leave(program_errno);
}

/* Most programs unmap what they mapped. One that unmaps a part leaves a row that is too long or none: the scan believes
 * /proc, and only takes from here who made a mapping. */
void ol_forget_mapping(void *start, size_t bytes) {
  if (me.inside || alive == NULL) return;
  int program_errno = errno;
  enter();
  ol_block mapping;
  if (ol_table_take(&ol_recorder_now.mappings, (uintptr_t)start, &mapping) && mapping.size > bytes) {
    mapping.address += bytes;
    mapping.size -= bytes;
    (void)ol_table_put(&ol_recorder_now.mappings, &mapping);
  }
  leave(program_errno);
}

bool ol_take_mapping(void *start, ol_block *ret) {
  if (me.inside || alive == NULL) return false;
  int program_errno = errno;
  enter();
  bool known = ol_table_take(&ol_recorder_now.mappings, (uintptr_t)start, ret);
  leave(program_errno);
  return known;
}

void ol_put_mapping(const ol_block *mapping) {
  if (me.inside || alive == NULL) return;
  int program_errno = errno;
  enter();
  (void)ol_table_put(&ol_recorder_now.mappings, mapping);
  leave(program_errno);
}

/* ---- the rest ---- */

void ol_hint_kind(ol_block_kind kind, size_t size, size_t alignment, const void *frame) {
  if (me.inside) return;
  bool one_calls_another = me.hinted_kind != 0 && me.hinted_size == size && frame < me.hinted_frame;
  if (one_calls_another) return; /* new T[n] and new (nothrow) end in operator new: the outermost is the one meant */
  me.hinted_frame = frame;
  me.hinted_size = size;
  me.hinted_more = alignment > 1 ? alignment - 1 : 1; /* new char[0] asks for one byte */
  me.hinted_kind = kind;
}

void ol_hint_none(void) { me.hinted_kind = 0; }

bool ol_hold_still(void) {
  if (me.inside || alive == NULL || !ol_recording()) return false;
  ol_recorder *r = &ol_recorder_now;
  enter();
  ol_spin_lock(&r->lines.lock);
  ol_spin_lock(&r->stacks.lock);
  ol_table_lock(&r->mappings);
  ol_table_lock(&r->blocks);
  return true;
}

void ol_go_on(void) {
  ol_recorder *r = &ol_recorder_now;
  ol_table_unlock(&r->blocks);
  ol_table_unlock(&r->mappings);
  ol_spin_unlock(&r->stacks.lock);
  ol_spin_unlock(&r->lines.lock);
  leave(errno);
}

void ol_look_later(int why) {
  if (me.inside) me.look_wanted = why;
}
