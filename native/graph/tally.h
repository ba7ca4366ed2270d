/* Counts over a walked heap: by type, and the self-check. Pure: columns in, numbers out. */
#ifndef OUTLIVE_GRAPH_TALLY_H
#define OUTLIVE_GRAPH_TALLY_H

#include "graph/columns.h"

typedef struct ol_tally_row {
  int64_t count;
  int64_t bytes;
  int64_t items;       /* references held: what a container's length is to its type */
  int64_t unexplained; /* references counted by the objects but found nowhere */
  int64_t overdrawn;   /* references found that the objects do not count: let go of too often, or shown falsely */
} ol_tally_row;

/* Add every node of type `t` to rows[row_of_type[t]]; pseudo-nodes (type 0) are left out. `row_of_type` is indexed by
 * node number and read only at nodes that are somebody's type. Needs in-degrees. */
void ol_tally_by_type(const ol_columns *columns, const uint32_t *row_of_type, ol_tally_row *rows);

typedef struct ol_self_check {
  uint64_t counted;     /* objects whose reference count means something */
  uint64_t exact;       /* refcount == references found */
  uint64_t more;        /* refcount > references found: native code or the C stack holds the rest */
  uint64_t fewer;       /* refcount < references found: must be 0 */
  uint64_t first_fewer; /* node number of the first of those, 0: none */
} ol_self_check;

void ol_self_check_of(const ol_columns *columns, ol_self_check *ret);

#endif
