#define _GNU_SOURCE
#include "preload/registers.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_WAITS = 200, WAIT_NS = 100000 };

#if defined(__x86_64__)
static uint64_t stack_pointer(const uint64_t *registers) {
  return registers[offsetof(struct user_regs_struct, rsp) / sizeof(uint64_t)];
}
static uint64_t program_counter(const uint64_t *registers) {
  return registers[offsetof(struct user_regs_struct, rip) / sizeof(uint64_t)];
}
#elif defined(__aarch64__)
static uint64_t stack_pointer(const uint64_t *registers) { return registers[31]; }
static uint64_t program_counter(const uint64_t *registers) { return registers[32]; }
#else
static uint64_t stack_pointer(const uint64_t *registers) { return registers[0] ^ registers[0]; }
static uint64_t program_counter(const uint64_t *registers) { return registers[0] ^ registers[0]; }
#endif

void ol_registers_allow(int pid) { (void)prctl(PR_SET_PTRACER, pid, 0, 0, 0); }

static bool is_stopped(int thread) {
  struct timespec little = {.tv_nsec = WAIT_NS};
  for (int i = 0; i < MOST_WAITS; i++) {
    int status = 0;
    long got = syscall(SYS_wait4, thread, &status, __WALL | WNOHANG, NULL);
    if (got == thread) return WIFSTOPPED(status);
    if (got < 0 && errno != EINTR) return false;
    (void)nanosleep(&little, NULL);
  }
  return false;
}

/* A thread that does not stop in time is let go by the end of this process. */
static void read_one(ol_thread_place *place) {
  int thread = (int)place->id;
  if (syscall(SYS_ptrace, PTRACE_SEIZE, thread, NULL, NULL) != 0) return;
  if (syscall(SYS_ptrace, PTRACE_INTERRUPT, thread, NULL, NULL) != 0 || !is_stopped(thread)) return;
  struct iovec into = {.iov_base = place->registers, .iov_len = sizeof place->registers};
  bool told = syscall(SYS_ptrace, PTRACE_GETREGSET, thread, NT_PRSTATUS, &into) == 0;
  (void)syscall(SYS_ptrace, PTRACE_DETACH, thread, NULL, NULL);
  if (told && stack_pointer(place->registers) == place->sp && program_counter(place->registers) == place->pc)
    place->register_count = (uint32_t)(into.iov_len / sizeof place->registers[0]);
}

void ol_registers_read(ol_thread_places *places) {
  for (uint32_t i = 0; i < places->count; i++)
    if (places->rows[i].settled && places->rows[i].id != places->looker) read_one(&places->rows[i]);
}

uint32_t ol_registers_unread(const ol_thread_places *places) {
  uint32_t unread = places->all_count > places->count ? places->all_count - places->count : 0;
  for (uint32_t i = 0; i < places->count; i++)
    unread += places->rows[i].id != places->looker && places->rows[i].register_count == 0;
  return unread;
}
