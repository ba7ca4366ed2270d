/* Names in a walked heap: of types, and the texts that edges will be labelled with. Needs the GIL; runs no Python. */
#ifndef OUTLIVE_WALK_NAMES_H
#define OUTLIVE_WALK_NAMES_H

#include "graph/text.h"
#include "walk/walker.h"

enum { OL_NAME_MAX = 512, OL_TEXT_MAX = 200, OL_TEXT_TOTAL_MAX = 256 << 20 };

/* "module.qualified.name" of a type into buffer[OL_NAME_MAX]; its length. Builtins have no module in front. */
size_t ol_type_name(PyTypeObject *type, PyInterpreterState *interp, char *buffer);

/* The text of a str (UTF-8, at most OL_TEXT_MAX bytes, cut at a character) or small int; 0 for anything else. */
size_t ol_short_text(PyObject *object, char *buffer);

/* For each node whose text was asked for: node numbers (uint32_t) into `nodes`, texts into `texts`, alike in order.
 * Stops at OL_TEXT_TOTAL_MAX. False: no memory. */
bool ol_collect_texts(const ol_walk *walk, ol_reserve *nodes, ol_text *texts);

#endif
