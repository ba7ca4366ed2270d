/* CPython 3.12. */
#include "walk/layout_frame_311.h"
#include "walk/layout_keys_311.h"

#include "internal/pycore_typeobject.h"

static inline void ol_dict_view_of(PyDictObject *dict, ol_dict_view *ret) {
  ret->keys = dict->ma_keys;
  ret->values = dict->ma_values == NULL ? NULL : dict->ma_values->values;
  ret->embedded = false;
  ret->entries = dict->ma_keys->dk_nentries;
}

/* One word at -3: a dict, or (lowest bit set) the values themselves. */
static inline PyDictValues *ol_values_of(PyObject *object, PyTypeObject *type) {
  if (!PyType_HasFeature(type, Py_TPFLAGS_MANAGED_DICT)) return NULL;
  uintptr_t word = ((uintptr_t *)object)[-3];
  return (word & 1) ? (PyDictValues *)(word + 1) : NULL;
}
static inline bool ol_type_may_inline(PyTypeObject *type) { return PyType_HasFeature(type, Py_TPFLAGS_MANAGED_DICT); }
static inline PyObject *ol_managed_dict(PyObject *object) {
  uintptr_t word = ((uintptr_t *)object)[-3];
  return (word & 1) ? NULL : (PyObject *)word;
}
static inline bool ol_inline_values(PyObject *object, PyTypeObject *type, PyObject ***ret_values,
                                    Py_ssize_t *ret_count) {
  PyDictValues *values = ol_values_of(object, type);
  if (values == NULL) return false;
  *ret_values = values->values;
  *ret_count = ((PyHeapTypeObject *)type)->ht_cached_keys->dk_nentries;
  return true;
}
static inline size_t ol_inline_values_bytes(PyObject *object, PyTypeObject *type) {
  PyDictValues *values = ol_values_of(object, type);
  return values == NULL
             ? 0
             : ((uint8_t *)values)[-1] + ol_keys_usable_entries(((PyHeapTypeObject *)type)->ht_cached_keys) * 8;
}

/* Static builtin types keep dict and subclasses in the interpreter; tp_subclasses is their index plus one. */
static inline static_builtin_state *ol_builtin_state(PyInterpreterState *interp, PyTypeObject *type) {
  if (!(type->tp_flags & _Py_TPFLAGS_STATIC_BUILTIN)) return NULL;
  size_t index = (size_t)type->tp_subclasses - 1;
  return index < _Py_MAX_STATIC_BUILTIN_TYPES ? &interp->types.builtins[index] : NULL;
}
static inline PyObject *ol_type_dict(PyInterpreterState *interp, PyTypeObject *type) {
  static_builtin_state *state = ol_builtin_state(interp, type);
  return state != NULL && state->tp_dict != NULL ? state->tp_dict : type->tp_dict;
}
static inline PyObject *ol_type_subclasses(PyInterpreterState *interp, PyTypeObject *type) {
  if (!(type->tp_flags & _Py_TPFLAGS_STATIC_BUILTIN)) return type->tp_subclasses;
  static_builtin_state *state = ol_builtin_state(interp, type);
  return state == NULL ? NULL : state->tp_subclasses;
}

static inline uint32_t ol_refcount(const PyObject *object) {
  return _Py_IsImmortal((PyObject *)object) ? OL_REFCOUNT_IMMORTAL : (uint32_t)object->ob_refcnt;
}

static inline PyThreadState *ol_first_thread(PyInterpreterState *interp) { return interp->threads.head; }

static inline void ol_visit_monitoring(PyInterpreterState *interp, ol_root_visitor visit, void *context) {
  for (int tool = 0; tool < PY_MONITORING_TOOL_IDS; tool++) {
    visit(context, interp->monitoring_tool_names[tool], OL_ROOT_MONITORING_TOOL);
    for (int event = 0; event < _PY_MONITORING_EVENTS; event++)
      visit(context, interp->monitoring_callables[tool][event], OL_ROOT_MONITORING);
  }
}

