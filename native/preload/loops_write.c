/* The file of the loops: lines of words, appended; docs/how-to/libuv.md tells what of it means what.
 *
 * A line is written whole, by the system call itself. Each writing begins with what is loaded just then, for stacks are
 * addresses; a stack is written once. No memory is asked for but our own, no lock taken but ours: a program that ends in a
 * signal handler writes it too. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/loops.h"
#include "preload/record.h"

enum { BUFFER_BYTES = 1 << 14, LINE_MAX_BYTES = 8 << 10, PATH_BYTES = 4096 };

typedef struct text {
  int fd;
  uint32_t used;
  bool failed;
  char bytes[BUFFER_BYTES];
} text;

static text out; /* under the lock */
static uint8_t stacks_written[OL_STACKS_MAX / 8 + 1];
static int stacks_pid;

static void flush(void) {
  for (uint32_t done = 0; done < out.used && !out.failed;) {
    long got = syscall(SYS_write, out.fd, out.bytes + done, out.used - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) out.failed = true;
    else done += (uint32_t)got;
  }
  out.used = 0;
}

static void put_text(const char *word) {
  for (; *word != 0 && out.used < BUFFER_BYTES; word++) out.bytes[out.used++] = *word;
}

static void put_number(const char *name, uint64_t value) {
  char digits[17];
  int count = 0;
  do digits[count++] = "0123456789abcdef"[value & 15];
  while ((value >>= 4) != 0);
  put_text(name);
  while (count > 0 && out.used < BUFFER_BYTES) out.bytes[out.used++] = digits[--count];
}

static void begin_line(const char *word) {
  if (out.used > BUFFER_BYTES - LINE_MAX_BYTES) flush();
  put_text(word);
}

/* A file's name, with what would end the line written in hexadecimal. */
static void put_path(const char *path) {
  static const char hex[] = "0123456789abcdef";
  put_text(" path=");
  for (; *path != 0; path++) {
    if ((unsigned char)*path >= ' ' && *path != '\\') {
      char one[2] = {*path, 0};
      put_text(one);
    } else {
      char one[5] = {'\\', 'x', hex[(unsigned char)*path >> 4], hex[*path & 15], 0};
      put_text(one);
    }
  }
}

static int put_module(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  uintptr_t start = ~(uintptr_t)0, end = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD) continue;
    if (info->dlpi_addr + part->p_vaddr < start) start = info->dlpi_addr + part->p_vaddr;
    if (info->dlpi_addr + part->p_vaddr + part->p_memsz > end) end = info->dlpi_addr + part->p_vaddr + part->p_memsz;
  }
  static char self[PATH_BYTES];
  const char *path = info->dlpi_name;
  if (path == NULL || path[0] == 0) {
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = 0;
    path = self;
  }
  if (end <= start || strlen(path) >= PATH_BYTES / 4) return 0;
  begin_line("module");
  put_number(" start=", start);
  put_number(" end=", end);
  put_number(" bias=", info->dlpi_addr);
  put_path(path);
  put_text("\n");
  return 0;
}

static bool begin(const char *why) {
  char path[OL_FOLDER_MAX + 32], *at = path, digits[12];
  const ol_recorder *r = &ol_recorder_now;
  if (r->folder[0] == 0) return false;
  at = stpcpy(at, r->folder);
  at = stpcpy(at, "/loops-");
  int count = 0;
  uint32_t pid = (uint32_t)r->pid;
  do digits[count++] = (char)('0' + pid % 10);
  while ((pid /= 10) != 0);
  while (count > 0) *at++ = digits[--count];
  memcpy(at, ".txt", 5);
  out.fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (out.fd < 0) return false;
  out.used = 0;
  out.failed = false;
  if (stacks_pid != r->pid) memset(stacks_written, 0, sizeof stacks_written); /* a child of a fork has its own file */
  stacks_pid = r->pid;
  begin_line("outlive-loops format=1");
  put_number(" pid=", (uint32_t)r->pid);
  put_text(" why=");
  put_text(why);
  put_number(" forgotten=", ol_loops_now.forgotten);
  put_number(" refused=", ol_loops_now.refused);
  put_text("\n");
  (void)dl_iterate_phdr(put_module, NULL);
  return true;
}

