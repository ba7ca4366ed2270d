#include "walk/details.h"

#include <string.h>

#include "internal/pycore_moduleobject.h"
#include "walk/waits.h"

static PyObject *file_key, *thread_name_key; /* interned, kept for good: found by identity, so that no __eq__ can run */

bool ol_details_learn(void) {
  file_key = PyUnicode_InternFromString("__file__");
  thread_name_key = PyUnicode_InternFromString("_name");
  return file_key != NULL && thread_name_key != NULL;
}

void ol_details_deinit(ol_details *details) {
  ol_reserve_deinit(&details->states.values);
  ol_reserve_deinit(&details->code_lines.values);
  ol_reserve_deinit(&details->frames.values);
  ol_reserve_deinit(&details->weak.values);
  ol_reserve_deinit(&details->waits.values);
  ol_reserve_deinit(&details->locks.values);
  memset(details, 0, sizeof *details);
}

bool ol_details_add(ol_rows *rows, uint32_t width, const uint32_t *values) {
  if (!ol_reserve_grow(&rows->values, (rows->count + 1ull) * width * 4)) return false;
  memcpy(OL_COLUMN(uint32_t, rows->values) + (size_t)rows->count * width, values, width * 4ull);
  rows->count++;
  return true;
}

static uint32_t known_number(const ol_walk *walk, const void *object) {
  const uint32_t *slot = object == NULL ? NULL : ol_id_table_slot(&walk->table, (uintptr_t)object);
  return slot == NULL ? 0 : *slot;
}

static void keep_text(ol_walk *walk, uint32_t node) {
  if (node != 0) OL_COLUMN(uint8_t, walk->columns.layout)[node] |= 0x80;
}

static ol_layout layout_of(const ol_walk *walk, uint32_t node) {
  return OL_COLUMN(const uint8_t, walk->columns.layout)[node] & 0x7f;
}

static void keep_variable_names(ol_walk *walk, uint32_t code) {
  const uint64_t *starts = OL_COLUMN(const uint64_t, walk->columns.edge_start);
  const uint32_t *targets = OL_COLUMN(const uint32_t, walk->columns.targets);
  for (size_t i = 0; i < sizeof ol_code_variables / sizeof *ol_code_variables; i++) {
    uint64_t place = starts[code] + (uint64_t)ol_code_variables[i];
    uint32_t names = place < starts[code + 1] ? targets[place] : 0;
    if (names == 0 || layout_of(walk, names) != OL_LAYOUT_SEQUENCE) continue;
    for (uint64_t edge = starts[names]; edge < starts[names + 1]; edge++) keep_text(walk, targets[edge]);
  }
}

static PyObject *value_in_dict(PyObject *dict, PyObject *key) {
  if (dict == NULL || !PyDict_Check(dict)) return NULL;
  ol_dict_view view;
  ol_dict_view_of((PyDictObject *)dict, &view);
  for (Py_ssize_t i = 0; i < view.entries; i++)
    if (ol_keys_key(view.keys, i) == key) return view.values != NULL ? view.values[i] : ol_keys_value(view.keys, i);
  return NULL;
}

/* An instance's own attribute, wherever this version keeps it. Makes no dict. */
static PyObject *own_attribute(PyObject *object, PyObject *name) {
  PyTypeObject *type = Py_TYPE(object);
  PyObject **values;
  Py_ssize_t count;
  if (ol_type_may_inline(type) && ol_inline_values(object, type, &values, &count)) {
    const PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    for (Py_ssize_t i = 0; keys != NULL && i < ol_keys_count(keys) && i < count; i++)
      if (ol_keys_key(keys, i) == name) return values[i];
    return NULL;
  }
  if (ol_type_may_inline(type)) return value_in_dict(ol_managed_dict(object), name);
  if (type->tp_dictoffset <= 0) return NULL;
  return value_in_dict(*(PyObject **)((char *)object + type->tp_dictoffset), name);
}

static bool add_frame(const ol_walk *walk, ol_details *details, uint32_t node, const ol_frame_view *frame) {
  uint32_t row[] = {node, known_number(walk, frame->code), frame->line > 0 ? (uint32_t)frame->line : 0};
  return row[1] == 0 || ol_details_add(&details->frames, 3, row);
}

static bool add_line(ol_walk *walk, ol_details *details, uint32_t node, PyObject *object, ol_kind kind) {
  if (kind == OL_KIND_FRAME) {
    ol_frame_view frame;
    return !ol_frame_view_of(object, &frame) || add_frame(walk, details, node, &frame);
  }
  PyObject *code = kind == OL_KIND_CODE ? object : ((PyFunctionObject *)object)->func_code;
  if (code == NULL || !PyCode_Check(code)) return true;
  if (kind == OL_KIND_CODE) keep_variable_names(walk, node);
  uint32_t row[] = {node, (uint32_t)((PyCodeObject *)code)->co_firstlineno};
  return ol_details_add(&details->code_lines, 2, row);
}

static bool add_state(const ol_walk *walk, ol_details *details, uint32_t node, PyObject *object,
                      const ol_native_state *row) {
  ol_state state = ol_state_of(object, row, walk->interp);
  uint32_t values[] = {node, (uint32_t)state};
  if (state != OL_STATE_UNKNOWN && !ol_details_add(&details->states, 2, values)) return false;
  if (row->reading == OL_READ_LOCK && state == OL_STATE_LOCKED) {
    uint64_t semaphore = ol_lock_semaphore(object);
    uint32_t lock[] = {node, (uint32_t)semaphore, (uint32_t)(semaphore >> 32)};
    if (!ol_details_add(&details->locks, 3, lock)) return false;
  }
  if (row->reading != OL_READ_WEAKREF || state != OL_STATE_ALIVE) return true;
  uint32_t weak[] = {node, known_number(walk, ((const PyWeakReference *)object)->wr_object)};
  return weak[1] == 0 || ol_details_add(&details->weak, 2, weak);
}

static bool take_node(ol_walk *walk, ol_details *details, uint32_t node) {
  void *address = (void *)OL_COLUMN(const uint64_t, walk->columns.address)[node];
  ol_frame_view frame;
  if (layout_of(walk, node) == OL_LAYOUT_FRAME)
    return !ol_running_frame_view(address, &frame) || add_frame(walk, details, node, &frame);
  PyObject *object = address;
  const ol_type_info *info = ol_type_table_get(&walk->types, Py_TYPE(object), walk->interp);
  if (info == NULL) return false;
  if (info->notes & OL_NOTE_MODULE)
    keep_text(walk, known_number(walk, value_in_dict(((PyModuleObject *)object)->md_dict, file_key)));
  if (info->notes & OL_NOTE_THREAD) keep_text(walk, known_number(walk, own_attribute(object, thread_name_key)));
  if ((info->notes & OL_NOTE_LINE) && !add_line(walk, details, node, object, info->kind)) return false;
  return !(info->notes & OL_NOTE_STATE) || add_state(walk, details, node, object, info->state);
}

bool ol_details_take(ol_walk *walk, ol_details *details) {
  PyObject *const singletons[] = {Py_None, Py_True, Py_False, Py_Ellipsis};
  for (size_t i = 0; i < sizeof singletons / sizeof *singletons; i++)
    keep_text(walk, known_number(walk, singletons[i]));
  for (uint32_t i = 0; i < walk->noted_count; i++)
    if (!take_node(walk, details, OL_COLUMN(const uint32_t, walk->noted)[i])) return false;
  return ol_waits_take(walk, details);
}
