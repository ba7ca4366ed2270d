/* What else the recorder must hear of: anonymous mappings, libraries that go, and the end of the process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "preload/guard.h"
#include "preload/follow.h"
#include "preload/interpose.h"
#include "preload/look.h"
#include "preload/loops.h"
#include "preload/record.h"
#include "preload/unwind.h"

/* ---- mappings: the system call itself, for there is nothing in between ---- */

static void *mapped(void *start, size_t bytes, int protection, int flags, int fd, off_t offset, const void *frame) {
  long got = syscall(SYS_mmap, start, bytes, protection, flags, fd, offset);
  if (got == -1) return MAP_FAILED;
  if ((flags & MAP_ANONYMOUS) && (flags & MAP_PRIVATE) && ol_recording()) ol_note_mapping((void *)got, bytes, frame);
  return (void *)got;
}

OL_EXPORT void *mmap(void *start, size_t bytes, int protection, int flags, int fd, off_t offset) {
  return mapped(start, bytes, protection, flags, fd, offset, __builtin_frame_address(0));
}
OL_EXPORT void *mmap64(void *start, size_t bytes, int protection, int flags, int fd, off_t offset) {
  return mapped(start, bytes, protection, flags, fd, offset, __builtin_frame_address(0));
}

OL_EXPORT int munmap(void *start, size_t bytes) {
  if (ol_recording()) ol_forget_mapping(start, bytes);
  if (atomic_load_explicit(&ol_following, memory_order_relaxed)) ol_follow_unmapped((uintptr_t)start, bytes);
  return (int)syscall(SYS_munmap, start, bytes);
}

/* Who made a mapping stays its maker when it is moved or grows. */
OL_EXPORT void *mremap(void *start, size_t bytes, size_t new_bytes, int flags, ...) {
  va_list more;
  va_start(more, flags);
  void *wanted = flags & MREMAP_FIXED ? va_arg(more, void *) : NULL;
  va_end(more);
  ol_block mapping;
  bool known = ol_recording() && bytes != 0 && ol_take_mapping(start, &mapping);
  long got = syscall(SYS_mremap, start, bytes, new_bytes, flags, wanted);
  if (known) {
    bool whole = mapping.size <= ((bytes + 4095) & ~(size_t)4095);
    if (got == -1 || (flags & MREMAP_DONTUNMAP) || !whole) ol_put_mapping(&mapping);
    mapping.address = (uintptr_t)got;
    mapping.size = new_bytes;
    if (got != -1) ol_put_mapping(&mapping);
  }
  return got == -1 ? MAP_FAILED : (void *)got;
}

/* ---- libraries ---- */

OL_EXPORT int dlclose(void *library) {
  static int (*real)(void *);
  if (real == NULL) real = (int (*)(void *))ol_next_function("dlclose");
  if (atomic_load_explicit(&ol_following, memory_order_relaxed)) ol_follow_unmapped(0, 0);
  int failed = real(library);
  ol_unwind_forget();
  ol_loops_forget_libraries();
  return failed;
}

/* ---- steps by a written word: for programs that call no function of ours ---- */

static int words_fd = -1;

static bool understood(const char *text, size_t length) {
  if (length >= 4 && memcmp(text, "look", 4) == 0) return ol_look_into_folder(OL_LOOK_WRITTEN) == 0;
  if (length >= 5 && memcmp(text, "check", 5) == 0) {
    ol_guard_check();
    return true;
  }
  if (length < 6 || memcmp(text, "step ", 5) != 0) return false;
  uint64_t step = 0;
  for (size_t i = 5; i < length && text[i] >= '0' && text[i] <= '9'; i++) step = step * 10 + (uint64_t)(text[i] - '0');
  outlive_blocks_step(step);
  return true;
}

OL_EXPORT ssize_t write(int fd, const void *bytes, size_t count) {
  static ssize_t (*real)(int, const void *, size_t);
  if (fd >= 0 && fd == words_fd && understood(bytes, count)) return (ssize_t)count;
  if (real == NULL) real = (ssize_t (*)(int, const void *, size_t))ol_next_function("write");
  return real(fd, bytes, count);
}

/* ---- the end ---- */

static _Atomic int ended_pid;

void ol_at_end(void) {
  if (!ol_recording() || !ol_is_our_process()) return;
  int program_errno = errno, pid = ol_recorder_now.pid;
  ol_guard_check();
  if (atomic_exchange(&ended_pid, pid) != pid) {
    ol_loops_at_end();
    if (ol_look_into_folder(OL_LOOK_END) == 0) (void)outlive_blocks_wait();
  }
  errno = program_errno;
}

/* What lies below the function that the program called is ours, and what functions that have returned left there: a word of
 * theirs would hold the very block that they lost. What the program has in registers is pushed right below its frame. */
#if defined(__x86_64__)
enum { REGISTERS_BYTES = 40 };
#else
enum { REGISTERS_BYTES = 256 };
#endif
#define END_OF_THE_PROGRAM()                                                \
  do {                                                                      \
    __builtin_unwind_init();                                                \
    ol_end_stack = (uintptr_t)__builtin_frame_address(0) - REGISTERS_BYTES; \
    ol_at_end();                                                            \
  } while (0)

OL_EXPORT void exit(int status) {
  static void (*real)(int);
  END_OF_THE_PROGRAM();
  real = (void (*)(int))ol_next_function("exit");
  real(status);
  __builtin_unreachable();
}

OL_EXPORT void quick_exit(int status) {
  END_OF_THE_PROGRAM();
  ((void (*)(int))ol_next_function("quick_exit"))(status);
  __builtin_unreachable();
}

OL_EXPORT void _exit(int status) {
  END_OF_THE_PROGRAM();
  for (;;) (void)syscall(SYS_exit_group, status);
}
OL_EXPORT void _Exit(int status) { _exit(status); }

static int (*program_main)(int, char **, char **);

static int main_and_look(int argc, char **argv, char **envp) {
  int status = program_main(argc, argv, envp);
  END_OF_THE_PROGRAM();
  return status;
}

typedef int start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void),
                       void *);

/* A program that returns from main calls exit inside of the C library, which we do not stand before. */
OL_EXPORT int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void),
                                void (*fini)(void), void (*rtld_fini)(void), void *stack_end) {
  start_main *real = (start_main *)ol_next_function("__libc_start_main");
  program_main = program;
  return real(main_and_look, argc, argv, init, fini, rtld_fini, stack_end);
}

static int number_in(const char *name) {
  const char *text = getenv(name);
  return text == NULL ? -1 : atoi(text);
}

__attribute__((constructor)) static void begin(void) {
  free(malloc(1)); /* the first call decides whether anything is recorded */
  if (!ol_recording()) return;
  ol_unwind_edge edge = {.more = OL_FRAMES_IN_INTERPRETER};
  if (ol_python_code_address() != 0 && ol_unwind_module(ol_python_code_address(), &edge.start, &edge.end))
    ol_recorder_now.interpreter = edge;
  ol_python_lines_init(&ol_recorder_now.lines);
  words_fd = number_in("OUTLIVE_BLOCKS_FD");
  int signal_number = number_in("OUTLIVE_BLOCKS_SIGNAL");
  if (signal_number > 0) ol_look_on_signal(signal_number);
  ol_follow_begin();
}
