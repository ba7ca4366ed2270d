#define _GNU_SOURCE
#include "preload/unwind.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>

#include "preload/cfi.h"

extern void *__libc_stack_end __attribute__((weak));

enum { SLOTS = 1 << 14, THREAD_STACK_MAX = 1 << 28 };

static uintptr_t thread_pointer(void) {
#if defined(__x86_64__)
  uintptr_t value;
  __asm__("mov %%fs:0, %0" : "=r"(value));
  return value;
#else
  return (uintptr_t)__builtin_thread_pointer();
#endif
}

/* How far up the stack may be read. The C library puts a thread's control block right above its stack. */
static uintptr_t end_of_stack(uintptr_t sp) {
  uintptr_t control = thread_pointer();
  if (sp < control && control - sp < THREAD_STACK_MAX) return control;
  uintptr_t outermost = &__libc_stack_end == NULL ? 0 : (uintptr_t)__libc_stack_end;
  if (sp < outermost && outermost - sp < THREAD_STACK_MAX) return outermost;
  return (sp | 4095) + 1;
}

uintptr_t ol_unwind_stack_end(uintptr_t sp) { return end_of_stack(sp); }

/* The limit that holds from here on, `count` addresses being taken, the last of them `pc`. */
static uint32_t within_edge(const ol_unwind_edge *edge, uintptr_t pc, uint32_t count, uint32_t limit) {
  bool inside = pc >= edge->start && pc < edge->end;
  return inside && count + edge->more < limit ? count + edge->more : limit;
}

typedef struct module_extent {
  uintptr_t address, start, end;
} module_extent;

static int find_extent(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  module_extent *wanted = context;
  uintptr_t start = ~(uintptr_t)0, end = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD) continue;
    if (info->dlpi_addr + part->p_vaddr < start) start = info->dlpi_addr + part->p_vaddr;
    if (info->dlpi_addr + part->p_vaddr + part->p_memsz > end) end = info->dlpi_addr + part->p_vaddr + part->p_memsz;
  }
  if (wanted->address < start || wanted->address >= end) return 0;
  wanted->start = start;
  wanted->end = end;
  return 1;
}

bool ol_unwind_module(uintptr_t address, uintptr_t *ret_start, uintptr_t *ret_end) {
  module_extent wanted = {.address = address};
  if (dl_iterate_phdr(find_extent, &wanted) != 1) return false;
  *ret_start = wanted.start;
  *ret_end = wanted.end;
  return true;
}

typedef struct module_bias {
  uintptr_t address, bias;
} module_bias;

static int find_bias(struct dl_phdr_info *info, size_t size, void *context) {
  module_bias *wanted = context;
  module_extent extent = {.address = wanted->address};
  if (find_extent(info, size, &extent) == 0) return 0;
  wanted->bias = info->dlpi_addr;
  return 1;
}

uintptr_t ol_unwind_offset(uintptr_t address) {
  module_bias wanted = {.address = address};
  (void)dl_iterate_phdr(find_bias, &wanted);
  return address - wanted.bias;
}

#if defined(__x86_64__)

static struct {
  _Atomic uint64_t row, check;
} slots[SLOTS];
static _Atomic uint32_t generation;

typedef struct module_table {
  uintptr_t pc;
  const uint8_t *header, *end;
} module_table;

static int find_by_headers(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  module_table *wanted = context;
  const uint8_t *header = NULL, *end = NULL;
  bool inside = false;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + part->p_vaddr;
    bool holds_pc = wanted->pc >= start && wanted->pc < start + part->p_memsz;
    if (part->p_type == PT_LOAD && holds_pc) inside = true;
    if (part->p_type == PT_GNU_EH_FRAME) header = (const uint8_t *)start;
    if (part->p_type == PT_LOAD && (end == NULL || (const uint8_t *)start + part->p_filesz > end))
      end = (const uint8_t *)start + part->p_filesz;
  }
  if (!inside) return 0;
  wanted->header = header;
  wanted->end = end;
  return 1;
}

#ifdef DLFO_STRUCT_HAS_EH_DBASE /* glibc 2.35: the same without a lock */
#pragma weak _dl_find_object
static bool find_table(module_table *ret) {
  struct dl_find_object found;
  if (_dl_find_object == NULL) return dl_iterate_phdr(find_by_headers, ret) == 1 && ret->header != NULL;
  if (_dl_find_object((void *)ret->pc, &found) != 0 || found.dlfo_eh_frame == NULL) return false;
  ret->header = found.dlfo_eh_frame;
  ret->end = found.dlfo_map_end;
  return true;
}
#else
static bool find_table(module_table *ret) { return dl_iterate_phdr(find_by_headers, ret) == 1 && ret->header != NULL; }
#endif

static uint64_t packed(ol_cfi_row row, uint32_t now) {
  return (uint64_t)(uint32_t)row.offset << 32 | (uint64_t)(uint16_t)row.rbp_at << 16 | (now & 0xfff) << 4 | row.kind;
}

static ol_cfi_row unpacked(uint64_t word) {
  return (ol_cfi_row){
      .kind = word & 15, .rbp_at = (int16_t)(uint16_t)(word >> 16), .offset = (int32_t)(uint32_t)(word >> 32)};
}

