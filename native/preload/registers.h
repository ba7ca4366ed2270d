/* What other threads have in their registers: the one place of a pointer that no memory shows.
 *
 * A thread that waits in the kernel keeps there what the code below it has not saved. Only ptrace tells it, and ptrace
 * stops the thread for a moment, which some system calls answer with EINTR. So it is done in the look at the end
 * alone, when the program has nothing more to be disturbed in; at any other time nothing is stopped, and so few lost
 * blocks as registers could hold are not certainly lost.
 *
 * The copy of the process is what asks: a tracer cannot be of the process it traces. Its memory is that of the moment
 * before, so registers count only where the thread is still at the place where it was then.
 */
#ifndef OUTLIVE_PRELOAD_REGISTERS_H
#define OUTLIVE_PRELOAD_REGISTERS_H

#include "preload/threads.h"

/* In the program: the process `pid` may ask, where the system wants to be told so. */
void ol_registers_allow(int pid);
/* In the copy. Threads that could not be read have a register_count of 0. */
void ol_registers_read(ol_thread_places *places);
/* Threads, without the one that looks, whose registers nobody knows. */
uint32_t ol_registers_unread(const ol_thread_places *places);

#endif
