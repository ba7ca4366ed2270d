/* Looks at step marks: OUTLIVE_BLOCKS_STEP_LOOKS=24 asks for one each time the steps have grown by a 24th. */
#ifndef OUTLIVE_PRELOAD_STEP_LOOKS_H
#define OUTLIVE_PRELOAD_STEP_LOOKS_H

#include <stdint.h>

/* Step `step` begins: take a look into the folder when one is due. Not safe in a signal handler; may wait. */
void ol_look_at_step(uint64_t step);

#endif
