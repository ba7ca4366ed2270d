#include "stamps/kept_types.h"

#include <string.h>

/* As tp_name has them. */
static const char *const kept_types[] = {"float",
                                         "tuple",
                                         "list",
                                         "dict",
                                         "slice",
                                         "Context",
                                         "_contextvars.Context",
                                         "async_generator_asend",
                                         "async_generator_wrapped_value",
                                         "_asyncio.FutureIter",
                                         "MemoryError",
#if PY_VERSION_HEX < 0x030b0000
                                         "frame"
#endif
};

bool ol_type_is_kept(const PyTypeObject *type) {
  for (size_t i = 0; i < sizeof kept_types / sizeof *kept_types; i++)
    if (kept_types[i] != NULL && strcmp(type->tp_name, kept_types[i]) == 0) return true;
  return false;
}
