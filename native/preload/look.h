/* A look: what is alive, and who can still free it, written to a file while the program goes on. Theory in look.c. */
#ifndef OUTLIVE_PRELOAD_LOOK_H
#define OUTLIVE_PRELOAD_LOOK_H

#include <stdint.h>

enum { OL_LOOK_ASKED = 1, OL_LOOK_END, OL_LOOK_SIGNAL, OL_LOOK_WRITTEN };

/* Say in which step the program is: any number. Kept with each block recorded from now on. */
void outlive_blocks_step(uint64_t step);
/* Begin a look, written to `path` (0600; must not exist). Returns as soon as the copy is made: 0, or an errno. */
int outlive_blocks_look(const char *path, int why);
/* Wait until every look that was begun is written; how many failed. */
int outlive_blocks_wait(void);
/* 0 off, 1 exact, 2 sampled: whether anything is recorded in this process. */
int outlive_blocks_mode(void);

/* Where the program's own part of the stack begins, for a look at its end; 0: not known. */
extern uintptr_t ol_end_stack;

/* The same, to blocks-<pid>-<number>.outlive in the folder of OUTLIVE_BLOCKS. Safe in a signal handler. */
int ol_look_into_folder(int why);
void ol_look_on_signal(int signal_number);

#endif
