/* Faults that say something: on a guard page, or with the fill in a register.
 *
 * We stand before sigaction and signal for SIGSEGV and SIGBUS, so that whatever the program (faulthandler, a runtime)
 * sets comes after us, and hears all that we do not settle. A page of the sampled guard is opened and the program goes on.
 * A pointer that was read from freed memory is no address on x86-64, and the processor tells none: the fill is then found
 * in a register, which is proof that freed memory was read, and the fault takes its course.
 * A handler that was set without libc (Go's runtime) replaces us; then nothing is told.
 */
#ifndef OUTLIVE_PRELOAD_GUARD_FAULT_H
#define OUTLIVE_PRELOAD_GUARD_FAULT_H

void ol_fault_begin(void);

#endif
