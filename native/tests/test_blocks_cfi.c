#include <string.h>

#include "preload/cfi.h"
#include "tests/expect.h"

/* A table by hand: a family (CIE) with the rules of a function's first instruction, and one entry of 0x40 bytes. */
static _Alignas(8) uint8_t table[256];
static uint8_t *entry, *end;

static void put32(uint8_t *at, uint32_t value) { memcpy(at, &value, 4); }

static uintptr_t make(const uint8_t *program, size_t bytes) {
  static const uint8_t family[] = {1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0};
  memset(table, 0, sizeof table);
  put32(table, 4 + sizeof family);
  memcpy(table + 8, family, sizeof family);
  entry = table + 8 + sizeof family;
  put32(entry, (uint32_t)(4 + 8 + 1 + bytes));
  put32(entry + 4, (uint32_t)(entry + 4 - table));
  uintptr_t begin = (uintptr_t)table + 128;
  put32(entry + 8, (uint32_t)(begin - (uintptr_t)(entry + 8)));
  put32(entry + 12, 0x40);
  memcpy(entry + 17, program, bytes);
  end = entry + 17 + bytes;
  return begin;
}

static ol_cfi_row row_at(uintptr_t pc) { return ol_cfi_of_entry(entry, end, pc); }

static void rows_change_as_the_function_goes_on(void) {
  /* push rbp; mov rsp, rbp; ...; leave */
  static const uint8_t program[] = {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x02, 0x30, 0x0c, 7, 8, 0xc6};
  uintptr_t begin = make(program, sizeof program);
  ol_cfi_row first = row_at(begin), pushed = row_at(begin + 1), framed = row_at(begin + 4), left = row_at(begin + 0x34);
  EXPECT(first.kind == OL_CFI_RSP && first.offset == 8 && first.rbp_at == OL_CFI_RBP_SAME);
  EXPECT(pushed.kind == OL_CFI_RSP && pushed.offset == 16 && pushed.rbp_at == -16);
  EXPECT(framed.kind == OL_CFI_RBP && framed.offset == 16 && framed.rbp_at == -16);
  EXPECT(left.kind == OL_CFI_RSP && left.offset == 8 && left.rbp_at == OL_CFI_RBP_SAME);
  EXPECT(row_at(begin + 0x40).kind == OL_CFI_NONE && row_at(begin - 1).kind == OL_CFI_NONE);
}

static void a_remembered_state_comes_back(void) {
  static const uint8_t program[] = {0x44, 0x0e, 64, 0x44, 0x0a, 0x0e, 8, 0x44, 0x0b};
  uintptr_t begin = make(program, sizeof program);
  EXPECT(row_at(begin + 8).offset == 8 && row_at(begin + 12).offset == 64);
}

static void realigned_stacks_are_understood_and_other_expressions_are_not(void) {
  static const uint8_t realigned[] = {0x44, 0x10, 6, 2, 0x76, 0, 0x44, 0x0f, 3, 0x76, 0x70, 0x06};
  uintptr_t begin = make(realigned, sizeof realigned);
  ol_cfi_row row = row_at(begin + 8);
  EXPECT(row.kind == OL_CFI_RBP_DEREF && row.offset == -16);
  static const uint8_t other[] = {0x44, 0x0f, 3, 0x77, 8, 0x06};
  begin = make(other, sizeof other);
  EXPECT(row_at(begin + 4).kind == OL_CFI_NONE && row_at(begin).kind == OL_CFI_RSP);
}

static void the_outermost_function_is_known(void) {
  static const uint8_t program[] = {0x07, 16};
  uintptr_t begin = make(program, sizeof program);
  EXPECT(row_at(begin).kind == OL_CFI_OUTERMOST);
}

/* Whatever stands there, and wherever it ends: no read beyond, no crash. */
static void nonsense_is_not_known(void) {
  unsigned long long dice = 42;
  for (int round = 0; round < 20000; round++) {
    uint8_t program[24];
    for (size_t i = 0; i < sizeof program; i++) program[i] = (uint8_t)next_random(&dice);
    uintptr_t begin = make(program, sizeof program);
    (void)row_at(begin + next_random(&dice) % 0x40);
    end = entry + next_random(&dice) % 40;
    EXPECT(row_at(begin).kind == OL_CFI_NONE || end >= entry + 17 + sizeof program - 1);
  }
}

int main(void) {
  rows_change_as_the_function_goes_on();
  a_remembered_state_comes_back();
  realigned_stacks_are_understood_and_other_expressions_are_not();
  the_outermost_function_is_known();
  nonsense_is_not_known();
  return 0;
}
