#include "walk/waits.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS_MAX = 4096, SAID_MAX = 256, THREAD_STRUCT_SEARCHED = 2048 };

typedef struct lock_head {
  PyObject_HEAD void *semaphore; /* _thread.lock and RLock both begin with a PyThread_type_lock */
} lock_head;

uintptr_t ol_lock_semaphore(const PyObject *lock) { return (uintptr_t)((const lock_head *)lock)->semaphore; }

/* ---- which thread it is to the kernel -------------------------------------------------------------------------------- */

#if PY_VERSION_HEX >= 0x030b0000
static pid_t number_of_thread(const PyThreadState *thread) { return (pid_t)thread->native_thread_id; }
#else
/* 3.10 keeps only the C library's handle, which is the address of a structure that has the kernel's number in it; where,
 * our own thread shows. */
static pid_t number_of_thread(const PyThreadState *thread) {
  static ptrdiff_t place = -1;
  if (place < 0) {
    pid_t own = (pid_t)syscall(SYS_gettid);
    const char *here = (const char *)pthread_self();
    for (ptrdiff_t at = 256; at < THREAD_STRUCT_SEARCHED && place < 0; at += (ptrdiff_t)sizeof own)
      if (memcmp(here + at, &own, sizeof own) == 0) place = at;
    if (place < 0) place = 0;
  }
  pid_t number = 0;
  if (place > 0) memcpy(&number, (const char *)thread->thread_id + place, sizeof number);
  return number;
}
#endif

/* ---- what the kernel says of it -------------------------------------------------------------------------------------- */

uintptr_t ol_waits_at(const char *said) {
  enum { NUMBER, ADDRESS, OPERATION, VALUE, TIMEOUT, ARGUMENTS };
  unsigned long long words[ARGUMENTS];
  char *rest = (char *)said;
  for (int i = 0; i < ARGUMENTS; i++) {
    const char *before = rest;
    words[i] = strtoull(before, &rest, i == NUMBER ? 10 : 16);
    if (rest == before) return 0; /* "running" */
  }
  unsigned long long operation = words[OPERATION] & FUTEX_CMD_MASK;
  bool is_waiting = words[NUMBER] == SYS_futex && (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET);
  return is_waiting && words[TIMEOUT] == 0 ? (uintptr_t)words[ADDRESS] : 0;
}

static uintptr_t waits_at(pid_t number) {
  char path[64], said[SAID_MAX];
  (void)snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)number);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t count = read(fd, said, sizeof said - 1);
  (void)close(fd);
  if (count <= 0) return 0;
  said[count] = '\0';
  return ol_waits_at(said);
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

static uint32_t lock_at(const ol_details *details, uintptr_t semaphore) {
  const uint32_t *row = OL_COLUMN(const uint32_t, details->locks.values);
  for (uint32_t i = 0; i < details->locks.count; i++, row += 3)
    if (((uintptr_t)row[2] << 32 | row[1]) == semaphore) return row[0];
  return 0;
}

bool ol_waits_take(const ol_walk *walk, ol_details *details) {
  if (details->locks.count == 0) return true;
  uint32_t node = 2; /* the interpreter is the first, its threads follow */
  for (PyThreadState *thread = ol_first_thread(walk->interp); thread != NULL && node < THREADS_MAX;
       thread = thread->next, node++) {
    pid_t number = thread == PyThreadState_Get() ? 0 : number_of_thread(thread);
    uintptr_t semaphore = number > 0 ? waits_at(number) : 0;
    uint32_t row[] = {node, semaphore != 0 ? lock_at(details, semaphore) : 0};
    if (row[1] != 0 && !ol_details_add(&details->waits, 2, row)) return false;
  }
  return true;
}