static ol_cfi_row row_of(uintptr_t pc) {
  uint32_t slot = (uint32_t)((pc * 0x9e3779b97f4a7c15ull) >> 50);
  uint32_t now = atomic_load_explicit(&generation, memory_order_relaxed);
  uint64_t word = atomic_load_explicit(&slots[slot].row, memory_order_relaxed);
  uint64_t check = atomic_load_explicit(&slots[slot].check, memory_order_relaxed);
  if ((word ^ check) == pc && (word >> 4 & 0xfff) == (now & 0xfff)) return unpacked(word);
  module_table table = {.pc = pc - 1};
  ol_cfi_row row = {.kind = OL_CFI_NONE, .rbp_at = OL_CFI_RBP_SAME};
  if (find_table(&table)) row = ol_cfi_find(table.header, table.end, pc - 1);
  word = packed(row, now);
  atomic_store_explicit(&slots[slot].row, word, memory_order_relaxed);
  atomic_store_explicit(&slots[slot].check, word ^ pc, memory_order_relaxed);
  return row;
}

void ol_unwind_forget(void) { atomic_fetch_add(&generation, 1); }

typedef struct place {
  uintptr_t pc, sp, rbp, end;
} place;

static bool readable(const place *at, uintptr_t address) {
  return address >= at->sp && address + 8 <= at->end && address % 8 == 0;
}
static uintptr_t word_at(uintptr_t address) { return *(const uintptr_t *)address; }

/* Code without a table: believe rbp if it leads up the stack to a place in code that has one. */
static bool step_by_frame_pointer(place *at) {
  if (!readable(at, at->rbp) || !readable(at, at->rbp + 8)) return false;
  uintptr_t pc = word_at(at->rbp + 8);
  module_table table = {.pc = pc - 1};
  if (pc < 4096 || !find_table(&table)) return false;
  at->sp = at->rbp + 16;
  at->rbp = word_at(at->rbp);
  at->pc = pc;
  return true;
}

static bool step(place *at) {
  ol_cfi_row row = row_of(at->pc);
  uintptr_t frame = row.kind == OL_CFI_RSP ? at->sp : at->rbp;
  if (row.kind == OL_CFI_OUTERMOST) return false;
  if (row.kind == OL_CFI_NONE) return step_by_frame_pointer(at);
  frame += (uintptr_t)(intptr_t)row.offset;
  if (row.kind == OL_CFI_RBP_DEREF) {
    if (!readable(at, frame) || !readable(at, at->rbp)) return false;
    frame = word_at(frame);
  }
  if (frame <= at->sp || !readable(at, frame - 8)) return false;
  uintptr_t rbp = at->rbp;
  if (row.kind == OL_CFI_RBP_DEREF) rbp = word_at(at->rbp);
  else if (row.rbp_at != OL_CFI_RBP_SAME) {
    uintptr_t saved = frame + (uintptr_t)(intptr_t)row.rbp_at;
    if (!readable(at, saved)) return false;
    rbp = word_at(saved);
  }
  *at = (place){.pc = word_at(frame - 8), .sp = frame, .rbp = rbp, .end = at->end};
  return at->pc >= 4096;
}

static uint32_t walk(place at, uintptr_t *ret, uint32_t limit, const ol_unwind_edge *edge) {
  uint32_t count = 0;
  while (count < limit) {
    ret[count++] = at.pc;
    limit = within_edge(edge, at.pc, count, limit);
    if (!step(&at)) break;
  }
  return count;
}

uint32_t ol_unwind(const void *frame, uintptr_t *ret, uint32_t limit, const ol_unwind_edge *edge) {
  const uintptr_t *words = frame;
  place at = {.rbp = words[0], .pc = words[1], .sp = (uintptr_t)(words + 2)};
  at.end = end_of_stack(at.sp);
  return walk(at, ret, limit, edge);
}

uint32_t ol_unwind_from(uintptr_t pc, uintptr_t sp, uintptr_t rbp, uintptr_t *ret, uint32_t limit) {
  static const ol_unwind_edge nowhere;
  place at = {.pc = pc + 1, .sp = sp, .rbp = rbp, .end = end_of_stack(sp)};
  return walk(at, ret, limit, &nowhere);
}

uint32_t ol_unwind_activations(ol_activation from, uintptr_t rbp, bool interrupted, ol_activation *ret,
                               uint32_t limit) {
  place at = {.rbp = rbp, .pc = from.pc + interrupted, .sp = from.sp, .end = end_of_stack(from.sp)};
  uint32_t count = 0;
  while (count < limit) {
    ret[count++] = (ol_activation){at.pc, at.sp};
    if (!step(&at)) break;
  }
  if (count > 0) ret[0] = from;
  return count;
}

#else

uint32_t ol_unwind_from(uintptr_t pc, uintptr_t sp, uintptr_t rbp, uintptr_t *ret, uint32_t limit) {
  (void)sp, (void)rbp;
  if (limit > 0) ret[0] = pc + 1;
  return limit > 0;
}

void ol_unwind_forget(void) {}

uint32_t ol_unwind_activations(ol_activation from, uintptr_t rbp, bool interrupted, ol_activation *ret,
                               uint32_t limit) {
  (void)from, (void)rbp, (void)interrupted, (void)ret, (void)limit;
  return 0;
}

uint32_t ol_unwind(const void *frame, uintptr_t *ret, uint32_t limit, const ol_unwind_edge *edge) {
  const uintptr_t *words = frame;
  uintptr_t end = end_of_stack((uintptr_t)frame);
  uint32_t count = 0;
  while (count < limit) {
    if (words[1] < 4096) break;
    ret[count++] = words[1];
    limit = within_edge(edge, words[1], count, limit);
    uintptr_t next = words[0];
    if (next <= (uintptr_t)words || next + 16 > end || next % 8 != 0) break;
    words = (const uintptr_t *)next;
  }
  return count;
}

#endif
