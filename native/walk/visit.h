/* What one object refers to, written as references of its row. */
#ifndef OUTLIVE_WALK_VISIT_H
#define OUTLIVE_WALK_VISIT_H

#include "walk/walker.h"

/* Emit the references of `object`, which is row `node`; the answer says how to read them. Takes no reference, runs no
 * Python code. When memory runs out the walk says so and the row is not whole. */
ol_layout ol_visit_object(ol_walk *walk, PyObject *object, const ol_type_info *info, uint32_t node);

#endif
