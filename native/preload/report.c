#define _GNU_SOURCE
#include "preload/report.h"
#include "preload/registers.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "graph/container.h"
#include "preload/follow.h"

enum { FORMAT = 1 };

/* One column made from rows: a strided copy, for the rows in memory are structs. */
static void add_strided(ol_container_writer *out, const char *name, const char *dtype, const void *first,
                        uint64_t stride, uint64_t count) {
  uint64_t bytes = (uint64_t)(dtype[1] - '0');
  char *column = ol_own_map(count * bytes + 1);
  if (column == NULL) {
    out->error = ENOMEM;
    return;
  }
  for (uint64_t i = 0; i < count; i++) memcpy(column + i * bytes, (const char *)first + i * stride, bytes);
  ol_container_add(out, name, dtype, column, count);
  ol_own_unmap(column, count * bytes + 1);
}

static void add_block_columns(ol_container_writer *out, const ol_block *rows, uint64_t count, bool mappings) {
  static const struct {
    const char *name, *mapping_name, *dtype;
    size_t offset;
  } columns[] = {{"address", "mapping_address", "u8", offsetof(ol_block, address)},
                 {"size", "mapping_size", "u8", offsetof(ol_block, size)},
                 {"tick", "mapping_tick", "u8", offsetof(ol_block, tick)},
                 {"step", "mapping_step", "u4", offsetof(ol_block, step)},
                 {"thread", "mapping_thread", "u4", offsetof(ol_block, thread)},
                 {"stack", "mapping_stack", "u4", offsetof(ol_block, stack)},
                 {"site", "mapping_site", "u4", offsetof(ol_block, site)},
                 {"kind", NULL, "u1", offsetof(ol_block, kind)}};
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    const char *name = mappings ? columns[i].mapping_name : columns[i].name;
    if (name != NULL)
      add_strided(out, name, columns[i].dtype, (const char *)rows + columns[i].offset, sizeof *rows, count);
  }
}

static void add_verdicts(ol_container_writer *out, const ol_scan *scan) {
  uint64_t count = scan->block_count;
  ol_container_add(out, "class", "u1", scan->classes, count);
  ol_container_add(out, "holder_kind", "u1", scan->holder_kind, count);
  ol_container_add(out, "holder", "u8", scan->holder, count);
  uint64_t *root = ol_own_map((count + 1) * sizeof *root);
  if (root == NULL) {
    out->error = ENOMEM;
    return;
  }
  for (uint32_t i = 0; i < count; i++)
    root[i] = scan->classes[i] == OL_CLASS_LOST_UNDER ? ol_scan_address(scan, scan->root[i]) : 0;
  ol_container_add(out, "root", "u8", root, count);
}

/* Places of Python's pools that are alive and that nobody holds: address, bytes, class, root. */
static void add_python_places(ol_container_writer *out, const ol_scan *scan) {
  uint64_t count = 0, room = 0;
  for (uint32_t node = scan->block_count; node < scan->node_count; node++) room += scan->classes[node] < OL_CLASS_HELD;
  uint64_t *rows = ol_own_map((room + 1) * 4 * sizeof *rows);
  if (rows == NULL) {
    out->error = ENOMEM;
    return;
  }
  for (uint32_t node = scan->block_count; node < scan->node_count; node++) {
    if (scan->classes[node] >= OL_CLASS_HELD) continue;
    uint64_t *row = rows + 4 * count++;
    row[0] = ol_scan_address(scan, node);
    row[1] = ol_scan_size(scan, node);
    row[2] = scan->classes[node];
    row[3] = scan->classes[node] == OL_CLASS_LOST_UNDER ? ol_scan_address(scan, scan->root[node]) : 0;
  }
  ol_container_add(out, "python_rows", "u8", rows, count * 4);
}

static void add_stacks(ol_container_writer *out, const ol_native_stacks *stacks) {
  uint32_t none = 0;
  if (stacks->slots == NULL) {
    ol_container_add(out, "stack_ends", "u4", &none, 1);
    ol_container_add(out, "stack_frames", "u8", &none, 0);
    return;
  }
  ol_container_add(out, "stack_ends", "u4", stacks->ends, stacks->count);
  ol_container_add(out, "stack_frames", "u8", stacks->frames, stacks->ends[stacks->count - 1]);
}

static void add_sites(ol_container_writer *out, const ol_sites *sites) {
  static const ol_site_row unknown;
  const void *rows = sites->row_count > 0 ? (const void *)sites->rows.base : &unknown;
  uint64_t count = sites->row_count > 0 ? sites->row_count : 1;
  ol_container_add(out, "site_rows", "u4", rows, count * 4);
  ol_container_add(out, "site_text_bytes", "u1", sites->texts.texts.bytes.base, sites->texts.texts.byte_count);
  ol_container_add(out, "site_text_ends", "u8", sites->texts.texts.ends.base, sites->texts.texts.count);
}

