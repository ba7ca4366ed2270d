/* What is reachable once some nodes are taken away: "what would go if this container went?" Pure. */
#ifndef OUTLIVE_GRAPH_REACH_H
#define OUTLIVE_GRAPH_REACH_H

#include "graph/columns.h"

typedef struct ol_reach {
  ol_reserve mark;  /* uint8_t[nodes]: OL_REACHED, OL_CUT */
  ol_reserve queue; /* uint32_t[nodes] */
} ol_reach;

enum { OL_REACHED = 1, OL_CUT = 2 };

/* Zeroed marks for this heap; set OL_CUT on nodes before ol_reach_run. False: no memory. */
bool ol_reach_begin(ol_reach *reach, const ol_columns *columns);

/* Mark OL_REACHED whatever the roots reach without passing a cut node. Roots are the nodes held by something that is
 * no node: pseudo-nodes, objects that are never freed, objects with references that no node explains. Needs in-degrees. */
void ol_reach_run(ol_reach *reach, const ol_columns *columns);

void ol_reach_deinit(ol_reach *reach);

#endif
