/* Which thread waits for which lock, without a time limit: the one thing of a thread that no frame tells.
 *
 * Theory of operation. `lock.acquire()` and `with lock: sleep(60)` are the same line of the same frame. But the kernel
 * says of each thread in which system call it is, and with which arguments (/proc/self/task/N/syscall). A lock of
 * Python's is a semaphore of the C library, and who waits for one waits at the semaphore's own address; with a time
 * limit the call has a pointer to it. So a thread at the address of a lock's semaphore waits for that lock and for
 * nothing else. We hold the GIL: a lock that is marked as locked is not being released.
 *
 * Where the kernel does not tell (a container may forbid it), a thread's number is not known, or the C library waits
 * otherwise, there is no row: not known.
 */
#ifndef OUTLIVE_WALK_WAITS_H
#define OUTLIVE_WALK_WAITS_H

#include <sys/types.h>

#include "walk/details.h"

/* Rows of `details->waits` from the walk and the locked locks in `details->locks`. Needs the GIL. False: no memory. */
bool ol_waits_take(const ol_walk *walk, ol_details *details);

/* The semaphore of a lock or a reentrant lock of Python's. */
uintptr_t ol_lock_semaphore(const PyObject *lock);

/* The address at which the thread waits for ever, by what the kernel says of its system call; 0: not known, or none. */
uintptr_t ol_waits_at(const char *said);

#endif
