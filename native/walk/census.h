/* How many objects of each type are alive, read again and again: what a check judges. */
#ifndef OUTLIVE_WALK_CENSUS_H
#define OUTLIVE_WALK_CENSUS_H

#include "graph/tally.h"
#include "graph/text.h"
#include "walk/walker.h"

typedef struct ol_census {
  ol_walk walk;
  ol_text_set names;      /* type names; a name keeps its number for the census' life */
  ol_reserve of_types;    /* uint8_t[names]: the instances of this type are types themselves */
  ol_reserve rows;        /* ol_tally_row[names]: now */
  ol_reserve sent;        /* ol_tally_row[names]: as last reported */
  ol_reserve row_of_type; /* uint32_t[nodes] */
  uint32_t names_sent;
} ol_census;

bool ol_census_init(ol_census *census, size_t objects_expected);
void ol_census_deinit(ol_census *census);

/* Walk and count. Two classes of one name count as one: a class made anew in every step is one growing type. */
ol_walk_status ol_census_take(ol_census *census);

#endif
