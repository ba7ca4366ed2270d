/* CPython 3.10. Dict tables are private to Objects/dictobject.c there: their shape is restated here. */

#include "internal/pycore_code.h"

struct _dictkeysobject {
  Py_ssize_t dk_refcnt;
  Py_ssize_t dk_size;
  void *dk_lookup;
  Py_ssize_t dk_usable;
  Py_ssize_t dk_nentries;
  char dk_indices[];
};

typedef struct {
  Py_hash_t me_hash;
  PyObject *me_key;
  PyObject *me_value;
} ol_dict_entry;

static inline size_t ol_keys_index_bytes(const PyDictKeysObject *keys) {
  size_t size = (size_t)keys->dk_size;
  if (size <= 0xff) return size;
  if (size <= 0xffff) return size * 2;
  return size <= 0xffffffff ? size * 4 : size * 8;
}
static inline size_t ol_keys_usable_entries(const PyDictKeysObject *keys) {
  return (size_t)(keys->dk_usable + keys->dk_nentries);
}
static inline size_t ol_keys_entry_bytes(const PyDictKeysObject *keys) {
  (void)keys;
  return sizeof(ol_dict_entry);
}
static inline Py_ssize_t ol_keys_count(const PyDictKeysObject *keys) { return keys->dk_nentries; }
static inline ol_dict_entry *ol_keys_entries(const PyDictKeysObject *keys) {
  return (ol_dict_entry *)(keys->dk_indices + ol_keys_index_bytes(keys));
}
static inline PyObject *ol_keys_key(const PyDictKeysObject *keys, Py_ssize_t i) {
  return ol_keys_entries(keys)[i].me_key;
}
static inline PyObject *ol_keys_value(const PyDictKeysObject *keys, Py_ssize_t i) {
  return ol_keys_entries(keys)[i].me_value;
}
/* Does dict_traverse show the keys? It does for the general look-up only, whose address is the most used one of a dict
 * with a non-str key: learnt at start-up by ol_layout_learn. */
extern void *ol_general_lookup;
static inline bool ol_keys_shown(const PyDictKeysObject *keys) { return keys->dk_lookup == ol_general_lookup; }

static inline void ol_dict_view_of(PyDictObject *dict, ol_dict_view *ret) {
  ret->keys = dict->ma_keys;
  ret->values = dict->ma_values;
  ret->embedded = false;
  ret->entries = dict->ma_keys->dk_nentries;
}

/* Frames are objects; a generator has one until it is finished. */
static inline ol_frame_view ol_frame_view_of_object(PyFrameObject *frame) {
  const PyCodeObject *code = frame->f_code;
  Py_ssize_t fixed = code->co_nlocals + PyTuple_GET_SIZE(code->co_cellvars) + PyTuple_GET_SIZE(code->co_freevars);
  return (ol_frame_view){.slots = frame->f_localsplus,
                         .count = (int)fixed + (frame->f_stackdepth > 0 ? frame->f_stackdepth : 0), /* -1: running */
                         .code = frame->f_code,
                         .line = PyFrame_GetLineNumber(frame)};
}
static inline bool ol_is_generator(const PyTypeObject *type) {
  return type == &PyGen_Type || type == &PyCoro_Type || type == &PyAsyncGen_Type;
}
static inline bool ol_frame_view_of(PyObject *object, ol_frame_view *ret) {
  if (ol_is_generator(Py_TYPE(object))) {
    PyFrameObject *frame = ((PyGenObject *)object)->gi_frame;
    if (frame == NULL) return false;
    *ret = ol_frame_view_of_object(frame);
    ret->count = 0; /* the frame shows them */
    return true;
  }
  *ret = ol_frame_view_of_object((PyFrameObject *)object);
  return true;
}
static inline bool ol_running_frame_view(void *frame, ol_frame_view *ret) {
  (void)frame, (void)ret;
  return false;
}
static inline ol_state ol_frame_state(PyObject *object) {
  switch (((PyFrameObject *)object)->f_state) {
    case FRAME_CREATED: return OL_STATE_CREATED;
    case FRAME_SUSPENDED: return OL_STATE_SUSPENDED;
    case FRAME_EXECUTING: return OL_STATE_RUNNING;
    default: return OL_STATE_FINISHED;
  }
}
static inline ol_state ol_generator_state(PyObject *object) {
  PyFrameObject *frame = ((PyGenObject *)object)->gi_frame;
  return frame == NULL ? OL_STATE_FINISHED : ol_frame_state((PyObject *)frame);
}
static inline int ol_frame_borrowed(const PyTypeObject *type, int *ret_end) {
  (void)type;
  return *ret_end = 0;
}
static inline int ol_frame_parts(const PyTypeObject *type, ol_frame_part *ret) {
  (void)type, (void)ret;
  return 0;
}

/* 3.10 has no attributes outside a dict or a slot. */
static inline bool ol_type_may_inline(PyTypeObject *type) {
  (void)type;
  return false;
}
static inline PyObject *ol_managed_dict(PyObject *object) {
  (void)object;
  return NULL;
}
static inline bool ol_inline_values(PyObject *object, PyTypeObject *type, PyObject ***ret_values,
                                    Py_ssize_t *ret_count) {
  (void)object, (void)type, (void)ret_values, (void)ret_count;
  return false;
}
static inline size_t ol_inline_values_bytes(PyObject *object, PyTypeObject *type) {
  (void)object, (void)type;
  return 0;
}
static inline size_t ol_preheader_bytes(PyTypeObject *type) {
  return PyType_HasFeature(type, Py_TPFLAGS_HAVE_GC) ? sizeof(PyGC_Head) : 0;
}

