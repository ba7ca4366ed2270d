#define _GNU_SOURCE
#include "preload/guard.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "preload/guard_fault.h"
#include "preload/guard_judge.h"
#include "preload/guard_kept.h"
#include "preload/guard_pages.h"
#include "preload/guard_python.h"
#include "preload/guard_report.h"
#include "preload/interpose.h"

enum { BYTES_DEFAULT = 64 << 20, RATE_DEFAULT = 2000, SEAL = 0xC9, SLACK_MAX = 64, MAPPED_SLACK_MAX = 4 << 20 };
enum { CHUNK_MAPPED = 2, CHUNK_FLAGS = 7, SEALS_AT_ONCE = 64 };

int ol_guard_now;
ol_allocator ol_guard_allocator;

/* ---- settings ---- */

static uint64_t number_of(const char *text) {
  uint64_t value = 0;
  for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (uint64_t)(*text - '0');
  if (*text == 'K') value <<= 10;
  else if (*text == 'M') value <<= 20;
  else if (*text == 'G') value <<= 30;
  return value;
}

static uint64_t setting_after(const char *text, const char *word, uint64_t otherwise) {
  size_t length = strlen(word);
  if (text == NULL || strncmp(text, word, length) != 0) return 0;
  if (text[length] == 0) return otherwise;
  return text[length] == ':' ? number_of(text + length + 1) : 0;
}

void ol_guard_configure(const char *settings, const ol_allocator *allocator) {
  if (!ol_recording() || ol_recorder_now.folder[0] == 0 || allocator->usable == NULL) return;
  ol_guard_allocator = *allocator;
  uint64_t bytes = setting_after(settings, "full", BYTES_DEFAULT);
  uint64_t rate = setting_after(settings, "sampled", RATE_DEFAULT);
  if (bytes > 0 && ol_recorder_now.mode == OL_RECORD_EXACT && ol_kept_init(bytes)) ol_guard_now = OL_GUARD_FULL;
  else if (rate > 0 && ol_pages_init((uint32_t)rate)) ol_guard_now = OL_GUARD_SAMPLED;
  if (ol_guarding()) ol_fault_begin();
}

void ol_guard_after_fork(void) {
  if (!ol_guarding()) return;
  ol_kept_after_fork();
  ol_pages_after_fork();
  ol_broken_after_fork();
}

/* ---- the seal ---- */

/* Read from the size that stands before the block: the C library's own function follows it, wherever it leads. */
static size_t usable_of(const void *block) {
  uint64_t word = ((const uint64_t *)block)[-1];
  return (word & ~(uint64_t)CHUNK_FLAGS) - (word & CHUNK_MAPPED ? 16 : 8);
}

void ol_guard_seal(void *block, size_t size) {
  size_t over = usable_of(block) - size;
  memset((char *)block + size, SEAL, over < OL_GUARD_SEAL_MAX ? over : OL_GUARD_SEAL_MAX);
}

/* The size that stands before the block is what we asked for, and a little. */
static bool header_is_whole(const ol_block *row, size_t usable) {
  uint64_t word = *(const uint64_t *)(row->address - 8);
  uint64_t over = usable - row->size;
  return usable >= row->size + OL_GUARD_TAIL && over < (word & CHUNK_MAPPED ? MAPPED_SLACK_MAX : SLACK_MAX);
}

static uint32_t first_broken(const uint8_t *seal, uint32_t bytes) {
  uint32_t at = 0;
  while (at < bytes && seal[at] == SEAL) at++;
  return at;
}

/* How many bytes from the first broken one to behind the last. */
static uint32_t span_broken(const uint8_t *seal, uint32_t from, uint32_t bytes) {
  while (bytes > from && seal[bytes - 1] == SEAL) bytes--;
  return bytes - from < OL_SHOWN_BYTES ? bytes - from : OL_SHOWN_BYTES;
}

/* ---- telling ---- */

static ol_broken_call call_of(const char *role, const ol_block *row) {
  ol_broken_call call = ol_broken_made(row);
  call.role = role;
  return call;
}

static void tell_overrun(const ol_block *made, const ol_block *freed, uint64_t offset, const uint8_t *bytes,
                         uint32_t count, const char *words) {
  ol_broken broken = {.kind = "overrun",
                      .words = words,
                      .address = made->address,
                      .size = made->size,
                      .offset = offset,
                      .bytes = bytes,
                      .byte_count = count,
                      .call_count = freed == NULL ? 1 : 2,
                      .calls = {call_of("made", made)}};
  if (freed != NULL) broken.calls[1] = call_of("freed", freed);
  (void)ol_broken_tell(&broken);
}

