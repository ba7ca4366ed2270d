/* One heap as columns: a row a node, rows in the order in which they were found.
 *
 *   node      anything alive: a Python object, or something the interpreter keeps that is none (a running frame, a
 *             thread, a table of shared dict keys): a *pseudo-node*, whose `type` is 0. Node 0 is "nothing".
 *   edge      a reference. Edges of node i are targets[edge_start[i] .. edge_start[i + 1]); 0 where a slot is empty,
 *             so that position keeps its meaning.
 *   layout    how to read the positions: see `ol_layout`.
 *   label     only for OL_LAYOUT_PLAIN nodes: a uint16_t an edge, in `labels`, in the order of those nodes.
 *
 * Invariants after a walk: edge_start[0] == 0 and rises; every target < node_count; every type < node_count.
 * in_degree[i] <= refcount[i] for each counted node, or the walk followed a reference that does not exist.
 */
#ifndef OUTLIVE_GRAPH_COLUMNS_H
#define OUTLIVE_GRAPH_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/reserve.h"

typedef enum ol_layout {
  OL_LAYOUT_NOTHING = 0,        /* node 0 */
  OL_LAYOUT_LEAF = 1,           /* no edges, by nature */
  OL_LAYOUT_SEQUENCE = 2,       /* edge k is element k */
  OL_LAYOUT_PAIRS = 3,          /* key, value, key, value ... */
  OL_LAYOUT_SPLIT_DICT = 4,     /* first the OL_LAYOUT_KEYS node, then value k of key k */
  OL_LAYOUT_ELEMENTS = 5,       /* a set's elements: no position has a meaning */
  OL_LAYOUT_PLAIN = 6,          /* by label */
  OL_LAYOUT_CODE = 7,           /* fixed order, see ol_visit_code in walk/layout.h */
  OL_LAYOUT_PAIRS_PLAIN = 8,    /* a dict's subclass: labelled edges first; pairs_start says where the pairs begin */
  OL_LAYOUT_PLAIN_SEQUENCE = 9, /* a list's, tuple's or deque's subclass: the same, then element k */
  /* pseudo-nodes */
  OL_LAYOUT_KEYS = 32,        /* shared dict keys: edge k is key k */
  OL_LAYOUT_INTERPRETER = 33, /* what an interpreter itself holds, fixed order, see walk/roots.c */
  OL_LAYOUT_THREAD = 34,      /* what a thread state holds */
  OL_LAYOUT_FRAME = 35        /* a running frame: code, function, locals mapping, frame object, then its slots */
} ol_layout;

enum {
  OL_LABEL_OFFSET_BIAS = 8, /* label = (byte offset in the object) / 8 + bias, so that -64 is 0 */
  OL_LABEL_OFFSET_MAX = 0x3fff,
  OL_LABEL_SLOT = 0x4000, /* | k: slot k of the frame that this is or owns */
  OL_LABEL_SLOT_MAX = 0x0fff,
  OL_LABEL_DICT = 0x7ff9,    /* its __dict__, at no fixed place */
  OL_LABEL_OUTSIDE = 0x7ffa, /* in memory of the object's own, not in the object */
  OL_LABEL_KEY = 0x7ffb,     /* a key there, its value follows */
  OL_LABEL_VALUE = 0x7ffc,
  OL_LABEL_TYPE = 0x7ffd,     /* the object's type */
  OL_LABEL_EXTRA = 0x7ffe,    /* an element or key without a name of its own */
  OL_LABEL_UNKNOWN = 0x7fff,  /* not looked for */
  OL_LABEL_ATTRIBUTE = 0x8000 /* | k: inline attribute k of the type's shared keys */
};

enum { OL_REFCOUNT_IMMORTAL = 0xffffffffu, OL_SIZE_LARGE = 0xffffffffu };

typedef struct ol_large_size {
  uint32_t node;
  uint32_t unused;
  uint64_t bytes;
} ol_large_size;

typedef struct ol_columns {
  ol_reserve address;     /* uint64_t */
  ol_reserve edge_start;  /* uint64_t[node_count + 1] */
  ol_reserve type;        /* uint32_t */
  ol_reserve refcount;    /* uint32_t, OL_REFCOUNT_IMMORTAL where it does not count */
  ol_reserve size;        /* uint32_t bytes, OL_SIZE_LARGE: see large_sizes */
  ol_reserve layout;      /* uint8_t */
  ol_reserve targets;     /* uint32_t[edge_count] */
  ol_reserve labels;      /* uint16_t[label_count] */
  ol_reserve in_degree;   /* uint32_t, after ol_columns_count_in_degrees */
  ol_reserve large_sizes; /* ol_large_size[large_count] */
  ol_reserve pairs_start; /* struct {uint32_t node, first} for OL_LAYOUT_PAIRS_PLAIN */
  uint32_t node_count;    /* rows found, node 0 included */
  uint32_t walked_count;  /* rows whose edges are written */
  uint64_t edge_count;
  uint64_t label_count;
  uint32_t large_count;
  uint32_t pairs_plain_count;
} ol_columns;

/* Reserve for about so many nodes; more come by growing. False: no memory. */
bool ol_columns_init(ol_columns *columns, size_t nodes_expected);
/* Forget the rows, keep the memory. */
void ol_columns_clear(ol_columns *columns);
void ol_columns_deinit(ol_columns *columns);

/* Room for one more row, so many more edges, labels. False: no memory. */
bool ol_columns_make_room(ol_columns *columns, size_t nodes, size_t edges, size_t labels);

/* Fill in_degree from targets: edges to pseudo-nodes count too. False: no memory. */
bool ol_columns_count_in_degrees(ol_columns *columns);

uint64_t ol_columns_size_of(const ol_columns *columns, uint32_t node);

#define OL_COLUMN(type_, reserve_) ((type_ *)(reserve_).base)

#endif
