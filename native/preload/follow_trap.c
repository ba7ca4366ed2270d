#define _GNU_SOURCE
#include "preload/follow_trap.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)

#include <linux/hw_breakpoint.h>
#include <sys/ioctl.h>

enum { FDS_FROM = 4096, ATTR_BYTES = 128, PERF_BREAKPOINT = 5, FD_CLOEXEC_FLAG = 8 };
enum { IOC_DISABLE = 0x2401, TRIES_MAX = 4 };
/* Bits of perf_event_attr's flags, for headers of kernels older than 5.13, which have no sigtrap, lack their names. */
enum { DISABLED = 0, INHERIT = 1, EXCLUDE_KERNEL = 5, EXCLUDE_HV = 6 };
enum { INHERIT_THREAD = 35, REMOVE_ON_EXEC = 36, SIGTRAP_BIT = 37 };
#define IOC_ID 0x80082407ul

typedef struct breakpoint_attr {
  uint32_t type, bytes;
  uint64_t config, sample_period, sample_type, read_format, flags;
  uint32_t wakeup, bp_type;
  uint64_t bp_addr, bp_len, unused[5], sig_data_place;
} breakpoint_attr;

static int open_one(uintptr_t address, uint32_t type, int thread, bool inherited, uint64_t token) {
  _Alignas(8) unsigned char attr[ATTR_BYTES] = {0};
  breakpoint_attr named = {.type = PERF_BREAKPOINT, .bytes = ATTR_BYTES, .sample_period = 1, .bp_type = type};
  named.flags = 1ull << EXCLUDE_KERNEL | 1ull << EXCLUDE_HV | 1ull << REMOVE_ON_EXEC | 1ull << SIGTRAP_BIT;
  if (inherited) named.flags |= 1ull << INHERIT | 1ull << INHERIT_THREAD;
  named.bp_addr = address;
  named.bp_len = 8;
  memcpy(attr, &named, offsetof(breakpoint_attr, unused));
  memcpy(attr + 120, &token, sizeof token); /* sig_data */
  return (int)syscall(SYS_perf_event_open, attr, thread, -1, -1, FD_CLOEXEC_FLAG);
}

static bool add(ol_trap *trap, uintptr_t address, uint32_t type, int thread, bool inherited, uint64_t token) {
  if (trap->count == OL_TRAP_THREADS_MAX) return false;
  int low = open_one(address, type, thread, inherited, token);
  if (low < 0) return errno == ESRCH; /* the thread has ended */
  int fd = fcntl(low, F_DUPFD_CLOEXEC, FDS_FROM);
  if (fd < 0) fd = low;
  else (void)syscall(SYS_close, low);
  uint64_t id = 0;
  (void)ioctl(fd, IOC_ID, &id);
  trap->fds[trap->count] = fd;
  trap->ids[trap->count++] = id;
  return true;
}

static void close_all(ol_trap *trap, bool disable) {
  for (uint32_t i = 0; i < trap->count; i++) {
    uint64_t id = 0;
    if (ioctl(trap->fds[i], IOC_ID, &id) != 0 || id != trap->ids[i]) continue; /* somebody closed it */
    if (disable)
      (void)ioctl(trap->fds[i], IOC_DISABLE, 0); /* a forked child may keep the descriptor, and so the event */
    (void)syscall(SYS_close, trap->fds[i]);
  }
  trap->count = 0;
}

void ol_trap_off(ol_trap *trap) { close_all(trap, true); }
void ol_trap_forget(ol_trap *trap) { close_all(trap, false); }

bool ol_trap_on_run(ol_trap *trap, uintptr_t instruction, uint64_t token) {
  ol_trap_off(trap);
  return add(trap, instruction, HW_BREAKPOINT_X, 0, false, token);
}

struct directory_row {
  uint64_t inode;
  int64_t offset;
  uint16_t bytes;
  uint8_t type;
  char name[];
};

static uint32_t threads_now(int *ret, uint32_t limit) {
  _Alignas(8) char rows[2048];
  uint32_t count = 0;
  int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return 0;
  for (long got; (got = syscall(SYS_getdents64, fd, rows, sizeof rows)) > 0;)
    for (long at = 0; at < got;) {
      const struct directory_row *row = (const struct directory_row *)(rows + at);
      at += row->bytes;
      int thread = 0;
      for (const char *digit = row->name; *digit >= '0' && *digit <= '9'; digit++) thread = thread * 10 + *digit - '0';
      if (thread != 0 && count < limit) ret[count++] = thread;
    }
  (void)syscall(SYS_close, fd);
  return count;
}

static bool same(const int *one, const int *other, uint32_t count) {
  return memcmp(one, other, count * sizeof *one) == 0;
}

/* A thread that was made by another before that one had the trap has none: it shows in a second list. */
bool ol_trap_on_write(ol_trap *trap, uintptr_t word, uint64_t token) {
  int threads[OL_TRAP_THREADS_MAX + 1], again[OL_TRAP_THREADS_MAX + 1];
  for (int tries = 0; tries < TRIES_MAX; tries++) {
    ol_trap_off(trap);
    uint32_t count = threads_now(threads, OL_TRAP_THREADS_MAX + 1);
    bool set = count > 0 && count <= OL_TRAP_THREADS_MAX;
    for (uint32_t i = 0; i < count && set; i++) set = add(trap, word, HW_BREAKPOINT_W, threads[i], true, token);
    if (set && threads_now(again, OL_TRAP_THREADS_MAX + 1) == count && same(threads, again, count)) return true;
  }
  ol_trap_off(trap);
  return false;
}

bool ol_trap_is_possible(void) {
  static uint64_t word;
  ol_trap trap = {0};
  bool possible = ol_trap_on_write(&trap, (uintptr_t)&word, 0);
  ol_trap_off(&trap);
  return possible;
}

#else

bool ol_trap_is_possible(void) { return false; }
bool ol_trap_on_write(ol_trap *trap, uintptr_t word, uint64_t token) {
  (void)trap, (void)word, (void)token;
  return false;
}
bool ol_trap_on_run(ol_trap *trap, uintptr_t instruction, uint64_t token) {
  (void)trap, (void)instruction, (void)token;
  return false;
}
void ol_trap_off(ol_trap *trap) { trap->count = 0; }
void ol_trap_forget(ol_trap *trap) { trap->count = 0; }

#endif
