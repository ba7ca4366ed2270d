/* The depot: places in code, each once, by number. Knows no Python: what a code object is, is its caller's business.
 *
 * Theory of operation. Two tables. *Rows* are what a site is: line, file, function and the site of the caller (0 where
 * the chain of callers ends); equal sites have one number for as long as the depot lives. *Recollections* are a cache
 * in front: the address of a code object and an offset in its instructions give the row of that line without reading a
 * line table. Code objects die and their addresses are used again, so a recollection carries a check value of its code
 * object and is believed only where it still fits; losing one costs a look-up and nothing else, which is why the table
 * is emptied when it is full. Texts are copied when a row is made: a row outlives its code object.
 *
 * All of it needs the GIL; nothing allocates but mappings. Bounds: OL_ROWS_MAX rows, OL_SITE_TEXTS_MAX bytes of text;
 * beyond either, a new site is 0 (unknown), and counted.
 */
#ifndef OUTLIVE_STAMPS_SITES_H
#define OUTLIVE_STAMPS_SITES_H

#include "graph/text.h"

enum { OL_RECOLLECTIONS = 1 << 16, OL_ROW_SLOTS = 1 << 19, OL_ROWS_MAX = OL_ROW_SLOTS / 2 };
enum { OL_SITE_TEXTS_MAX = 64 << 20, OL_SITE_TEXT_MAX = 4096 };

/* What a look-up may say beside the number of a row. */
enum { OL_SITE_UNKNOWN = 0, OL_SITE_SPECIAL = 0xfffffff0u, OL_SITE_OURS, OL_SITE_WATCHER, OL_SITE_NOT_SEEN };

typedef struct ol_site_row {
  uint32_t line, file, function, parent; /* file and function number `texts` */
} ol_site_row;

typedef struct ol_recollection {
  uintptr_t code; /* 0: empty */
  int32_t offset;
  uint32_t check;
  uint32_t site;
  uint32_t unused;
} ol_recollection;

typedef struct ol_sites {
  ol_reserve recollections; /* ol_recollection[OL_RECOLLECTIONS] */
  uint32_t recollection_count;
  ol_reserve rows; /* ol_site_row[row_count]; row 0 is "unknown" */
  uint32_t row_count;
  ol_reserve row_slots; /* uint32_t[OL_ROW_SLOTS]: row number, 0: empty */
  ol_text_set texts;
  uint64_t refused_count; /* sites that did not fit */
} ol_sites;

/* False: no memory. A zeroed depot is as after deinit. */
bool ol_sites_init(ol_sites *sites);
void ol_sites_deinit(ol_sites *sites);
uint64_t ol_sites_mapped_bytes(const ol_sites *sites);

/* Note what this place in code is: a row's number, OL_SITE_OURS or OL_SITE_WATCHER. */
void ol_sites_remember(ol_sites *sites, uintptr_t code, int32_t offset, uint32_t check, uint32_t site);

/* The number of a row with these texts and no caller; 0 when it does not fit. */
uint32_t ol_sites_make(ol_sites *sites, uint32_t line, const char *file, size_t file_bytes, const char *function,
                       size_t function_bytes);

/* The number of the row that is `site` called from `parent` (0: from nowhere); 0 when it does not fit. A row's parent
 * has a smaller number than the row. */
uint32_t ol_sites_under(ol_sites *sites, uint32_t site, uint32_t parent);

static inline uint32_t ol_recollection_slot(uintptr_t code, int32_t offset) {
  uint64_t mixed = (code >> 4) * 0x9e3779b97f4a7c15ull + (uint64_t)(uint32_t)offset * 0xc2b2ae3d27d4eb4full;
  return (uint32_t)(mixed >> (64 - 16));
}

/* What was remembered of this place, or OL_SITE_NOT_SEEN. */
static inline uint32_t ol_sites_recall(const ol_sites *sites, uintptr_t code, int32_t offset, uint32_t check) {
  const ol_recollection *all = (const ol_recollection *)sites->recollections.base;
  for (uint32_t slot = ol_recollection_slot(code, offset);; slot = (slot + 1) & (OL_RECOLLECTIONS - 1)) {
    if (all[slot].code == code && all[slot].offset == offset)
      return all[slot].check == check ? all[slot].site : (uint32_t)OL_SITE_NOT_SEEN;
    if (all[slot].code == 0) return OL_SITE_NOT_SEEN;
  }
}

#endif
