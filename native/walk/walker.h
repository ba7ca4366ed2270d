/* The walk: the whole object graph of one interpreter, into columns. */
#ifndef OUTLIVE_WALK_WALKER_H
#define OUTLIVE_WALK_WALKER_H

#include "graph/columns.h"
#include "graph/id_table.h"
#include "walk/type_table.h"

enum { OL_PENDING = 32 };

typedef enum ol_walk_status {
  OL_WALK_OK = 0,
  OL_WALK_NO_MEMORY,
  OL_WALK_BROKEN_LIST /* a collector list is not a list: nothing was followed */
} ol_walk_status;

typedef struct ol_walk {
  ol_columns columns;
  ol_id_table table;
  ol_type_table types;
  PyInterpreterState *interp;

  /* Targets whose numbers are still to be looked up: looking up a little later hides the cache miss. */
  struct {
    PyObject *object;
    uint64_t edge; /* | OL_WANT_TEXT */
  } pending[OL_PENDING];
  uint32_t pending_first, pending_count;

  ol_reserve scratch; /* PyObject *[]: what one tp_traverse showed */
  size_t scratch_count;
  size_t node_room, edge_room, label_room; /* rows that fit without growing */

  /* the self-check's raw material */
  uint64_t tracked_count;    /* objects on the collector's lists */
  uint64_t refused_count;    /* traversals that the deny-list forbade */
  uint64_t impossible_count; /* pointers no object can have, not followed */
  uint64_t broken_links;     /* list members whose neighbour does not point back */
  /* the interpreter's own caches, which grow while it warms up: for the reader of totals to take off */
  uint64_t cache_blocks, cache_native_bytes;
  ol_reserve noted; /* uint32_t[noted_count]: nodes whose type has notes, when types.detailed; running frames too */
  uint32_t noted_count;
  bool no_memory;
} ol_walk;

/* Once per process, with the GIL. False with a Python error set. */
bool ol_walk_learn(void);

/* Room for a heap of about so many objects. False: no memory (`walk` is then as after deinit). */
bool ol_walk_init(ol_walk *walk, size_t objects_expected);
void ol_walk_deinit(ol_walk *walk);

/* Have memory for so many objects ready. Needs no GIL and no Python: what it costs is not part of the pause. */
void ol_walk_make_ready(ol_walk *walk, size_t objects);

/* Walk the current interpreter. Needs the GIL throughout; takes no reference to anything it walks; calls no Python
 * code; allocates nothing but mappings (a C-level __sizeof__ may make an int for a moment). May be called again: the
 * columns then describe the new walk. */
ol_walk_status ol_walk_take(ol_walk *walk);

/* True when the text of this node was asked for: it is a key, an attribute's name, a file name. */
static inline bool ol_walk_wants_text(const ol_walk *walk, uint32_t node) {
  return OL_COLUMN(const uint8_t, walk->columns.layout)[node] & 0x80;
}

#endif
