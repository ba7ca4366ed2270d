/* Theory of operation of a look.
 *
 * The program must go on, and what is scanned must stand still. So the process is copied, by clone without a flag:
 * no signal when the copy ends (the program's SIGCHLD handler hears nothing, its wait for any child does not see it), no
 * handler of pthread_atfork (they may take locks, allocate, or print). The pause of the program is the copying of its page
 * tables. The copy closes every file first: a reader of the program's pipe must not wait for us.
 *
 * Before the copy is made all locks of the recorder are taken, so that its tables in the copy are whole, and all
 * signals are held back, so that no handler runs in the copy. The C library's own locks are as they were; the copy calls
 * nothing that takes one.
 *
 * What the copy cannot know is in the registers of the other threads, but at the end (registers.h): a thread that waits in a
 * system call may have the only pointer to a block in a register that no code below it has saved. That is at most six words a thread; whoever reads the
 * file must not accuse where so few blocks of one place are lost and other threads live (capture/blocks.py does not), and
 * two looks that agree are what an accusation takes in any case: a block that is being handed over in the moment of one look
 * has arrived in the next.
 */
#define _GNU_SOURCE
#include "preload/look.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/interpose.h"
#include "preload/registers.h"
#include "preload/report.h"
#include "preload/signals.h"
#include "preload/step_looks.h"

enum { PATH_MAX_BYTES = 4096, LOOKS_MAX = 32, WAIT_FOR_PARENT_MS = 2000 };

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef __WCLONE
#define __WCLONE 0x80000000
#endif

uintptr_t ol_end_stack;

static ol_spin one_look;
static char path_now[PATH_MAX_BYTES];
static _Atomic int begun[LOOKS_MAX]; /* pids; 0: none */
static _Atomic int failed_count;
static _Atomic uint32_t look_number;

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool is_another(ol_spin *lock) {
  uint32_t open = 0;
  return !atomic_compare_exchange_strong(&lock->held, &open, 1);
}

/* ---- in the copy ---- */

static void wait_for_second_reading(ol_thread_places *threads) {
  struct timespec little = {.tv_nsec = 200000};
  for (int i = 0; i < WAIT_FOR_PARENT_MS * 5 && !atomic_load(&threads->ready); i++) (void)nanosleep(&little, NULL);
}

static int write_look(ol_thread_places *threads, int why, uintptr_t here) {
  static ol_survey survey;
  ol_signals_let_go();
  (void)syscall(SYS_close_range, 0u, ~0u, 0u);
  int fd = open(path_now, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  wait_for_second_reading(threads);
  if (why == OL_LOOK_END) ol_registers_read(threads);
  uint64_t began = now_us();
  if (!ol_survey_make(&survey, &ol_recorder_now, threads, here)) return ENOMEM;
  survey.scan.present_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (!ol_scan_run(&survey.scan)) return ENOMEM;
  return ol_report_write(fd, &survey, &ol_recorder_now, threads, why, now_us() - began);
}

/* ---- in the program ---- */

static void reap(int options) {
  for (int i = 0; i < LOOKS_MAX; i++) {
    int pid = atomic_load(&begun[i]), status = 0;
    if (pid == 0) continue;
    long got;
    do got = syscall(SYS_wait4, pid, &status, options | (int)__WCLONE, NULL);
    while (got == -1 && errno == EINTR);
    if (got == 0) continue;
    if (!atomic_compare_exchange_strong(&begun[i], &pid, 0)) continue;
    if (got == pid && status != 0) atomic_fetch_add(&failed_count, 1);
  }
}

static int remember(int pid) {
  for (int i = 0; i < LOOKS_MAX; i++) {
    int empty = 0;
    if (atomic_compare_exchange_strong(&begun[i], &empty, pid)) return 0;
  }
  return 0; /* it is never waited for: a line in the process table until the program ends */
}

/* Not inlined, and with every register that a caller may have kept a pointer in saved in its frame. */
static __attribute__((noinline)) long copy_process(ol_thread_places *threads, int why) {
  __builtin_unwind_init();
  bool is_known = why == OL_LOOK_END && ol_end_stack != 0;
  uintptr_t here = is_known ? ol_end_stack + OL_RED_ZONE : (uintptr_t)__builtin_frame_address(0) - 256;
  long pid = syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
  if (pid != 0) return pid;
  int failed = write_look(threads, why, here);
  if (failed != 0) (void)unlink(path_now);
  for (;;) (void)syscall(SYS_exit_group, failed != 0);
}

static int look_held_still(ol_thread_places *threads, int why) {
  uint64_t began = now_us();
  if (!ol_hold_still()) return EBUSY;
  long pid = copy_process(threads, why);
  int failed = pid < 0 ? errno : 0;
  ol_go_on();
  threads->pause_us = now_us() - began;
  if (pid > 0 && why == OL_LOOK_END) ol_registers_allow((int)pid);
  ol_threads_read_again(threads);
  atomic_store(&threads->ready, 1);
  return failed != 0 ? failed : remember((int)pid);
}

static int look(const char *path, int why) {
  size_t length = strnlen(path, sizeof path_now);
  if (length == sizeof path_now || length == 0) return ENAMETOOLONG;
  if (!ol_recording() || !ol_is_our_process()) return ENOTSUP;
  if (is_another(&one_look)) return EBUSY;
  reap(WNOHANG);
  memcpy(path_now, path, length + 1);
  sigset_t all, kept;
  sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &kept);
  ol_thread_places *threads = ol_own_map_shared(sizeof *threads);
  int failed = ENOMEM;
  if (threads != NULL) {
    threads->looker = (uint32_t)syscall(SYS_gettid);
    ol_threads_read(threads);
    failed = look_held_still(threads, why);
    ol_own_unmap(threads, sizeof *threads);
  }
  (void)pthread_sigmask(SIG_SETMASK, &kept, NULL);
  ol_spin_unlock(&one_look);
  return failed;
}

