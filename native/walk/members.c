#include "walk/members.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <structmember.h>

#include "walk/layout.h"
#include "walk/names.h"

#if PY_VERSION_HEX >= 0x030d0000
#include "walk/members_313.h"
#elif PY_VERSION_HEX >= 0x030c0000
#include "walk/members_312.h"
#elif PY_VERSION_HEX >= 0x030b0000
#include "walk/members_311.h"
#else
#include "walk/members_310.h"
#endif

enum { BASES_MAX = 64 };

/* The deallocator of classes that a class statement makes. Such a class may bear any name: it is never native. */
static destructor class_dealloc;

bool ol_members_learn(void) {
  PyType_Slot slots[] = {{0, NULL}};
  PyType_Spec spec = {
      .name = "outlive.Probe", .basicsize = sizeof(PyObject), .flags = Py_TPFLAGS_DEFAULT, .slots = slots};
  PyObject *probe = PyType_FromSpec(&spec);
  if (probe == NULL) return false;
  class_dealloc = ((PyTypeObject *)probe)->tp_dealloc;
  Py_DECREF(probe);
  return true;
}

static bool is_native(const PyTypeObject *type) {
  return !PyType_HasFeature((PyTypeObject *)type, Py_TPFLAGS_HEAPTYPE) || type->tp_dealloc != class_dealloc;
}

/* Both tables begin with a name and are sorted by it. */
static int compare_name(const void *key, const void *row) { return strcmp(key, *(const char *const *)row); }

static bool name_of(PyTypeObject *type, PyInterpreterState *interp, char *buffer) {
  if (!is_native(type)) return false;
  buffer[ol_type_name(type, interp, buffer)] = '\0';
  return true;
}

static const ol_native_members *members_of(PyTypeObject *type, const char *name) {
  const ol_native_members *row = bsearch(name, native_members, sizeof native_members / sizeof *native_members,
                                         sizeof *native_members, compare_name);
  return row != NULL && row->basic_bytes == type->tp_basicsize ? row : NULL;
}

static bool visit_tp_members(const PyTypeObject *type, ol_member_visitor visit, void *context) {
  for (const PyMemberDef *member = type->tp_members; member != NULL && member->name != NULL; member++) {
    if (member->type != T_OBJECT && member->type != T_OBJECT_EX) continue;
    if (!visit(context, member->offset, member->name, strnlen(member->name, OL_TEXT_MAX))) return false;
  }
  return true;
}

/* NumPy's C API has promised these offsets since 1.7. */
static bool visit_ndarray(const PyTypeObject *type, ol_member_visitor visit, void *context) {
  if (strcmp(type->tp_name, "numpy.ndarray") != 0 || type->tp_basicsize < 80) return true;
  return visit(context, 48, "base", 4) && visit(context, 56, "dtype", 5);
}

static bool visit_row(const ol_native_members *row, ol_member_visitor visit, void *context) {
  for (const char *next = row->names; *next != '\0';) {
    char *name;
    long offset = strtol(next, &name, 10);
    name++; /* past the space */
    size_t length = strcspn(name, ",");
    if (!visit(context, offset, name, length)) return false;
    next = name + length + (name[length] == ',');
  }
  return true;
}

static bool visit_dict(const PyTypeObject *type, ol_member_visitor visit, void *context) {
  int64_t offset = type->tp_dictoffset;
#if PY_VERSION_HEX >= 0x030b0000
  if (PyType_HasFeature((PyTypeObject *)type, Py_TPFLAGS_MANAGED_DICT)) offset = OL_MANAGED_DICT_OFFSET;
#endif
  bool here = offset > 0 || offset == OL_MANAGED_DICT_OFFSET; /* else it stands behind the items: no fixed place */
  return !here || visit(context, offset, "__dict__", 8);
}

/* Names of the frame that stands in a generator or a frame object. */
static bool visit_frame(const PyTypeObject *type, ol_member_visitor visit, void *context) {
  ol_frame_part parts[OL_FRAME_PARTS];
  int count = ol_frame_parts(type, parts);
  for (int i = 0; i < count; i++)
    if (!visit(context, parts[i].offset, parts[i].name, strlen(parts[i].name))) return false;
  return true;
}

