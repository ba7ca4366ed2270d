#include "walk/deny.h"

#include <string.h>

/* `first` and `last` are PY_VERSION_HEX of the running interpreter, both ends included. */
struct rule {
  const char *name;
  unsigned long first, last;
  const char *reason;
};

static const struct rule module_rules[] = {
    /* The module's state keeps a free list of dead objects and shows it: following it walks freed memory. */
    {"_asyncio", 0x030c0000, 0x030c05f0, "cpython#122695"},
};

static unsigned long running_version(void) {
#if PY_VERSION_HEX >= 0x030b0000
  return Py_Version;
#else
  return PY_VERSION_HEX; /* 3.10 does not tell; the patch level matters to no rule there */
#endif
}

static bool denied(const struct rule *rules, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(rules[i].name, name) == 0 && running_version() >= rules[i].first && running_version() <= rules[i].last)
      return true;
  return false;
}

bool ol_deny_type_edge(const PyTypeObject *type) {
  return strcmp(type->tp_name, "functools._lru_list_elem") == 0; /* by lru_cache_tp_traverse, for all its links */
}

bool ol_deny_module_state(const PyModuleDef *definition) {
  return definition != NULL && definition->m_name != NULL &&
         denied(module_rules, sizeof module_rules / sizeof *module_rules, definition->m_name);
}
