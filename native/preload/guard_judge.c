#define _GNU_SOURCE
#include "preload/guard_judge.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SEARCHES_MAX = 1000, RACE_TRIES = 16, CHUNK_MAPPED = 2, ARENA_BYTES_MIN = 256 << 10 };

/* Looking for an address that lies within something is slow; in a program that frees much that we do not know it ends. */
static _Atomic uint32_t searches;

typedef struct case_of {
  uintptr_t address;
  const ol_block *used;
  const char *words;
} case_of;

ol_broken_call ol_judge_freed(const ol_kept *kept) {
  return (ol_broken_call){.role = "freed", .thread = kept->thread, .stack = kept->stack, .site = kept->site};
}

static ol_broken_call used_by(const ol_block *used) {
  ol_broken_call call = ol_broken_made(used);
  call.role = "used";
  return call;
}

static const char *in_realloc(ol_freed_by by) { return by == OL_FREED_BY_REALLOC ? "given to realloc" : ""; }

bool ol_judge_is_operator(uint32_t stack) {
  const ol_native_stacks *stacks = &ol_recorder_now.stacks;
  Dl_info info;
  if (stack == 0 || stack >= stacks->count) return false;
  uint64_t caller = stacks->frames[stacks->ends[stack - 1]];
  if (dladdr((void *)(caller - 1), &info) == 0 || info.dli_sname == NULL) return false;
  const char *name = info.dli_sname;
  return strncmp(name, "_Zn", 3) == 0 || strncmp(name, "_Zd", 3) == 0;
}

/* ---- telling ---- */

static bool tell_kept(const char *kind, const case_of *c, const ol_kept *kept) {
  ol_broken broken = {.kind = kind,
                      .words = c->words,
                      .address = kept->made.address,
                      .size = kept->made.size,
                      .offset = c->address - kept->made.address,
                      .call_count = 3,
                      .calls = {ol_broken_made(&kept->made), ol_judge_freed(kept), used_by(c->used)}};
  (void)ol_broken_tell(&broken);
  return true;
}

static bool tell_within(const char *kind, const case_of *c, const ol_block *around) {
  ol_broken broken = {.kind = kind,
                      .words = c->words,
                      .address = around->address,
                      .size = around->size,
                      .offset = c->address - around->address,
                      .call_count = 2,
                      .calls = {ol_broken_made(around), used_by(c->used)}};
  (void)ol_broken_tell(&broken);
  return true;
}

static bool tell_foreign(const case_of *c, const char *words) {
  ol_broken broken = {
      .kind = "foreign-free", .words = words, .address = c->address, .call_count = 1, .calls = {used_by(c->used)}};
  (void)ol_broken_tell(&broken);
  return true;
}

/* ---- what it is ---- */

static bool is_the_fill(const case_of *c) {
  uint32_t serial;
  ol_kept kept;
  if (!ol_fill_is_word(c->address, &serial) || !ol_kept_of_serial(serial, &kept)) return false;
  case_of read = {
      .address = kept.made.address, .used = c->used, .words = "a pointer was read from it and given to free"};
  return tell_kept("use-after-free", &read, &kept);
}

static bool recorder_missed_nothing(void) {
  const ol_recorder *r = &ol_recorder_now;
  return r->not_seen == 0 && r->not_forgotten == 0 && r->lost_in_fork == 0 && r->blocks.refused == 0;
}

static bool looks_like_own_mapping(uintptr_t address) {
  return (address & 15) == 0 && (address & 4095) == 16 && (*(const uint64_t *)(address - 8) & CHUNK_MAPPED);
}

static bool is_mapped(const case_of *c) {
  const ol_unwind_edge *python = &ol_recorder_now.interpreter;
  const ol_native_stacks *stacks = &ol_recorder_now.stacks;
  ol_block mapping;
  if (!ol_table_around(&ol_recorder_now.mappings, c->address, &mapping)) return false;
  if (looks_like_own_mapping(c->address))
    return false; /* an old mapping that went unseen; a large block is there now */
  uint64_t maker = mapping.stack == 0 ? 0 : stacks->frames[stacks->ends[mapping.stack - 1]];
  bool arena = mapping.size >= ARENA_BYTES_MIN && maker >= python->start && maker < python->end;
  case_of mapped = *c;
  mapped.words = arena ? "in an arena of Python's allocator: PyMem_Malloc, PyObject_Malloc or their like made it"
                       : "in memory that came from mmap";
  return arena ? tell_foreign(c, mapped.words) : tell_within("foreign-free", &mapped, &mapping);
}

static bool is_on_the_stack(const case_of *c) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0), end = ol_unwind_stack_end(here);
  bool end_is_known = end != (here | 4095) + 1; /* of a coroutine's stack it is not */
  if (!end_is_known || c->address < here || c->address >= end) return false;
  return tell_foreign(c, "on the stack");
}

static bool is_in_a_module(const case_of *c) {
  uintptr_t start, end;
  if (!ol_unwind_module(c->address, &start, &end)) return false;
  return tell_foreign(c, "in the data of a program or library");
}

static bool lies_in_something(const case_of *c) {
  ol_block around;
  ol_kept kept;
  if (ol_table_around(&ol_recorder_now.blocks, c->address, &around)) return tell_within("interior-free", c, &around);
  if (ol_kept_around(c->address, &kept)) return tell_kept("interior-free", c, &kept);
  return is_mapped(c) || is_on_the_stack(c) || is_in_a_module(c);
}

/* Two threads free one block at once: the one that has its row is about to bring it. */
static bool is_brought_now(uintptr_t address, ol_kept *ret) {
  for (int i = 0; i < RACE_TRIES; i++) {
    if (ol_kept_at(address, ret)) return true;
    (void)syscall(SYS_sched_yield);
  }
  return false;
}

bool ol_judge_free(uintptr_t address, ol_freed_by by, const ol_block *used) {
  case_of c = {.address = address, .used = used, .words = in_realloc(by)};
  ol_kept kept;
  if (ol_kept_at(address, &kept)) return tell_kept("double-free", &c, &kept);
  if (is_the_fill(&c)) return true;
  if (atomic_fetch_add(&searches, 1) < SEARCHES_MAX && lies_in_something(&c)) return true;
  if (address & 15) return tell_foreign(&c, "at an address at which no block can begin");
  if (searches < SEARCHES_MAX && is_brought_now(address, &kept)) return tell_kept("double-free", &c, &kept);
  if (recorder_missed_nothing() && ol_kept_departed(address, &kept)) return tell_kept("double-free", &c, &kept);
  return false;
}
