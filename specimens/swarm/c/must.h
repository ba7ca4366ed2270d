/* Memory that must be there. A specimen has nothing to do without it, so it ends. */
#ifndef SWARM_MUST_H
#define SWARM_MUST_H

#include <stdlib.h>

/* Gives back `block`. Ends the program when there is none: `struct x *x = must(calloc(1, sizeof *x));` */
static inline void *must(void *block) {
  if (block == NULL) abort();
  return block;
}

#endif
