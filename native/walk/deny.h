/* What must not be traversed on which version, with the reason. Refusing is a fact the snapshot states. */
#ifndef OUTLIVE_WALK_DENY_H
#define OUTLIVE_WALK_DENY_H

#include <stdbool.h>

#include "walk/cpython.h"

/* True: whoever holds such an instance shows its reference to its type; the instance must not show it again. */
bool ol_deny_type_edge(const PyTypeObject *type);

/* True: the module's m_traverse must not be called (its dict may be followed). */
bool ol_deny_module_state(const PyModuleDef *definition);

#endif
