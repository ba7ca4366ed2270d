#include "fault.h"

#include <string.h>

static bool thrown[FAULT_COUNT];

struct row {
  const char *name, *seed, *category, *kind, *event;
  unsigned long bytes, blocks, events;
  const char *about;
};

static const struct row rows[FAULT_COUNT] = {
#define FAULT(symbol, name, seed, category, kind, event, bytes, blocks, events, about) \
  {name, seed, category, kind, event, bytes, blocks, events, about},
    FAULT_TABLE
#undef FAULT
};

bool fault(enum fault which) { return thrown[which]; }

bool fault_throw(const char *name) {
  for (int i = 0; i < FAULT_COUNT; i++) {
    if (strcmp(rows[i].name, name) != 0) continue;
    thrown[i] = true;
    return true;
  }
  return false;
}

void fault_list(FILE *out) {
  for (int i = 0; i < FAULT_COUNT; i++) {
    const struct row *row = &rows[i];
    fprintf(out, "%-4s %-28s %-9s %-12s %s\n", row->seed, row->name, row->category, row->kind, row->event);
    if (row->events > 0 && row->bytes > 0)
      fprintf(out, "     %lu B in %lu blocks over %lu events in the default run\n", row->bytes, row->blocks,
              row->events);
    fprintf(out, "     %s\n", row->about);
  }
}