/* Our own frames lie where functions of the program have just returned from: what those left there, and we do not write
 * over, would hold the very block that they lost. */
static __attribute__((noinline)) void wipe_below(void) {
  char dead[1536];
  memset(dead, 0, sizeof dead);
  __asm__ volatile("" : : "r"(dead) : "memory");
}

OL_EXPORT void outlive_blocks_step(uint64_t step) {
  atomic_store(&ol_recorder_now.step, (uint32_t)step);
  ol_look_at_step(step);
}
OL_EXPORT int outlive_blocks_mode(void) { return ol_recording() ? (int)ol_recorder_now.mode - OL_RECORD_OFF : 0; }
OL_EXPORT int outlive_blocks_look(const char *path, int why) {
  int program_errno = errno;
  wipe_below();
  int failed = look(path, why);
  errno = program_errno;
  return failed;
}
OL_EXPORT int outlive_blocks_wait(void) {
  int program_errno = errno;
  reap(0);
  errno = program_errno;
  return atomic_exchange(&failed_count, 0);
}

static char *put_text(char *at, const char *text) {
  size_t length = strlen(text);
  memcpy(at, text, length);
  return at + length;
}

static char *put_number(char *at, uint32_t number) {
  char digits[12];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (count > 0) *at++ = digits[--count];
  return at;
}

int ol_look_into_folder(int why) {
  char path[OL_FOLDER_MAX + 64] = {0}, *at = path;
  if (ol_recorder_now.folder[0] == 0) return ENOENT;
  at = put_text(at, ol_recorder_now.folder);
  at = put_text(at, "/blocks-");
  at = put_number(at, (uint32_t)ol_recorder_now.pid);
  at = put_text(at, "-");
  at = put_number(at, atomic_fetch_add(&look_number, 1));
  *put_text(at, ".outlive") = 0;
  return outlive_blocks_look(path, why);
}

static void on_signal(int signal_number) {
  (void)signal_number;
  int program_errno = errno;
  if (ol_look_into_folder(OL_LOOK_SIGNAL) == EBUSY) ol_look_later(OL_LOOK_SIGNAL);
  errno = program_errno;
}

void ol_look_on_signal(int signal_number) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
  sigfillset(&action.sa_mask);
  (void)sigaction(signal_number, &action, NULL);
}
