#define _GNU_SOURCE
#include "preload/guard_report.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TEXT_MAX = 1024 };

static struct {
  ol_spin lock;
  uint32_t count;
  struct {
    uint64_t key;
    uint64_t seen, written;
  } mistakes[OL_BROKEN_MAX];
  char line[OL_BROKEN_LINE];
  uint32_t used;
  char program[TEXT_MAX];
} out;

/* ---- one line, as text ---- */

static void put(char c) {
  if (out.used < OL_BROKEN_LINE - 8) out.line[out.used++] = c;
}

static void put_word(const char *text) {
  for (; *text != 0; text++) put(*text);
}

static void put_hex(uint64_t value) {
  char digits[16];
  int count = 0;
  do digits[count++] = "0123456789abcdef"[value & 15];
  while ((value >>= 4) != 0);
  while (count > 0) put(digits[--count]);
}

static void put_number(uint64_t value) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + value % 10);
  while ((value /= 10) != 0);
  while (count > 0) put(digits[--count]);
}

/* Everything that parts fields is written as %xx. */
static void put_text(const char *text, size_t length) {
  for (size_t i = 0; i < length && i < TEXT_MAX; i++) {
    uint8_t c = (uint8_t)text[i];
    if (c > ' ' && c != '%' && c != '|' && c != ':' && c != '+' && c != 0x7f) put((char)c);
    else put('%'), put("0123456789abcdef"[c >> 4]), put("0123456789abcdef"[c & 15]);
  }
}

/* ---- which file code is in ---- */

static const char *program_path(void) {
  if (out.program[0] == 0) {
    long got = readlink("/proc/self/exe", out.program, sizeof out.program - 1);
    out.program[got > 0 ? got : 0] = 0;
  }
  return out.program;
}

/* Since glibc 2.35 without a lock. */
static const struct link_map *module_of(uintptr_t address) {
#ifdef DLFO_STRUCT_HAS_EH_DBASE
#pragma weak _dl_find_object
  struct dl_find_object found;
  if (_dl_find_object != NULL) return _dl_find_object((void *)address, &found) == 0 ? found.dlfo_link_map : NULL;
#endif
  Dl_info info;
  struct link_map *map = NULL;
  return dladdr1((void *)address, &info, (void **)&map, RTLD_DL_LINKMAP) != 0 ? map : NULL;
}

static void put_frame(uintptr_t address) {
  const struct link_map *map = module_of(address - 1);
  const char *path = map == NULL ? "" : map->l_name[0] != 0 ? map->l_name : program_path();
  put_text(path, strlen(path));
  put('+');
  put_hex(map == NULL ? address : address - map->l_addr);
}

static void put_frames(const ol_broken_call *call) {
  const ol_native_stacks *stacks = &ol_recorder_now.stacks;
  for (uint32_t i = 0; i < call->frame_count; i++) i > 0 ? put(' ') : (void)0, put_frame(call->frames[i]);
  if (call->frame_count > 0 || call->stack == 0 || call->stack >= stacks->count) return;
  uint32_t from = stacks->ends[call->stack - 1], to = stacks->ends[call->stack];
  for (uint32_t i = from; i < to; i++) i > from ? put(' ') : (void)0, put_frame(stacks->frames[i]);
}

static void put_site_text(const ol_sites *sites, uint32_t number) {
  size_t length;
  const char *text = ol_text_at(&sites->texts.texts, number, &length);
  put_text(text, length);
}

static void put_rows(const ol_sites *sites, uint32_t site) {
  const ol_site_row *rows = (const ol_site_row *)sites->rows.base;
  for (int depth = 0; depth < OL_PYTHON_DEPTH && site != 0 && site < sites->row_count; depth++) {
    if (depth > 0) put(' ');
    put_site_text(sites, rows[site].file);
    put(':');
    put_number(rows[site].line);
    put(':');
    put_site_text(sites, rows[site].function);
    if (rows[site].parent >= site) return;
    site = rows[site].parent;
  }
}

static void put_lines(uint32_t site) {
  ol_spin_lock(&ol_recorder_now.lines.lock);
  put_rows(&ol_recorder_now.lines.sites, site);
  ol_spin_unlock(&ol_recorder_now.lines.lock);
}

