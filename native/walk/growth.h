/* Which containers grew since a mark, who holds them, and what would go with them.
 *
 * Each call walks anew, so that no pointer of an earlier walk is followed after other threads have run. Objects leave
 * as Python references.
 */
#ifndef OUTLIVE_WALK_GROWTH_H
#define OUTLIVE_WALK_GROWTH_H

#include "graph/reach.h"
#include "walk/census.h"

typedef struct ol_growth_mark {
  uint64_t address;
  uint64_t type_address;
  uint64_t items;
} ol_growth_mark;

typedef struct ol_growth {
  ol_reserve marks; /* ol_growth_mark[mark_count], by address: what is compared with */
  size_t mark_count;
  ol_reserve next; /* the latest mark; it becomes the one to compare with when another is taken */
  size_t next_count;
} ol_growth;

void ol_growth_deinit(ol_growth *growth);

/* Remember how many references each object holds that may be a container. Walks. Growth is told since the mark before
 * the latest one (since the only one, if there is one), so that a fresh mark hides nothing. */
ol_walk_status ol_growth_take_mark(ol_growth *growth, ol_census *census);

/* Up to `limit` (object, then, now), fastest-growing first, of objects that lived at the mark and hold more references
 * since: a list. NULL with an error set. */
PyObject *ol_growth_list(ol_growth *growth, ol_census *census, Py_ssize_t limit);

/* For each object of the sequence, a list of up to `limit` objects that refer to it. */
PyObject *ol_growth_holders(ol_census *census, PyObject *objects, Py_ssize_t limit);

/* Types and counts of what would be freed if the objects of the sequence were gone, together with those of their
 * direct references whose type's name is in `child_types`: a dict. */
PyObject *ol_growth_retained(ol_census *census, PyObject *objects, PyObject *child_types);

#endif