static void tell_written(const ol_finding *finding) {
  const ol_kept *kept = &finding->block;
  bool beyond = finding->offset >= kept->made.size;
  ol_broken broken = {.kind = "write-after-free",
                      .words = beyond ? "behind the end of a freed block" : "",
                      .address = kept->made.address,
                      .size = kept->made.size,
                      .offset = finding->offset,
                      .bytes = finding->bytes,
                      .byte_count = finding->shown,
                      .call_count = 2,
                      .calls = {ol_broken_made(&kept->made), ol_judge_freed(kept)}};
  (void)ol_broken_tell(&broken);
}

/* ---- free ---- */

static const char *mismatch(uint32_t kind, ol_freed_by by) {
  bool is_new = kind == OL_KIND_NEW, is_array = kind == OL_KIND_NEW_ARRAY;
  if (by == OL_FREED_BY_DELETE && is_array) return "made by new[], given to delete";
  if (by == OL_FREED_BY_DELETE_ARRAY && is_new) return "made by new, given to delete[]";
  if (by == OL_FREED_BY_DELETE && !is_new) return "made by malloc or its like, given to delete";
  if (by == OL_FREED_BY_DELETE_ARRAY && !is_array) return "made by malloc or its like, given to delete[]";
  if (by == OL_FREED_BY_FREE && is_new) return "made by new, given to free";
  if (by == OL_FREED_BY_FREE && is_array) return "made by new[], given to free";
  if (by == OL_FREED_BY_REALLOC && (is_new || is_array)) return "made by new, given to realloc";
  return NULL;
}

static void check_kind(const ol_block *made, ol_freed_by by, const ol_block *freed) {
  const char *words = mismatch(made->kind, by);
  if (words == NULL && by == OL_FREED_BY_FREE) words = ol_guard_python_mismatch(made, freed);
  if (words == NULL || made->stack == 0 || ol_judge_is_operator(made->stack) || ol_judge_is_operator(freed->stack))
    return;
  ol_broken broken = {.kind = "mismatched-free",
                      .words = words,
                      .address = made->address,
                      .size = made->size,
                      .call_count = 2,
                      .calls = {call_of("made", made), call_of("freed", freed)}};
  (void)ol_broken_tell(&broken);
}

/* False: somebody wrote before or far behind it, and the C library would stumble over it. */
static bool can_be_given_back(const ol_block *made, const ol_block *freed, size_t usable) {
  if (!header_is_whole(made, usable)) {
    const uint8_t *before = (const uint8_t *)(made->address - 8);
    tell_overrun(made, freed, 0, before, 8,
                 "the word before the block was written over: by the block before, or by this one");
    return false;
  }
  uint32_t over = (uint32_t)(usable - made->size < OL_GUARD_SEAL_MAX ? usable - made->size : OL_GUARD_SEAL_MAX);
  const uint8_t *seal = (const uint8_t *)made->address + made->size;
  uint32_t at = first_broken(seal, over);
  if (at == over) return true;
  if (!made->told) tell_overrun(made, freed, made->size + at, seal + at, span_broken(seal, at, over), "");
  return seal[over - 1] == SEAL; /* it ended within what was over */
}

/* True: kept, or not to be touched again. */
static bool keep(const ol_block *made, ol_freed_by by, const ol_block *freed) {
  void *block = (void *)made->address;
  size_t usable = usable_of(block);
  ol_kept kept = {.made = *made,
                  .tick = freed->tick,
                  .usable = (uint32_t)usable,
                  .stack = freed->stack,
                  .site = freed->site,
                  .thread = freed->thread};
  check_kind(made, by, freed);
  bool whole = can_be_given_back(made, freed, usable);
  if (!whole || usable > ol_kept_largest()) {
    ol_kept_remember(&kept);
    return !whole;
  }
  ol_kept_bring(&kept, tell_written, ol_guard_allocator.free);
  return true;
}

bool ol_guard_free(void *block, const ol_block *row, ol_freed_by by, const void *frame) {
  int program_errno;
  if (ol_pages_hold(block)) {
    ol_pages_free(block, frame);
    return true;
  }
  if (!ol_guarding_all()) return false;
  if (!ol_step_in(&program_errno)) return true; /* a signal handler amid our own work: the block is never given back */
  ol_block freed = ol_described(block, 0, 0, frame);
  bool dealt = row != NULL ? keep(row, by, &freed) : ol_judge_free((uintptr_t)block, by, &freed);
  ol_step_out(program_errno);
  if (freed.site != 0) ol_guard_python_begin();
  return dealt;
}

/* ---- realloc ---- */

static void *made_anew(size_t size, const void *frame) {
  void *moved = ol_guard_allocator.malloc(ol_guard_bytes(size));
  if (moved == NULL) return NULL;
  if (ol_guarding_all()) ol_guard_seal(moved, size);
  ol_note_block(moved, size, OL_KIND_REALLOC, frame);
  return moved;
}

