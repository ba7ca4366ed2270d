#include "preload/guard_python.h"

#include "walk/cpython.h"

#include "preload/guard_judge.h"

#pragma weak Py_AddPendingCall
#pragma weak Py_IsInitialized
#pragma weak PyCFunction_NewEx
#pragma weak PyCMethod_New
#pragma weak PyCodec_RegisterError
#pragma weak PyCodec_StrictErrors
#pragma weak PyExc_UnicodeDecodeError
#pragma weak PyErr_Clear
#pragma weak PyImport_ImportModule
#pragma weak PyObject_SetAttrString
#pragma weak PyObject_IsInstance
#pragma weak PyUnicodeDecodeError_GetObject
#pragma weak PyUnicodeDecodeError_GetStart
#pragma weak PyBytes_AsStringAndSize
#pragma weak Py_DecRef
#pragma weak PyObject_Malloc
#pragma weak PyObject_Calloc
#pragma weak PyObject_Free
#pragma weak PyMem_Malloc
#pragma weak PyMem_Calloc
#pragma weak PyMem_Free

static void tell(const uint8_t *text, size_t length, const void *frame) {
  static const ol_unwind_edge nowhere;
  uintptr_t frames[OL_STACK_DEPTH_MAX];
  uint32_t serial, phase;
  int program_errno;
  ol_kept kept;
  if (!ol_fill_is_text(text, length, &serial, &phase) || !ol_step_in(&program_errno)) return;
  if (ol_kept_of_serial(serial, &kept)) {
    ol_block here = ol_described(NULL, 0, 0, frame);
    ol_broken_call used = {.role = "used", .thread = here.thread, .site = here.site, .frames = frames};
    used.frame_count = ol_unwind(frame, frames, OL_STACK_DEPTH_MAX, &nowhere);
    ol_broken broken = {.kind = "use-after-free",
                        .words = "read as text: UnicodeDecodeError",
                        .address = kept.made.address,
                        .size = kept.made.size,
                        .offset = phase,
                        .bytes = text,
                        .byte_count = length < OL_SHOWN_BYTES ? (uint32_t)length : OL_SHOWN_BYTES,
                        .call_count = 3,
                        .calls = {ol_broken_made(&kept.made), ol_judge_freed(&kept), used}};
    (void)ol_broken_tell(&broken);
  }
  ol_step_out(program_errno);
}

static void look_at(PyObject *error, const void *frame) {
  Py_ssize_t start = 0, length = 0;
  char *text;
  PyObject *object = PyUnicodeDecodeError_GetObject(error);
  if (object != NULL && PyUnicodeDecodeError_GetStart(error, &start) == 0 &&
      PyBytes_AsStringAndSize(object, &text, &length) == 0 && start >= 0 && start < length)
    tell((const uint8_t *)text + start, (size_t)(length - start), frame);
  if (object == NULL) PyErr_Clear();
  else Py_DecRef(object);
}

static PyObject *strict(PyObject *self, PyObject *error) {
  (void)self;
  if (ol_guarding_all() && PyObject_IsInstance(error, PyExc_UnicodeDecodeError) == 1)
    look_at(error, __builtin_frame_address(0));
  return PyCodec_StrictErrors(error);
}

/* ---- domains ---- */

enum { LARGE = 700, TRIED_MAX = 4 };

/* Where Python's allocators call malloc and free from. Written under the interpreter's lock before `learnt`. */
static struct {
  uint64_t makers[TRIED_MAX], freers[2];
  _Atomic bool learnt;
} domains;

static uint64_t innermost(uint32_t stack) {
  const ol_native_stacks *stacks = &ol_recorder_now.stacks;
  return stack == 0 || stack >= stacks->count ? 0 : stacks->frames[stacks->ends[stack - 1]];
}

static bool in_interpreter(uint64_t address) {
  return address >= ol_recorder_now.interpreter.start && address < ol_recorder_now.interpreter.end;
}

static uint64_t maker_of(void *block) {
  ol_block row;
  if (block == NULL || !ol_forget_block(block, &row)) return 0;
  ol_put_back(&row);
  return innermost(row.stack);
}

static uint64_t freer_of(uintptr_t address) {
  int program_errno;
  ol_kept kept = {.stack = 0};
  if (!ol_step_in(&program_errno)) return 0;
  (void)ol_kept_at(address, &kept);
  ol_step_out(program_errno);
  return innermost(kept.stack);
}

static void learn_domains(void) {
  void *blocks[TRIED_MAX] = {PyObject_Malloc(LARGE), PyMem_Malloc(LARGE), PyObject_Calloc(1, LARGE),
                             PyMem_Calloc(1, LARGE)};
  bool whole = true;
  for (int i = 0; i < TRIED_MAX; i++) {
    domains.makers[i] = maker_of(blocks[i]);
    uintptr_t address = (uintptr_t)blocks[i];
    if (i % 2 == 0) PyObject_Free(blocks[i]);
    else PyMem_Free(blocks[i]);
    if (i < 2) domains.freers[i] = freer_of(address);
    whole &= in_interpreter(domains.makers[i]) && in_interpreter(domains.freers[i % 2]);
  }
  domains.learnt = whole;
}

const char *ol_guard_python_mismatch(const ol_block *made, const ol_block *freed) {
  if (!domains.learnt || made->kind > OL_KIND_CALLOC) return NULL;
  uint64_t maker = innermost(made->stack), freer = innermost(freed->stack);
  if (maker == 0 || freer == 0) return NULL;
  bool by_python = freer == domains.freers[0] || freer == domains.freers[1];
  bool of_python = false;
  for (int i = 0; i < TRIED_MAX; i++) of_python |= maker == domains.makers[i];
  if (by_python && !in_interpreter(maker))
    return "made by malloc or PyMem_RawMalloc, given to PyMem_Free or PyObject_Free";
  if (of_python && !in_interpreter(freer))
    return "made by PyMem_Malloc or PyObject_Malloc, given to free or PyMem_RawFree";
  return NULL;
}

/* ---- the beginning ---- */

/* The module `codecs` has a name for it as well, and programs may compare the two. */
static void name_it(PyObject *function) {
  PyObject *codecs = PyImport_ImportModule("codecs"); /* the interpreter has it since it began */
  if (codecs == NULL || PyObject_SetAttrString(codecs, "strict_errors", function) != 0) PyErr_Clear();
  if (codecs != NULL) Py_DecRef(codecs);
}

static int begin(void *unused) {
  static PyMethodDef definition = {"strict_errors", strict, METH_O, NULL};
  (void)unused;
  PyObject *function = PyCFunction_NewEx(&definition, NULL, NULL);
  if (function == NULL || PyCodec_RegisterError("strict", function) != 0) PyErr_Clear();
  else name_it(function);
  if (function != NULL) Py_DecRef(function);
  if (PyObject_Malloc != NULL && PyObject_Calloc != NULL && PyMem_Malloc != NULL && PyMem_Calloc != NULL)
    learn_domains();
  return 0;
}

void ol_guard_python_begin(void) {
  static _Atomic int begun;
  int not_yet = 0;
  if (atomic_load_explicit(&begun, memory_order_relaxed) != 0 || !ol_guarding_all()) return;
  if (Py_AddPendingCall == NULL || PyCFunction_NewEx == NULL || PyCodec_RegisterError == NULL) return;
  if (Py_IsInitialized == NULL || !Py_IsInitialized())
    return; /* the registry would look for codecs before there are any */
  if (atomic_compare_exchange_strong(&begun, &not_yet, 1) && Py_AddPendingCall(begin, NULL) != 0) begun = 0;
}
