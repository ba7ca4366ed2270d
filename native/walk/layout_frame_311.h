/* Frames from 3.11 on: a struct on the thread's own stack, in a generator, or in the frame object that outlived it. */

#if PY_VERSION_HEX >= 0x030d0000
#define OL_IFRAME_CODE f_executable
#define OL_IFRAME_FUNCTION f_funcobj
static inline PyCodeObject *ol_iframe_code(const _PyInterpreterFrame *frame) {
  return PyCode_Check(frame->f_executable) ? (PyCodeObject *)frame->f_executable : NULL;
}
#else
#define OL_IFRAME_CODE f_code
#if PY_VERSION_HEX >= 0x030c0000
#define OL_IFRAME_FUNCTION f_funcobj
#else
#define OL_IFRAME_FUNCTION f_func
#endif
static inline PyCodeObject *ol_iframe_code(const _PyInterpreterFrame *frame) { return frame->f_code; }
#endif

static inline ol_frame_view ol_frame_view_of_iframe(_PyInterpreterFrame *frame) {
  return (ol_frame_view){
      .slots = frame->localsplus, .count = frame->stacktop > 0 ? frame->stacktop : 0, .code = ol_iframe_code(frame)};
}

static inline int ol_iframe_line(_PyInterpreterFrame *frame) {
  PyCodeObject *code = ol_iframe_code(frame);
  return code == NULL ? 0 : PyCode_Addr2Line(code, _PyInterpreterFrame_LASTI(frame) * (int)sizeof(_Py_CODEUNIT));
}

static inline bool ol_running_frame_view(void *opaque, ol_frame_view *ret) {
  _PyInterpreterFrame *frame = opaque;
#if PY_VERSION_HEX >= 0x030c0000
  if (frame->owner == FRAME_OWNED_BY_CSTACK) return false;
#endif
  *ret = ol_frame_view_of_iframe(frame);
  if (ret->code == NULL) return false;
  ret->line = ol_iframe_line(frame);
  return true;
}

static inline bool ol_is_generator(const PyTypeObject *type) {
  return type == &PyGen_Type || type == &PyCoro_Type || type == &PyAsyncGen_Type;
}

/* False when there is none, or no longer one of its own. */
static inline bool ol_frame_view_of(PyObject *object, ol_frame_view *ret) {
  if (ol_is_generator(Py_TYPE(object))) {
    PyGenObject *generator = (PyGenObject *)object;
    if (generator->gi_frame_state >= FRAME_COMPLETED) return false;
    *ret = ol_frame_view_of_iframe((_PyInterpreterFrame *)generator->gi_iframe);
    ret->line = ol_iframe_line((_PyInterpreterFrame *)generator->gi_iframe);
    return ret->code != NULL;
  }
  PyFrameObject *frame = (PyFrameObject *)object;
  if (frame->f_frame == NULL) return false;
  *ret = ol_frame_view_of_iframe(frame->f_frame);
  if (frame->f_frame->owner != FRAME_OWNED_BY_FRAME_OBJECT) ret->count = 0; /* whose they are shows them */
  if (ret->code != NULL) ret->line = PyFrame_GetLineNumber(frame);
  return ret->code != NULL;
}

static inline ol_state ol_generator_state(PyObject *object) {
  switch (((PyGenObject *)object)->gi_frame_state) {
    case FRAME_CREATED: return OL_STATE_CREATED;
    case FRAME_SUSPENDED: return OL_STATE_SUSPENDED;
#if PY_VERSION_HEX >= 0x030d0000
    case FRAME_SUSPENDED_YIELD_FROM: return OL_STATE_SUSPENDED;
#endif
    case FRAME_EXECUTING: return OL_STATE_RUNNING;
    case FRAME_COMPLETED:
    case FRAME_CLEARED: return OL_STATE_FINISHED;
    default: return OL_STATE_UNKNOWN;
  }
}

static inline ol_state ol_frame_state(PyObject *object) {
  _PyInterpreterFrame *frame = ((PyFrameObject *)object)->f_frame;
  if (frame == NULL) return OL_STATE_UNKNOWN;
  if (frame->owner == FRAME_OWNED_BY_FRAME_OBJECT) return OL_STATE_FINISHED;
  if (frame->owner == FRAME_OWNED_BY_GENERATOR)
    return ol_generator_state((PyObject *)((char *)frame - offsetof(PyGenObject, gi_iframe)));
  return OL_STATE_RUNNING;
}

/* Words of a frame's owner, from the one returned to before `ret_end`, that hold borrowed pointers: globals, builtins. */
static inline int ol_frame_borrowed(const PyTypeObject *type, int *ret_end) {
  size_t start = type == &PyFrame_Type ? offsetof(PyFrameObject, _f_frame_data) : offsetof(PyGenObject, gi_iframe);
  *ret_end = (int)((start + offsetof(_PyInterpreterFrame, f_builtins)) / sizeof(PyObject *)) + 1;
  return (int)((start + offsetof(_PyInterpreterFrame, f_globals)) / sizeof(PyObject *));
}

static inline int ol_frame_parts(const PyTypeObject *type, ol_frame_part *ret) {
  int64_t start = offsetof(PyGenObject, gi_iframe);
  const char *code = "gi_code", *frame = "gi_frame";
  if (type == &PyFrame_Type) start = offsetof(PyFrameObject, _f_frame_data), code = "f_code", frame = "<frame>";
  else if (type == &PyCoro_Type) code = "cr_code", frame = "cr_frame";
  else if (type == &PyAsyncGen_Type) code = "ag_code", frame = "ag_frame";
  else if (type != &PyGen_Type) return 0;
  ret[0] = (ol_frame_part){start + (int64_t)offsetof(_PyInterpreterFrame, OL_IFRAME_CODE), code};
  ret[1] = (ol_frame_part){start + (int64_t)offsetof(_PyInterpreterFrame, OL_IFRAME_FUNCTION), "<function>"};
  ret[2] = (ol_frame_part){start + (int64_t)offsetof(_PyInterpreterFrame, f_locals), "<locals mapping>"};
  ret[3] = (ol_frame_part){start + (int64_t)offsetof(_PyInterpreterFrame, frame_obj), frame};
  return 4;
}
