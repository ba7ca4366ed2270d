/* Sites with the scope in which they ran: pairs of two numbers, each once, by a number that fits into a stamp. Knows no
 * Python.
 *
 * Theory of operation. A stamp has 32 bits for the place. Numbers below OL_SCOPED_FIRST are rows of the depot (sites.h)
 * made in no scope; those from there on are pairs of this table. A program that makes a scope of each of its requests
 * makes pairs for ever, so pairs are used again: when the table is full, the whole sheet is read once, and pairs that no
 * stamp wears any more are given away. Stamps of the dead stay in the sheet until their place is stamped again: they
 * keep their pairs, which costs room and is never wrong. Where even that finds too little, the scope is left out (the
 * site itself is not), counted, and the sheet is not read again before OL_SCOPED_PATIENCE more were asked for.
 *
 * All of it needs the GIL; nothing allocates but mappings.
 */
#ifndef OUTLIVE_STAMPS_SCOPED_H
#define OUTLIVE_STAMPS_SCOPED_H

#include "stamps/sheet.h"
#include "stamps/sites.h"

enum { OL_SCOPED_FIRST = OL_ROWS_MAX, OL_SCOPED_MAX = 1 << 20, OL_SCOPED_SLOTS = 2 * OL_SCOPED_MAX };
enum { OL_SCOPED_PATIENCE = OL_SCOPED_MAX / 4 };

typedef struct ol_scoped_row {
  uint32_t site; /* row of the depot; 0: this pair is free, and `scope` is the next free one */
  uint32_t scope;
} ol_scoped_row;

typedef struct ol_scoped {
  ol_reserve rows; /* ol_scoped_row[row_count]; row 0 is never used */
  uint32_t row_count;
  ol_reserve slots;        /* uint32_t[OL_SCOPED_SLOTS]: row, 0: empty */
  uint32_t free_row;       /* the first free row below row_count, 0: none */
  uint32_t patience;       /* to be asked for, when full, before the sheet is read again */
  uint64_t left_out_count; /* scopes that did not fit */
} ol_scoped;

void ol_scoped_deinit(ol_scoped *scoped);
uint64_t ol_scoped_mapped_bytes(const ol_scoped *scoped);

/* The number of this pair, to be put into a stamp; `site` itself where it does not fit. `site` and `scope` are not 0.
 * May read the whole sheet, and then takes numbers back that no stamp in it wears. */
uint32_t ol_scoped_number(ol_scoped *scoped, const ol_sheet *sheet, uint32_t site, uint32_t scope);

/* What a number says; its scope is 0 where it is a row of the depot. */
static inline ol_scoped_row ol_scoped_read(const ol_scoped *scoped, uint32_t number) {
  if (number < OL_SCOPED_FIRST) return (ol_scoped_row){.site = number, .scope = 0};
  return ((const ol_scoped_row *)scoped->rows.base)[number - OL_SCOPED_FIRST];
}

#endif