static void end(void) {
  begin_line("done\n");
  flush();
  (void)syscall(SYS_close, out.fd);
}

static void put_stack(uint32_t number) {
  const ol_native_stacks *stacks = &ol_recorder_now.stacks;
  if (number == 0 || number >= stacks->count || (stacks_written[number / 8] & 1 << number % 8)) return;
  stacks_written[number / 8] |= (uint8_t)(1 << number % 8);
  begin_line("stack");
  put_number(" number=", number);
  put_text(" frames=");
  for (uint32_t i = stacks->ends[number - 1]; i < stacks->ends[number]; i++)
    put_number(i == stacks->ends[number - 1] ? "" : ",", stacks->frames[i]);
  put_text("\n");
}

static void put_call(const char *name, const ol_call *call) {
  if (call->tick == 0) return;
  put_text(" ");
  put_text(name);
  put_number("=", call->tick);
  put_number(",", call->stack);
  put_number(",", call->site);
}

static void put_handle(const ol_handle *handle) {
  static const char *const states[] = {"free", "open", "closing", "closed"};
  put_stack(handle->made.stack);
  put_stack(handle->stopped.stack);
  put_stack(handle->closed.stack);
  begin_line("handle");
  put_number(" serial=", handle->serial);
  put_text(" kind=");
  put_text(handle->kind);
  put_text(" state=");
  put_text(states[handle->state]);
  put_number(" address=", handle->address);
  put_number(" loop=", handle->loop);
  put_number(" data=", handle->data);
  put_number(" active=", handle->active);
  put_number(" callback=", (uintptr_t)handle->callback);
  put_number(" ran=", handle->ran_tick);
  put_number(" busy=", handle->busy_tick);
  put_call("made", &handle->made);
  put_call("stopped", &handle->stopped);
  put_call("closed", &handle->closed);
  put_text("\n");
}

static void put_loop(const ol_loop *loop) {
  put_stack(loop->closing.stack);
  begin_line("loop");
  put_number(" serial=", loop->serial);
  put_number(" turned=", loop->turned_tick);
  put_number(" turns=", loop->turns);
  put_number(" refusals=", loop->refusals);
  put_number(" left=", loop->left);
  put_number(" result=", (uint32_t)-loop->result);
  put_call("closing", &loop->closing);
  put_text("\n");
}

void ol_loops_write_double_close(const ol_handle *handle, const ol_call *again, bool in_callback) {
  if (!ol_loops_lock()) return;
  int program_errno = errno;
  if (begin("double-close")) {
    put_handle(handle);
    put_stack(again->stack);
    begin_line("double-close");
    put_number(" serial=", handle->serial);
    put_number(" own=", in_callback);
    put_call("again", again);
    put_text("\n");
    end();
  }
  errno = program_errno;
  ol_loops_unlock();
}

/* What a process has from before it was forked off is its parent's business. */
static void put_rows(uintptr_t only) {
  const ol_loops *all = &ol_loops_now;
  uint64_t wanted = 0; /* a bit for each loop; where two share one, more is written than is needed */
  _Static_assert(OL_LOOPS_MAX <= 64, "one bit each");
  for (int i = 0; i < OL_LOOPS_MAX; i++) {
    const ol_loop *loop = &all->loops[i];
    if (loop->serial == 0 || loop->pid != ol_recorder_now.pid || (only != 0 && loop->address != only)) continue;
    wanted |= 1ull << loop->serial % 64;
    put_loop(loop);
  }
  for (uint32_t i = 1; i < OL_HANDLES_MAX; i++) {
    const ol_handle *handle = &all->handles[i];
    bool is_wanted = only == 0 || (handle->state != OL_HANDLE_CLOSED && (wanted >> handle->loop % 64 & 1));
    if (handle->state != OL_HANDLE_FREE && handle->pid == ol_recorder_now.pid && is_wanted) put_handle(handle);
  }
}

void ol_loops_write(const char *why, uintptr_t loop) {
  if (!ol_recording() || !ol_is_our_process() || !ol_loops_try_lock()) return;
  int program_errno = errno;
  if (begin(why)) {
    put_rows(loop);
    end();
  }
  errno = program_errno;
  ol_loops_unlock();
}
