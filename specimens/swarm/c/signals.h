/* Ctrl-C and SIGTERM: a watch of one signal. Nobody closes it; it is left to the loop. */
#ifndef SWARM_SIGNALS_H
#define SWARM_SIGNALS_H

#include "loop.h"

void signal_watch(struct loop *loop, int number, void (*on_signal)(void *owner), void *owner);

#endif
