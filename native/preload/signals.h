/* sigaction and signal, before the C library's: handlers that the program sets for signals which are ours are kept for it.
 *
 * Three signals may be ours: SIGSEGV and SIGBUS while memory is guarded (guard_fault.h), SIGTRAP while blocks are followed
 * (follow_signal.h). For each its owner keeps the program's wish, tells it when asked, and calls it for what is not ours.
 */
#ifndef OUTLIVE_PRELOAD_SIGNALS_H
#define OUTLIVE_PRELOAD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* The C library's own. */
int ol_real_sigaction(int number, const struct sigaction *action, struct sigaction *old);

/* True: the signal is this owner's, who has done what was asked. */
bool ol_fault_keeps(int number, const struct sigaction *action, struct sigaction *old);
bool ol_trap_keeps(int number, const struct sigaction *action, struct sigaction *old);

/* In a copy of the process, which handles its signals by itself: nothing is kept for the program any more. */
void ol_signals_let_go(void);
void ol_fault_let_go(void);
void ol_trap_let_go(void);

#endif
