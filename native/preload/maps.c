#define _GNU_SOURCE
#include "preload/maps.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "preload/own.h"

enum { TEXT_MAX = 64 << 20, ROWS_MAX = 1 << 20 };

static char *read_all(const char *path, uint64_t *ret_bytes) {
  char *text = ol_own_map(TEXT_MAX); /* a page costs nothing before it is written */
  int fd = text == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  uint64_t used = 0;
  for (ssize_t got; used < TEXT_MAX - 1 && (got = read(fd, text + used, TEXT_MAX - 1 - used)) > 0;)
    used += (uint64_t)got;
  close(fd);
  *ret_bytes = used;
  return text;
}

static uintptr_t hex_of(const char **text) {
  uintptr_t value = 0;
  for (;; (*text)++) {
    char c = **text;
    if (c >= '0' && c <= '9') value = value << 4 | (uintptr_t)(c - '0');
    else if (c >= 'a' && c <= 'f') value = value << 4 | (uintptr_t)(c - 'a' + 10);
    else return value;
  }
}

/* start-end rwxp offset device inode    name */
static ol_mapping read_line(const char *line) {
  ol_mapping row = {.module = OL_NO_MODULE};
  row.start = hex_of(&line);
  line++;
  row.end = hex_of(&line);
  row.readable = line[1] == 'r';
  row.writable = line[2] == 'w';
  row.shared = line[4] == 's';
  for (int fields = 0; fields < 4 && *line != 0; fields++) {
    while (*line == ' ') line++;
    while (*line != 0 && *line != ' ') line++;
  }
  while (*line == ' ') line++;
  row.name = line;
  return row;
}

/* ---- modules ---- */

static void read_note(const Elf64_Phdr *part, ol_module *module) {
  const char *at = (const char *)(module->bias + part->p_vaddr), *end = at + part->p_memsz;
  while (end - at >= (long)sizeof(Elf64_Nhdr)) {
    const Elf64_Nhdr *note = (const Elf64_Nhdr *)at;
    const char *name = at + sizeof *note, *bytes = name + ((note->n_namesz + 3u) & ~3u);
    uint64_t whole = sizeof *note + ((note->n_namesz + 3ull) & ~3ull) + ((note->n_descsz + 3ull) & ~3ull);
    if (whole > (uint64_t)(end - at)) return;
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
        note->n_descsz <= OL_BUILD_ID_MAX) {
      memcpy(module->build_id, bytes, note->n_descsz);
      module->build_id_bytes = note->n_descsz;
    }
    at += whole;
  }
}

static void read_part(const Elf64_Phdr *part, const ol_mapping *row, ol_module *module) {
  uintptr_t start = module->bias + part->p_vaddr, end = start + part->p_memsz;
  if (part->p_type == PT_LOAD && end > module->end) module->end = (end + 4095) & ~(uintptr_t)4095;
  if (part->p_type == PT_TLS) module->thread_bytes = part->p_memsz + part->p_align;
  if (part->p_type == PT_GNU_RELRO) {
    module->relro_start = start;
    module->relro_end = end;
  }
  if (part->p_type == PT_NOTE && start >= row->start && end <= row->end) read_note(part, module);
}

static bool read_module(const ol_mapping *row, ol_module *ret) {
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)row->start;
  if (!row->readable || row->name[0] != '/' || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return false;
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phentsize != sizeof(Elf64_Phdr)) return false;
  if (header->e_phoff + (uint64_t)header->e_phnum * sizeof(Elf64_Phdr) > row->end - row->start) return false;
  const Elf64_Phdr *parts = (const Elf64_Phdr *)(row->start + header->e_phoff);
  *ret = (ol_module){.start = row->start, .end = row->end, .bias = row->start, .path = row->name};
  for (int i = 0; i < header->e_phnum; i++)
    if (parts[i].p_type == PT_LOAD && parts[i].p_offset == 0) ret->bias = row->start - parts[i].p_vaddr;
  for (int i = 0; i < header->e_phnum; i++) read_part(&parts[i], row, ret);
  return true;
}

/* A file may be mapped for reading without being loaded (as ctypes and packagers do): a loaded one has its next
 * segments where its header says. */
static void find_modules(ol_maps *maps) {
  for (uint32_t i = 0; i < maps->count && maps->module_count < OL_MODULES_MAX; i++) {
    ol_module *module = &maps->modules[maps->module_count];
    bool covered = maps->module_count > 0 && maps->rows[i].start < module[-1].end;
    if (!covered && read_module(&maps->rows[i], module)) maps->module_count++;
  }
  uint32_t at = 0;
  for (uint32_t i = 0; i < maps->count; i++) {
    while (at < maps->module_count && maps->modules[at].end <= maps->rows[i].start) at++;
    if (at < maps->module_count && maps->rows[i].start >= maps->modules[at].start) maps->rows[i].module = at;
  }
}

bool ol_maps_read(ol_maps *ret) {
  uint64_t bytes;
  char *text = read_all("/proc/self/maps", &bytes);
  if (text == NULL) return false;
  uint32_t lines = 0;
  for (uint64_t i = 0; i < bytes; i++) lines += text[i] == '\n';
  *ret = (ol_maps){.rows = ol_own_map((lines + 1ull) * sizeof(ol_mapping)),
                   .modules = ol_own_map((OL_MODULES_MAX + 1ull) * sizeof(ol_module))};
  if (ret->rows == NULL || ret->modules == NULL || lines > ROWS_MAX) return false;
  for (char *line = text, *end = text + bytes; line < end; line++) {
    char *line_end = memchr(line, '\n', (size_t)(end - line));
    if (line_end == NULL) break;
    *line_end = 0;
    ret->rows[ret->count++] = read_line(line);
    line = line_end;
  }
  find_modules(ret);
  return true;
}

const ol_mapping *ol_maps_at(const ol_maps *maps, uintptr_t address) {
  uint32_t low = 0, high = maps->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (maps->rows[middle].end <= address) low = middle + 1;
    else high = middle;
  }
  return low < maps->count && maps->rows[low].start <= address ? &maps->rows[low] : NULL;
}

uint32_t ol_maps_module_at(const ol_maps *maps, uintptr_t address) {
  const ol_mapping *row = ol_maps_at(maps, address);
  return row == NULL ? OL_NO_MODULE : row->module;
}
