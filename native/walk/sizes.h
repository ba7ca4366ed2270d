/* Bytes of one object, as sys.getsizeof() would say, without running Python code. */
#ifndef OUTLIVE_WALK_SIZES_H
#define OUTLIVE_WALK_SIZES_H

#include "walk/type_table.h"

/* Differs from sys.getsizeof() on purpose in three things: a key table that several dicts share is charged to its own
 * node, never to a dict; attributes kept outside a dict are charged to their instance; a __sizeof__ written in Python
 * is not called. May call a C-level __sizeof__, which allocates one int for a moment. */
uint64_t ol_size_of(PyObject *object, const ol_type_info *info);

#endif