enum { MODULE_FIELDS = 5, MODULE_TEXT_MAX = 4096 };

/* start, end, bias, end of its path in the texts, end of its build id in the bytes */
static void add_modules(ol_container_writer *out, const ol_maps *maps) {
  uint64_t *rows = ol_own_map((maps->module_count + 1ull) * MODULE_FIELDS * sizeof *rows);
  char *texts = ol_own_map((maps->module_count + 1ull) * MODULE_TEXT_MAX);
  uint8_t *ids = ol_own_map((maps->module_count + 1ull) * OL_BUILD_ID_MAX);
  if (rows == NULL || texts == NULL || ids == NULL) {
    out->error = ENOMEM;
    return;
  }
  uint64_t text_bytes = 0, id_bytes = 0;
  for (uint32_t i = 0; i < maps->module_count; i++) {
    const ol_module *module = &maps->modules[i];
    size_t length = strnlen(module->path, MODULE_TEXT_MAX);
    memcpy(texts + text_bytes, module->path, length);
    memcpy(ids + id_bytes, module->build_id, module->build_id_bytes);
    text_bytes += length;
    id_bytes += module->build_id_bytes;
    uint64_t row[MODULE_FIELDS] = {module->start, module->end, module->bias, text_bytes, id_bytes};
    memcpy(rows + i * MODULE_FIELDS, row, sizeof row);
  }
  ol_container_add(out, "module_rows", "u8", rows, (uint64_t)maps->module_count * MODULE_FIELDS);
  ol_container_add(out, "module_text", "u1", texts, text_bytes);
  ol_container_add(out, "module_ids", "u1", ids, id_bytes);
}

static void add_threads(ol_container_writer *out, const ol_thread_places *threads) {
  static uint64_t rows[OL_THREADS_MAX * 3];
  for (uint32_t i = 0; i < threads->count; i++) {
    rows[i * 3] = threads->rows[i].id;
    rows[i * 3 + 1] = threads->rows[i].sp;
    rows[i * 3 + 2] = threads->rows[i].settled || threads->rows[i].id == threads->looker;
  }
  ol_container_add(out, "thread_rows", "u8", rows, threads->count * 3ull);
}

static void add_facts(ol_container_writer *out, const ol_survey *s, const ol_recorder *r,
                      const ol_thread_places *threads, int why, uint64_t scan_us) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  uint64_t facts[] = {FORMAT,
                      (uint64_t)r->pid,
                      (uint64_t)now.tv_sec,
                      (uint64_t)why,
                      (uint64_t)r->mode,
                      r->mode == OL_RECORD_SAMPLED ? r->sample_bytes : 0,
                      r->tick,
                      r->step,
                      r->not_seen,
                      r->not_forgotten,
                      r->lost_in_fork,
                      r->stacks.refused,
                      r->lines.sites.refused_count,
                      r->blocks.limit_bytes,
                      ol_own_bytes(),
                      threads->pause_us,
                      scan_us,
                      threads->all_count,
                      s->stacks_whole,
                      s->arenas,
                      s->pools_read,
                      s->pools_unreadable,
                      s->alive_places,
                      s->scan.unreadable_pages,
                      s->overlapping,
                      s->gaps_are_roots,
                      ol_python_built_for(),
                      ol_python_here(),
                      threads->looker,
                      ol_python_code_address(),
                      ol_registers_unread(threads)};
  ol_container_add(out, "block_facts", "u8", facts, sizeof facts / sizeof *facts);
}

int ol_report_write(int fd, const ol_survey *survey, const ol_recorder *recorder, const ol_thread_places *threads,
                    int why, uint64_t scan_us) {
  static ol_container_writer out;
  ol_container_begin(&out, fd);
  add_facts(&out, survey, recorder, threads, why, scan_us);
  add_block_columns(&out, survey->blocks, survey->scan.block_count, false);
  add_verdicts(&out, &survey->scan);
  add_python_places(&out, &survey->scan);
  add_block_columns(&out, survey->mappings, survey->mapping_count, true);
  add_stacks(&out, &recorder->stacks);
  add_sites(&out, &recorder->lines.sites);
  add_modules(&out, &survey->maps);
  add_threads(&out, threads);
  ol_follow_report(&out, survey->blocks, survey->scan.block_count);
  return ol_container_finish(&out) ? 0 : out.error != 0 ? out.error : EIO;
}