static void *resized_in_place(void *block, size_t size, const void *frame) {
  void *moved = ol_guard_allocator.realloc(block, ol_guard_bytes(size));
  if (moved == NULL) return NULL;
  if (ol_guarding_all()) ol_guard_seal(moved, size);
  ol_note_block(moved, size, OL_KIND_REALLOC, frame);
  return moved;
}

static void *moved_to(void *block, size_t size, const ol_block *row, const void *frame) {
  void *moved = made_anew(size, frame);
  if (moved == NULL) {
    ol_put_back(row);
    return NULL;
  }
  memcpy(moved, block, row->size < size ? row->size : size);
  if (!ol_guard_free(block, row, OL_FREED_BY_REALLOC, frame)) ol_guard_allocator.free(block);
  return moved;
}

static void *resized_page(void *block, size_t size, const void *frame) {
  size_t old = ol_pages_size(block);
  void *moved = made_anew(size, frame);
  if (moved == NULL) return NULL;
  memcpy(moved, block, old < size ? old : size);
  ol_pages_free(block, frame);
  return moved;
}

bool ol_guard_resize(void *block, size_t size, const ol_block *row, const void *frame, void **ret) {
  if (ol_pages_hold(block)) {
    *ret = size == 0 ? (ol_pages_free(block, frame), NULL) : resized_page(block, size, frame);
    return true;
  }
  if (!ol_guarding_all()) return false;
  if (size == 0) {
    *ret = NULL;
    if (!ol_guard_free(block, row, OL_FREED_BY_REALLOC, frame)) ol_guard_allocator.free(block);
  } else if (row != NULL && row->size <= ol_kept_largest()) *ret = moved_to(block, size, row, frame);
  else if (row == NULL && ol_guard_free(block, NULL, OL_FREED_BY_REALLOC, frame)) *ret = made_anew(size, frame);
  else {
    *ret = resized_in_place(block, size, frame);
    if (*ret == NULL && row != NULL) ol_put_back(row);
  }
  return true;
}

/* ---- the rest ---- */

void *ol_guard_page(size_t size, const void *frame) {
  return ol_guard_now == OL_GUARD_SAMPLED ? ol_pages_make(size, frame) : NULL;
}

bool ol_guard_usable(void *block, size_t *ret) {
  ol_block row;
  if (ol_pages_hold(block)) {
    *ret = ol_pages_size(block);
    return true;
  }
  if (!ol_guarding_all() || !ol_forget_block(block, &row)) return false;
  ol_put_back(&row);
  *ret = row.size;
  return true;
}

/* The seals of some blocks, read by the kernel: a row whose free we did not see may lead to memory that is gone. */
static void check_seals(ol_block *const *rows, uint32_t count) {
  uint8_t seals[SEALS_AT_ONCE][OL_GUARD_TAIL];
  struct iovec here[SEALS_AT_ONCE], there[SEALS_AT_ONCE];
  for (uint32_t i = 0; i < count; i++) {
    here[i] = (struct iovec){seals[i], OL_GUARD_TAIL};
    there[i] = (struct iovec){(void *)(rows[i]->address + rows[i]->size), OL_GUARD_TAIL};
  }
  long got = syscall(SYS_process_vm_readv, syscall(SYS_getpid), here, (long)count, there, (long)count, 0L);
  for (uint32_t i = 0; i < count && got >= (long)(i + 1) * OL_GUARD_TAIL; i++) {
    uint32_t at = first_broken(seals[i], OL_GUARD_TAIL), shown = span_broken(seals[i], at, OL_GUARD_TAIL);
    if (at == OL_GUARD_TAIL) continue;
    tell_overrun(rows[i], NULL, rows[i]->size + at, seals[i] + at, shown, "");
    rows[i]->told = 1;
  }
}

/* Under its lock a shard's blocks are alive: who frees one takes its row first. */
static void check_shard(ol_shard *shard) {
  ol_block *rows[SEALS_AT_ONCE];
  uint32_t count = 0;
  ol_spin_lock(&shard->lock);
  for (uint32_t i = 0; i < shard->capacity; i++) {
    ol_block *row = &shard->rows[i];
    if (row->address == 0 || row->told || ol_pages_hold((void *)row->address)) continue;
    rows[count++] = row;
    if (count == SEALS_AT_ONCE) check_seals(rows, count), count = 0;
  }
  check_seals(rows, count);
  ol_spin_unlock(&shard->lock);
}

void ol_guard_check(void) {
  int program_errno;
  if (!ol_guarding() || !ol_is_our_process() || !ol_step_in(&program_errno)) return;
  if (ol_guarding_all()) {
    ol_kept_check(tell_written);
    for (int i = 0; i < OL_SHARDS; i++) check_shard(&ol_recorder_now.blocks.shards[i]);
  }
  ol_broken_flush();
  ol_step_out(program_errno);
}

OL_EXPORT void outlive_guard_check(void) { ol_guard_check(); }
OL_EXPORT int outlive_guard_mode(void) { return ol_guard_now; }