static void put_call(const ol_broken_call *call) {
  put('\t');
  put_word(call->role);
  put('|');
  put_number(call->thread);
  put('|');
  put_frames(call);
  put('|');
  put_lines(call->site);
}

static void put_broken(const ol_broken *b, uint64_t key) {
  put_word("1\t");
  put_word(b->kind);
  put('\t');
  put_hex(key);
  put('\t');
  put_hex(b->address);
  put('\t');
  put_number(b->size);
  put('\t');
  if ((int64_t)b->offset < 0) put('-'), put_number(0 - b->offset);
  else put_number(b->offset);
  put('\t');
  for (uint32_t i = 0; i < b->byte_count; i++) {
    put("0123456789abcdef"[b->bytes[i] >> 4]);
    put("0123456789abcdef"[b->bytes[i] & 15]);
  }
  put('\t');
  put_word(b->words);
  for (uint32_t i = 0; i < b->call_count; i++) put_call(&b->calls[i]);
}

/* ---- the file ---- */

static int open_file(void) {
  char path[OL_FOLDER_MAX + 48], digits[12];
  size_t length = strlen(ol_recorder_now.folder);
  int count = 0;
  memcpy(path, ol_recorder_now.folder, length);
  memcpy(path + length, "/broken-", 8);
  length += 8;
  for (uint32_t pid = (uint32_t)syscall(SYS_getpid); pid != 0; pid /= 10) digits[count++] = (char)('0' + pid % 10);
  while (count > 0) path[length++] = digits[--count];
  memcpy(path + length, ".txt", 5);
  return (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static bool written(void) {
  put_word("\t.");
  out.line[out.used++] = '\n';
  int fd = open_file();
  if (fd < 0) return false;
  bool whole = syscall(SYS_write, fd, out.line, (size_t)out.used) == (long)out.used;
  (void)syscall(SYS_close, fd);
  return whole;
}

static bool write_count(uint32_t i) {
  out.used = 0;
  put_word("1\tagain\t");
  put_hex(out.mistakes[i].key);
  put('\t');
  put_number(out.mistakes[i].seen);
  if (!written()) return false;
  out.mistakes[i].written = out.mistakes[i].seen;
  return true;
}

/* ---- the same mistake ---- */

static uint64_t key_of(const ol_broken *b) {
  uint64_t key = 0xcbf29ce484222325ull;
  for (const char *c = b->kind; *c != 0; c++) key = (key ^ (uint8_t)*c) * 0x100000001b3ull;
  for (uint32_t i = 0; i < b->call_count; i++) {
    const ol_broken_call *call = &b->calls[i];
    key = (key ^ call->stack ^ (uint64_t)call->site << 32) * 0x9e3779b97f4a7c15ull + (uint8_t)call->role[0];
    for (uint32_t k = 0; k < call->frame_count; k++) key = (key ^ call->frames[k]) * 0x9e3779b97f4a7c15ull;
    key ^= key >> 29;
  }
  return key | 1;
}

static bool told_before(uint64_t key, uint32_t *ret) {
  for (*ret = 0; *ret < out.count; (*ret)++)
    if (out.mistakes[*ret].key == key) return true;
  return false;
}

static bool tell(const ol_broken *broken) {
  uint64_t key = key_of(broken);
  uint32_t i;
  if (told_before(key, &i)) {
    uint64_t seen = ++out.mistakes[i].seen;
    return (seen & (seen - 1)) != 0 || write_count(i); /* at 2, 4, 8, …, and at the end */
  }
  if (out.count == OL_BROKEN_MAX) return false;
  out.used = 0;
  put_broken(broken, key);
  if (!written()) return false;
  out.mistakes[out.count].key = key;
  out.mistakes[out.count].seen = out.mistakes[out.count].written = 1;
  out.count++;
  return true;
}

bool ol_broken_tell(const ol_broken *broken) {
  ol_spin_lock(&out.lock);
  bool told = tell(broken);
  ol_spin_unlock(&out.lock);
  return told;
}

void ol_broken_flush(void) {
  ol_spin_lock(&out.lock);
  for (uint32_t i = 0; i < out.count; i++)
    if (out.mistakes[i].seen != out.mistakes[i].written) (void)write_count(i);
  ol_spin_unlock(&out.lock);
}

/* The child's file is its own, and tells all of its mistakes. */
void ol_broken_after_fork(void) {
  out.count = 0;
  ol_spin_unlock(&out.lock);
}
