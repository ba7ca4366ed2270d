/* The stamps of a walked heap, as columns of its snapshot. Described in docs/reference/snapshot-format.md. */
#ifndef OUTLIVE_STAMPS_STAMP_COLUMNS_H
#define OUTLIVE_STAMPS_STAMP_COLUMNS_H

#include "graph/container.h"
#include "stamps/stamps.h"
#include "walk/walker.h"

enum { OL_STAMP_FACTS = 10 };

/* Copies, so that other threads may go on stamping while the file is written. Zeroed: no stamps. */
typedef struct ol_stamp_columns {
  ol_reserve tick, site; /* uint32_t[nodes] */
  uint32_t node_count;   /* 0: no stamps */
  ol_reserve rows;   /* ol_site_row[row_count]: the depot's, then one for each pair of site and scope that is worn */
  ol_reserve scopes; /* uint32_t[row_count] */
  uint32_t row_count;
  ol_text texts;
  ol_reserve approximate; /* uint32_t[approximate_count]: nodes of types */
  uint32_t approximate_count;
  uint64_t facts[OL_STAMP_FACTS];
} ol_stamp_columns;

/* Look the stamp of every walked object up. Needs the GIL held since the walk. True with no stamps where none are
 * kept; false: no memory. */
bool ol_stamp_columns_gather(ol_stamp_columns *columns, ol_walk *walk);

/* Add the columns, if there are stamps. Needs no GIL. */
void ol_stamp_columns_write(const ol_stamp_columns *columns, ol_container_writer *writer);

void ol_stamp_columns_deinit(ol_stamp_columns *columns);

#endif