static inline void ol_visit_interpreter(PyInterpreterState *interp, ol_root_visitor visit, void *context) {
  visit(context, interp->imports.modules, OL_ROOT_MODULES);
  visit(context, interp->imports.modules_by_index, OL_ROOT_MODULES_BY_INDEX);
  visit(context, interp->imports.importlib, OL_ROOT_IMPORTLIB);
  visit(context, interp->imports.import_func, OL_ROOT_IMPORT_FUNC);
  visit(context, interp->sysdict_copy, OL_ROOT_SYS_DICT);
  ol_visit_monitoring(interp, visit, context);
  visit(context, interp->codec_search_path, OL_ROOT_CODEC_SEARCH_PATH);
  visit(context, interp->codec_search_cache, OL_ROOT_CODEC_SEARCH_CACHE);
  visit(context, interp->codec_error_registry, OL_ROOT_CODEC_ERROR_REGISTRY);
  for (Py_ssize_t i = 0; i < interp->unicode.ids.size; i++)
    visit(context, interp->unicode.ids.array[i], OL_ROOT_STATIC_NAME);
  for (size_t i = 0; i < sizeof interp->types.type_cache.hashtable / sizeof *interp->types.type_cache.hashtable; i++)
    visit(context, interp->types.type_cache.hashtable[i].name, OL_ROOT_TYPE_CACHE);
}

static inline void ol_visit_thread(PyThreadState *thread, ol_root_visitor visit, void *context) {
  visit(context, thread->current_exception, OL_ROOT_CURRENT_EXCEPTION);
  visit(context, thread->exc_state.exc_value, OL_ROOT_HANDLED_EXCEPTION);
}

static inline void *ol_first_frame(PyThreadState *thread) { return thread->cframe->current_frame; }
static inline void *ol_next_frame(void *frame) { return ((_PyInterpreterFrame *)frame)->previous; }
static inline void ol_visit_frame(void *opaque, void (*visit)(void *, PyObject *), void *context) {
  _PyInterpreterFrame *frame = opaque;
  if (frame->owner == FRAME_OWNED_BY_CSTACK) return;
  bool shown_by_generator = frame->owner == FRAME_OWNED_BY_GENERATOR;
  visit(context, shown_by_generator ? NULL : (PyObject *)frame->f_code);
  visit(context, shown_by_generator ? NULL : frame->f_funcobj);
  visit(context, shown_by_generator ? NULL : frame->f_locals);
  visit(context, shown_by_generator ? NULL : (PyObject *)frame->frame_obj);
  if (shown_by_generator && frame->stacktop >= 0) return;
  int slots = frame->stacktop >= 0 ? frame->stacktop : frame->f_code->co_nlocalsplus;
  for (int i = 0; i < slots; i++) visit(context, frame->localsplus[i]);
}

enum { OL_CODE_PARTS = 13 };
static const char *const ol_code_parts[OL_CODE_PARTS] = {
    "co_filename",      "co_qualname",       "co_consts", "co_names",    "<variable names>", "co_linetable", "co_name",
    "<variable kinds>", "co_exceptiontable", "co_code",   "co_varnames", "co_cellvars",      "co_freevars"};
/* Which of them are tuples of variables' names: slots are numbered through these, one after the other. */
static const int ol_code_variables[] = {4};

static inline void ol_visit_code(PyCodeObject *code, void (*visit)(void *, PyObject *), void *context) {
  visit(context, code->co_filename);
  visit(context, code->co_qualname);
  visit(context, code->co_consts);
  visit(context, code->co_names);
  visit(context, code->co_localsplusnames);
  visit(context, code->co_linetable);
  visit(context, code->co_name);
  visit(context, code->co_localspluskinds);
  visit(context, code->co_exceptiontable);
  if (code->_co_cached == NULL) return;
  visit(context, code->_co_cached->_co_code);
  visit(context, code->_co_cached->_co_varnames);
  visit(context, code->_co_cached->_co_cellvars);
  visit(context, code->_co_cached->_co_freevars);
}
