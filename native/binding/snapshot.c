/* outlive._core.snapshot: walk with the GIL, then write without it. */
#include "binding/core.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "graph/container.h"
#include "graph/tally.h"
#include "stamps/stamp_columns.h"
#include "walk/details.h"
#include "walk/hidden.h"
#include "walk/names.h"
#include "walk/roots.h"

/* Everything that is read from live objects, gathered while the GIL is held. */
typedef struct snapshot {
  ol_walk walk;
  ol_reserve text_nodes;
  ol_text texts;
  ol_reserve type_rows; /* uint32_t[type_count][6]: node, flags, basic, item, dict offset, weakref offset */
  uint32_t type_count;
  ol_text type_names;
  ol_reserve member_rows; /* uint32_t[member_count][2]: type's node, offset */
  uint32_t member_count;
  ol_text member_names;
  ol_stamp_columns stamps;
  ol_details details;
  ol_hidden hidden;
  ol_self_check check;
  double pause_seconds;
} snapshot;

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void snapshot_deinit(snapshot *s) {
  ol_walk_deinit(&s->walk);
  ol_reserve_deinit(&s->text_nodes);
  ol_text_deinit(&s->texts);
  ol_reserve_deinit(&s->type_rows);
  ol_text_deinit(&s->type_names);
  ol_reserve_deinit(&s->member_rows);
  ol_text_deinit(&s->member_names);
  ol_stamp_columns_deinit(&s->stamps);
  ol_details_deinit(&s->details);
  ol_hidden_deinit(&s->hidden);
}

typedef struct member_context {
  snapshot *s;
  uint32_t type_node;
} member_context;

static bool add_member(void *opaque, int64_t offset, const char *name, size_t length) {
  const member_context *context = opaque;
  snapshot *s = context->s;
  if (!ol_reserve_grow(&s->member_rows, (s->member_count + 1) * 8ull)) return false;
  uint32_t *row = (uint32_t *)s->member_rows.base + s->member_count++ * 2ull;
  row[0] = context->type_node;
  row[1] = (uint32_t)(int32_t)offset;
  return ol_text_append(&s->member_names, name, length);
}

static bool add_type(snapshot *s, const ol_type_info *info) {
  char name[OL_NAME_MAX];
  size_t length = ol_type_name(info->type, s->walk.interp, name);
  if (!ol_text_append(&s->type_names, name, length)) return false;
  if (!ol_reserve_grow(&s->type_rows, (s->type_count + 1) * 24ull)) return false;
  uint32_t *row = (uint32_t *)s->type_rows.base + s->type_count++ * 6ull;
  row[0] = info->node;
  row[1] = (uint32_t)info->type->tp_flags;
  row[2] = info->basic_bytes;
  row[3] = info->item_bytes;
  row[4] = (uint32_t)info->type->tp_dictoffset;
  row[5] = (uint32_t)info->type->tp_weaklistoffset;
  member_context context = {.s = s, .type_node = info->node};
  return ol_visit_members(info->type, s->walk.interp, add_member, &context);
}

static bool gather(snapshot *s) {
  if (!ol_stamp_columns_gather(&s->stamps, &s->walk)) return false;
  const ol_type_info *slots = (const ol_type_info *)s->walk.types.slots.base;
  for (uint32_t i = 0; i < s->walk.types.capacity; i++)
    if (slots[i].type != NULL && !add_type(s, &slots[i])) return false;
  if (!ol_details_take(&s->walk, &s->details) || !ol_hidden_take(&s->walk, &s->hidden)) return false;
  return ol_collect_texts(&s->walk, &s->text_nodes, &s->texts);
}

static void drop_text_marks(ol_columns *c) {
  uint8_t *layout = OL_COLUMN(uint8_t, c->layout);
  for (uint32_t node = 0; node < c->node_count; node++) layout[node] &= 0x7f;
}

static void add_text(ol_container_writer *w, const char *bytes_name, const char *ends_name, const ol_text *text) {
  ol_container_add(w, bytes_name, "u1", text->bytes.base, text->byte_count);
  ol_container_add(w, ends_name, "u8", text->ends.base, text->count);
}

static void add_columns(ol_container_writer *w, const snapshot *s) {
  const ol_columns *c = &s->walk.columns;
  ol_container_add(w, "address", "u8", c->address.base, c->node_count);
  ol_container_add(w, "edge_start", "u8", c->edge_start.base, c->node_count + 1ull);
  ol_container_add(w, "type", "u4", c->type.base, c->node_count);
  ol_container_add(w, "refcount", "u4", c->refcount.base, c->node_count);
  ol_container_add(w, "size", "u4", c->size.base, c->node_count);
  ol_container_add(w, "layout", "u1", c->layout.base, c->node_count);
  ol_container_add(w, "targets", "u4", c->targets.base, c->edge_count);
  ol_container_add(w, "labels", "u2", c->labels.base, c->label_count);
  ol_container_add(w, "large_sizes", "u8", c->large_sizes.base, c->large_count * 2ull);
  ol_container_add(w, "pairs_start", "u4", c->pairs_start.base, c->pairs_plain_count * 2ull);
  ol_container_add(w, "text_nodes", "u4", s->text_nodes.base, s->texts.count);
  add_text(w, "text_bytes", "text_ends", &s->texts);
  ol_container_add(w, "type_rows", "u4", s->type_rows.base, s->type_count * 6ull);
  add_text(w, "type_name_bytes", "type_name_ends", &s->type_names);
  ol_container_add(w, "member_rows", "u4", s->member_rows.base, s->member_count * 2ull);
  add_text(w, "member_name_bytes", "member_name_ends", &s->member_names);
}

