/* Types whose unmade objects are kept for the next one (free lists): the allocator hears of neither making nor unmaking.
 */
#ifndef OUTLIVE_STAMPS_KEPT_TYPES_H
#define OUTLIVE_STAMPS_KEPT_TYPES_H

#include <stdbool.h>

#include "walk/cpython.h"

bool ol_type_is_kept(const PyTypeObject *type);

#endif
