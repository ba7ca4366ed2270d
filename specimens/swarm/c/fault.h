/* The switches. Each mistake stands where it belongs and asks here whether it is wanted; all are off by default.
 *
 * Their names come from ../faults.toml through the made header fault_table.h: there is no second list. */
#ifndef SWARM_FAULT_H
#define SWARM_FAULT_H

#include <stdbool.h>
#include <stdio.h>

#include "fault_table.h"

enum fault {
#define FAULT(symbol, name, seed, category, kind, event, bytes, blocks, events, about) FAULT_##symbol,
  FAULT_TABLE
#undef FAULT
      FAULT_COUNT
};

/* Whether this mistake is to be made. */
bool fault(enum fault which);

/* Throws the switch of this name. False when there is none. */
bool fault_throw(const char *name);

/* One line for each switch, as `swarm faults` prints it. */
void fault_list(FILE *out);

#endif