static bool add_root_names(ol_container_writer *w) {
  ol_text names = {0};
  bool ok = true;
  char name[OL_ROOT_NAME_MAX];
  for (int i = 0; i < OL_ROOT_LABELS && ok; i++) ok = ol_text_append(&names, name, ol_root_name(i, name));
  if (ok) add_text(w, "root_name_bytes", "root_name_ends", &names);
  ol_text_deinit(&names);
  return ok;
}

static bool add_code_part_names(ol_container_writer *w) {
  ol_text names = {0};
  bool ok = true;
  for (int i = 0; i < OL_CODE_PARTS && ok; i++) ok = ol_text_append(&names, ol_code_parts[i], strlen(ol_code_parts[i]));
  if (ok) add_text(w, "code_part_bytes", "code_part_ends", &names);
  ol_text_deinit(&names);
  return ok;
}

static void add_details(ol_container_writer *w, const ol_details *details) {
  ol_container_add(w, "state_rows", "u4", details->states.values.base, details->states.count * 2ull);
  ol_container_add(w, "code_lines", "u4", details->code_lines.values.base, details->code_lines.count * 2ull);
  ol_container_add(w, "frame_rows", "u4", details->frames.values.base, details->frames.count * 3ull);
  ol_container_add(w, "weak_rows", "u4", details->weak.values.base, details->weak.count * 2ull);
  ol_container_add(w, "wait_rows", "u4", details->waits.values.base, details->waits.count * 2ull);
}

static void add_hidden(ol_container_writer *w, const ol_hidden *hidden) {
  uint64_t facts[] = {hidden->objects_read, hidden->blocks_read, hidden->left_out, hidden->cannot_read};
  ol_container_add(w, "hidden_facts", "u8", facts, sizeof facts / sizeof *facts);
  ol_container_add(w, "hidden_rows", "u4", hidden->words.base, hidden->word_count * 4ull);
}

/* Order documented in docs/reference/snapshot-format.md and mirrored by capture/snapshot.py. */
static void add_facts(ol_container_writer *w, const snapshot *s) {
  const ol_columns *c = &s->walk.columns;
  uint64_t facts[] = {PY_VERSION_HEX,        (uint64_t)getpid(),
                      (uint64_t)time(NULL),  c->node_count,
                      c->edge_count,         s->walk.tracked_count,
                      s->walk.refused_count, s->walk.impossible_count,
                      s->walk.broken_links,  s->check.counted,
                      s->check.exact,        s->check.more,
                      s->check.fewer,        (uint64_t)(s->pause_seconds * 1e6)};
  ol_container_add(w, "facts", "u8", facts, sizeof facts / sizeof *facts);
}

/* 0600, and never over something that is there already: the caller names a fresh file and renames it. 0 or errno. */
static int write_file(const char *path, const snapshot *s) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return errno;
  ol_container_writer writer; /* about 5 KB of stack */
  ol_container_begin(&writer, fd);
  add_facts(&writer, s);
  add_columns(&writer, s);
  ol_stamp_columns_write(&s->stamps, &writer);
  add_details(&writer, &s->details);
  add_hidden(&writer, &s->hidden);
  if (!add_root_names(&writer) || !add_code_part_names(&writer)) writer.error = ENOMEM;
  bool ok = ol_container_finish(&writer);
  int error = ok ? 0 : writer.error;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error != 0) (void)unlink(path);
  return error;
}

static PyObject *describe(const snapshot *s) {
  const ol_columns *c = &s->walk.columns;
  return Py_BuildValue("{sk sK sK sK sK sK sK sK sK sK sd}", "nodes", (unsigned long)c->node_count - 1, "edges",
                       (unsigned long long)c->edge_count, "tracked", (unsigned long long)s->walk.tracked_count,
                       "refused", (unsigned long long)s->walk.refused_count, "impossible",
                       (unsigned long long)s->walk.impossible_count, "broken_links",
                       (unsigned long long)s->walk.broken_links, "counted", (unsigned long long)s->check.counted,
                       "exact", (unsigned long long)s->check.exact, "more", (unsigned long long)s->check.more, "fewer",
                       (unsigned long long)s->check.fewer, "pause_seconds", s->pause_seconds);
}

PyObject *ol_snapshot(PyObject *module, PyObject *args) {
  (void)module;
  const char *path;
  if (!PyArg_ParseTuple(args, "y", &path)) return NULL;
  snapshot s = {0};
  size_t expected = ol_objects_expected();
  bool ready;
  Py_BEGIN_ALLOW_THREADS ready = ol_walk_init(&s.walk, expected);
  if (ready) ol_walk_make_ready(&s.walk, expected * 3 / 4); /* fewer than blocks: a dict or list is two of those */
  Py_END_ALLOW_THREADS if (!ready) return PyErr_NoMemory();
  s.walk.types.detailed = true;
  double began = now_seconds();
  ol_walk_status status = ol_walk_take(&s.walk);
  if (status == OL_WALK_OK && !gather(&s)) status = OL_WALK_NO_MEMORY;
  s.pause_seconds = now_seconds() - began;
  if (status != OL_WALK_OK) {
    snapshot_deinit(&s);
    return ol_raise_walk_status(status);
  }
  int error = 0;
  Py_BEGIN_ALLOW_THREADS drop_text_marks(&s.walk.columns);
  if (!ol_columns_count_in_degrees(&s.walk.columns)) error = ENOMEM;
  else {
    ol_self_check_of(&s.walk.columns, &s.check);
    error = write_file(path, &s);
  }
  Py_END_ALLOW_THREADS PyObject *result = NULL;
  if (error == 0) result = describe(&s);
  else errno = error, PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
  snapshot_deinit(&s);
  return result;
}