static inline PyObject *ol_type_dict(PyInterpreterState *interp, PyTypeObject *type) {
  (void)interp;
  return type->tp_dict;
}
static inline PyObject *ol_type_subclasses(PyInterpreterState *interp, PyTypeObject *type) {
  (void)interp;
  return type->tp_subclasses;
}

static inline uint32_t ol_refcount(const PyObject *object) {
  if (ol_is_singleton(object)) return OL_REFCOUNT_IMMORTAL;
  return object->ob_refcnt >= OL_REFCOUNT_IMMORTAL ? OL_REFCOUNT_IMMORTAL : (uint32_t)object->ob_refcnt;
}

static inline PyThreadState *ol_first_thread(PyInterpreterState *interp) { return interp->tstate_head; }

static inline void ol_visit_interpreter(PyInterpreterState *interp, ol_root_visitor visit, void *context) {
  visit(context, interp->modules, OL_ROOT_MODULES);
  visit(context, interp->modules_by_index, OL_ROOT_MODULES_BY_INDEX);
  visit(context, interp->importlib, OL_ROOT_IMPORTLIB);
  visit(context, interp->import_func, OL_ROOT_IMPORT_FUNC);
  visit(context, interp->codec_search_path, OL_ROOT_CODEC_SEARCH_PATH);
  visit(context, interp->codec_search_cache, OL_ROOT_CODEC_SEARCH_CACHE);
  visit(context, interp->codec_error_registry, OL_ROOT_CODEC_ERROR_REGISTRY);
  for (size_t i = 0; i < sizeof interp->small_ints / sizeof *interp->small_ints; i++)
    visit(context, (PyObject *)interp->small_ints[i], OL_ROOT_SMALL_INT);
  for (int i = 0; i < 256; i++) visit(context, (PyObject *)interp->bytes.characters[i], OL_ROOT_CHARACTER);
  visit(context, interp->bytes.empty_string, OL_ROOT_CHARACTER);
  for (int i = 0; i < 256; i++) visit(context, interp->unicode.latin1[i], OL_ROOT_CHARACTER);
  visit(context, interp->unicode.empty_string, OL_ROOT_CHARACTER);
  for (Py_ssize_t i = 0; i < interp->unicode.ids.size; i++)
    visit(context, interp->unicode.ids.array[i], OL_ROOT_STATIC_NAME);
  for (size_t i = 0; i < sizeof interp->type_cache.hashtable / sizeof *interp->type_cache.hashtable; i++)
    visit(context, interp->type_cache.hashtable[i].name, OL_ROOT_TYPE_CACHE);
}

static inline void ol_visit_thread(PyThreadState *thread, ol_root_visitor visit, void *context) {
  visit(context, thread->curexc_type, OL_ROOT_CURRENT_EXCEPTION);
  visit(context, thread->curexc_value, OL_ROOT_CURRENT_EXCEPTION);
  visit(context, thread->curexc_traceback, OL_ROOT_CURRENT_EXCEPTION);
  visit(context, thread->exc_state.exc_type, OL_ROOT_HANDLED_EXCEPTION);
  visit(context, thread->exc_state.exc_value, OL_ROOT_HANDLED_EXCEPTION);
  visit(context, thread->exc_state.exc_traceback, OL_ROOT_HANDLED_EXCEPTION);
  for (PyFrameObject *frame = thread->frame; frame != NULL; frame = frame->f_back)
    visit(context, frame->f_gen == NULL ? (PyObject *)frame : NULL, OL_ROOT_FRAME); /* a generator holds its own */
}

/* 3.10 runs in frame objects, which ol_visit_thread shows. */
static inline void *ol_first_frame(PyThreadState *thread) {
  (void)thread;
  return NULL;
}
static inline void *ol_next_frame(void *frame) {
  (void)frame;
  return NULL;
}
static inline void ol_visit_frame(void *frame, void (*visit)(void *, PyObject *), void *context) {
  (void)frame, (void)visit, (void)context;
}

enum { OL_CODE_PARTS = 9 };
static const char *const ol_code_parts[OL_CODE_PARTS] = {"co_filename", "co_name",     "co_consts",
                                                         "co_names",    "co_varnames", "co_linetable",
                                                         "co_code",     "co_freevars", "co_cellvars"};
/* Which of them are tuples of variables' names: slots are numbered through these, one after the other. */
static const int ol_code_variables[] = {4, 8, 7};

static inline void ol_visit_code(PyCodeObject *code, void (*visit)(void *, PyObject *), void *context) {
  visit(context, code->co_filename);
  visit(context, code->co_name);
  visit(context, code->co_consts);
  visit(context, code->co_names);
  visit(context, code->co_varnames);
  visit(context, code->co_linetable);
  visit(context, code->co_code);
  visit(context, code->co_freevars);
  visit(context, code->co_cellvars);
}

/* A code object that has run a thousand times gets caches for its opcodes: two blocks, made when it happens to be its
 * turn, which look like a slow leak in a program of many functions. They are nobody's growth. */
static inline void ol_code_caches(const PyCodeObject *code, uint64_t *blocks, uint64_t *native_bytes) {
  if (code->co_opcache == NULL) return;
  size_t sizes[] = {(size_t)PyBytes_GET_SIZE(code->co_code) / sizeof(_Py_CODEUNIT),
                    code->co_opcache_size * sizeof(_PyOpcache)};
  for (int i = 0; i < 2; i++) {
    *blocks += 1;
    if (sizes[i] > 512) *native_bytes += (sizes[i] + 8 + 15) & ~(size_t)15; /* past pymalloc: as glibc rounds it */
  }
}
