/* How to step out of a function, from the tables that compilers leave in .eh_frame for exceptions (x86-64).
 *
 * Knows the format and refuses all of it that stacks met at a call do not need: a row says where the caller's frame
 * begins (from rsp, from rbp, or from a word that rbp leads to) and where rbp was saved; the return address stands
 * right below. Whatever else a table may say (other registers, expressions, signal frames) is OL_CFI_NONE, and the
 * walk tries frame pointers or ends. Reads no memory but the tables; takes no lock; allocates nothing.
 */
#ifndef OUTLIVE_PRELOAD_CFI_H
#define OUTLIVE_PRELOAD_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ol_cfi_kind {
  OL_CFI_NONE = 0,     /* not known */
  OL_CFI_RSP,          /* frame = rsp + offset */
  OL_CFI_RBP,          /* frame = rbp + offset */
  OL_CFI_RBP_DEREF,    /* frame = *(rbp + offset): functions that realign their stack */
  OL_CFI_OUTERMOST = 4 /* the table says that nobody called */
} ol_cfi_kind;

enum { OL_CFI_RBP_SAME = -32768 };

typedef struct ol_cfi_row {
  uint8_t kind;
  int16_t rbp_at; /* where the caller's rbp is saved, from the frame; OL_CFI_RBP_SAME: still in rbp */
  int32_t offset;
} ol_cfi_row;

/* The row for `pc` by the search table (.eh_frame_hdr) at `header`. `end` bounds what may be read. */
ol_cfi_row ol_cfi_find(const uint8_t *header, const uint8_t *end, uintptr_t pc);

/* The row for `pc` by one table entry. */
ol_cfi_row ol_cfi_of_entry(const uint8_t *entry, const uint8_t *end, uintptr_t pc);

#endif