bool ol_visit_members(PyTypeObject *type, PyInterpreterState *interp, ol_member_visitor visit, void *context) {
  if (!visit_dict(type, visit, context)) return false;
  PyTypeObject *base = type;
  for (int depth = 0; base != NULL && depth < BASES_MAX; base = base->tp_base, depth++) {
    char name[OL_NAME_MAX];
    const ol_native_members *row = name_of(base, interp, name) ? members_of(base, name) : NULL;
    if (!visit_tp_members(base, visit, context) || !visit_frame(base, visit, context)) return false;
    if (!visit_ndarray(base, visit, context)) return false;
    if (row != NULL && !visit_row(row, visit, context)) return false;
  }
  return true;
}

/* Read one by one: what else stands in the tables is borrowed (a _localdummy's dict) or no pointer (a range_iterator). */
static const char *const owning[] = {
    "CArgObject",
    "_RunningLoopHolder",
    "_bz2.BZ2Decompressor",
    "_ctypes.CArgObject",
    "_ctypes.CFuncPtr",
    "_ctypes._CData",
    "_io.IncrementalNewlineDecoder",
    "_lzma.LZMADecompressor",
    "decimal.Context",
    "decimal.ContextManager",
    "line_iterator",
    "longrange_iterator",
    "positions_iterator",
    "posix.DirEntry",
    "select.poll",
    "zlib.Compress",
    "zlib.Decompress",
    "zlib._ZlibDecompressor",
};

static bool is_owning(const char *name) {
  for (size_t i = 0; i < sizeof owning / sizeof *owning; i++)
    if (strcmp(owning[i], name) == 0) return true;
  return false;
}

typedef struct offset_list {
  uint16_t *offsets;
  int count, room;
} offset_list;

static bool add_offset(void *opaque, int64_t offset, const char *name, size_t length) {
  offset_list *list = opaque;
  (void)name, (void)length;
  if (list->count < list->room) list->offsets[list->count++] = (uint16_t)offset;
  return true;
}

int ol_owned_fields(PyTypeObject *type, PyInterpreterState *interp, uint16_t *offsets, int room) {
  offset_list list = {.offsets = offsets, .room = room};
  PyTypeObject *base = type;
  for (int depth = 0; base != NULL && depth < BASES_MAX; base = base->tp_base, depth++) {
    char name[OL_NAME_MAX];
    const ol_native_members *row = name_of(base, interp, name) && is_owning(name) ? members_of(base, name) : NULL;
    if (row == NULL) continue;
    (void)visit_row(row, add_offset, &list);
    break;
  }
  return list.count;
}

static const ol_native_state by_header[] = {
    {.type_name = "generator", .reading = OL_READ_GENERATOR},
    {.type_name = "frame", .reading = OL_READ_FRAME},
    {.type_name = "weakref", .reading = OL_READ_WEAKREF},
    {.type_name = "memoryview", .reading = OL_READ_MEMORYVIEW},
};

static const ol_native_state *state_by_header(const PyTypeObject *type) {
  if (type == &PyGen_Type || type == &PyCoro_Type || type == &PyAsyncGen_Type) return &by_header[0];
  if (type == &PyFrame_Type) return &by_header[1];
  if (type == &_PyWeakref_RefType || type == &_PyWeakref_ProxyType || type == &_PyWeakref_CallableProxyType)
    return &by_header[2];
  return type == &PyMemoryView_Type ? &by_header[3] : NULL;
}

const ol_native_state *ol_state_of_type(PyTypeObject *type, PyInterpreterState *interp) {
  PyTypeObject *base = type;
  for (int depth = 0; base != NULL && depth < BASES_MAX; base = base->tp_base, depth++) {
    const ol_native_state *row = state_by_header(base);
    if (row != NULL) return row;
    char name[OL_NAME_MAX];
    if (!name_of(base, interp, name)) continue;
    row =
        bsearch(name, native_states, sizeof native_states / sizeof *native_states, sizeof *native_states, compare_name);
    if (row != NULL) return row->basic_bytes == base->tp_basicsize ? row : NULL;
  }
  return NULL;
}
