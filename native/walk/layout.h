/* Layout facts that differ by version, behind one set of functions. None allocates, none writes, none runs Python.
 *
 *   ol_dict_view_of          how a dict keeps its keys and values
 *   ol_keys_*                a key table on its own (also the shared ones)
 *   ol_inline_values         an instance's attributes that no dict holds yet
 *   ol_type_dict, ol_type_subclasses   also for static builtin types, which keep them per interpreter from 3.12
 *   ol_refcount              OL_REFCOUNT_IMMORTAL where the count means nothing
 *   ol_gc_generations        the collector's lists
 *   ol_visit_interpreter, ol_visit_thread, ol_visit_frame   what no object holds: the true roots
 *   ol_frame_view_of, ol_running_frame_view, ol_frame_parts   slots, code and line of a frame; its fields' names
 *   ol_frame_state, ol_generator_state
 *   ol_code_parts            what the references of a code object are called, in the order of ol_visit_code
 *   ol_code_caches           blocks and bytes of the interpreter's own caches beside a code object
 *   ol_visit_code            file name, (qualified) name, constants, names, variables, line table, then the rest
 */
#ifndef OUTLIVE_WALK_LAYOUT_H
#define OUTLIVE_WALK_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/columns.h"
#include "walk/cpython.h"
#include "walk/states.h"

enum { OL_GC_LISTS = NUM_GENERATIONS + 1 };

typedef struct ol_dict_view {
  PyDictKeysObject *keys;
  PyObject **values; /* of a split dict; NULL when the values stand in the table */
  bool embedded;     /* the values are the instance's own: it shows them, the dict must not */
  Py_ssize_t entries;
} ol_dict_view;

/* `label` indexes ol_root_names. The callee may be called with NULL objects. */
typedef void (*ol_root_visitor)(void *context, PyObject *object, int label);

enum ol_root_label {
  OL_ROOT_MODULES,
  OL_ROOT_MODULES_BY_INDEX,
  OL_ROOT_SYS_DICT,
  OL_ROOT_BUILTINS,
  OL_ROOT_BUILTINS_COPY,
  OL_ROOT_IMPORTLIB,
  OL_ROOT_IMPORT_FUNC,
  OL_ROOT_CODEC_SEARCH_PATH,
  OL_ROOT_CODEC_SEARCH_CACHE,
  OL_ROOT_CODEC_ERROR_REGISTRY,
  OL_ROOT_INTERPRETER_DICT,
  OL_ROOT_BEFORE_FORK,
  OL_ROOT_AFTER_FORK_PARENT,
  OL_ROOT_AFTER_FORK_CHILD,
  OL_ROOT_ATEXIT,
  OL_ROOT_AUDIT_HOOKS,
  OL_ROOT_GC_GARBAGE,
  OL_ROOT_GC_CALLBACKS,
  OL_ROOT_WARNINGS_FILTERS,
  OL_ROOT_WARNINGS_ONCE,
  OL_ROOT_WARNINGS_DEFAULT,
  OL_ROOT_TYPE_CACHE,
  OL_ROOT_SMALL_INT,
  OL_ROOT_CHARACTER,
  OL_ROOT_STATIC_NAME,
  OL_ROOT_THREAD_DICT,
  OL_ROOT_CURRENT_EXCEPTION,
  OL_ROOT_HANDLED_EXCEPTION,
  OL_ROOT_ASYNC_EXCEPTION,
  OL_ROOT_CONTEXT,
  OL_ROOT_PROFILE,
  OL_ROOT_TRACE,
  OL_ROOT_ASYNCGEN_FIRSTITER,
  OL_ROOT_ASYNCGEN_FINALIZER,
  OL_ROOT_FRAME,
  OL_ROOT_MONITORING,
  OL_ROOT_MONITORING_TOOL,
  OL_ROOT_COUNT
};
extern const char *const ol_root_names[OL_ROOT_COUNT];

/* A frame's own variables and temporaries. `count`: as many as its object shows, 0 where another one shows them. */
typedef struct ol_frame_view {
  PyObject **slots;
  int count;
  PyCodeObject *code;
  int line; /* where it stands now */
} ol_frame_view;

/* A named field of a frame that stands inside of another object. */
enum { OL_FRAME_PARTS = 4 };
typedef struct ol_frame_part {
  int64_t offset;
  const char *name;
} ol_frame_part;

/* Where a dict that its type manages stands (3.11+), in bytes from the object. */
enum { OL_MANAGED_DICT_OFFSET = -24 };

static inline PyObject *ol_from_gc(const PyGC_Head *head) { return (PyObject *)(head + 1); }
static inline PyGC_Head *ol_gc_next(const PyGC_Head *head) { return (PyGC_Head *)(head->_gc_next & ~(uintptr_t)3); }
static inline PyGC_Head *ol_gc_prev(const PyGC_Head *head) { return (PyGC_Head *)(head->_gc_prev & ~(uintptr_t)3); }

/* Until 3.12 made them immortal, these were counted, but not by frozen modules' constants (3.11): a count that means
 * nothing is not used. */
static inline bool ol_is_singleton(const PyObject *object) {
  return object == Py_None || object == Py_True || object == Py_False || object == Py_Ellipsis;
}

#if PY_VERSION_HEX >= 0x030d0000
#include "walk/layout_313.h"
#elif PY_VERSION_HEX >= 0x030c0000
#include "walk/layout_312.h"
#elif PY_VERSION_HEX >= 0x030b0000
#include "walk/layout_311.h"
#else
#include "walk/layout_310.h"
#endif

/* Bytes of a key table: header, index, entries. */
static inline size_t ol_keys_bytes(const PyDictKeysObject *keys) {
  return sizeof(PyDictKeysObject) + ol_keys_index_bytes(keys) +
         ol_keys_usable_entries(keys) * ol_keys_entry_bytes(keys);
}

/* The collector's lists: young to old, then what gc.freeze() put away. */
static inline PyGC_Head *ol_gc_list(PyInterpreterState *interp, int list) {
  return list < NUM_GENERATIONS ? &interp->gc.generations[list].head : &interp->gc.permanent_generation.head;
}

#endif
