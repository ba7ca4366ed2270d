#define _GNU_SOURCE
#include "allocations/native_stack.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <unwind.h>

static struct {
  uintptr_t first, end;
} ours;

typedef struct collecting {
  uintptr_t *addresses;
  uint32_t count, most;
} collecting;

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *frame, void *context) {
  collecting *found = context;
  uintptr_t address = _Unwind_GetIP(frame);
  if (address == 0 || found->count == found->most) return _URC_END_OF_STACK;
  if (address < ours.first || address >= ours.end) found->addresses[found->count++] = address;
  return _URC_NO_REASON;
}

uint32_t ol_native_stack(uintptr_t *ret_addresses, uint32_t most) {
  collecting found = {.addresses = ret_addresses, .most = most};
  (void)_Unwind_Backtrace(take_frame, &found);
  return found.count;
}

static int find_ours(struct dl_phdr_info *module, size_t size, void *here) {
  (void)size;
  uintptr_t first = UINTPTR_MAX, end = 0;
  for (int i = 0; i < module->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = module->dlpi_phdr + i;
    if (part->p_type != PT_LOAD) continue;
    if (module->dlpi_addr + part->p_vaddr < first) first = module->dlpi_addr + part->p_vaddr;
    if (module->dlpi_addr + part->p_vaddr + part->p_memsz > end)
      end = module->dlpi_addr + part->p_vaddr + part->p_memsz;
  }
  if ((uintptr_t)here < first || (uintptr_t)here >= end) return 0;
  ours.first = first;
  ours.end = end;
  return 1;
}

void ol_native_stack_learn(void) {
  uintptr_t warm[2];
  (void)dl_iterate_phdr(find_ours, (void *)(uintptr_t)&find_ours);
  (void)ol_native_stack(warm, 2);
}
