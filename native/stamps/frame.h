/* Where a thread stands in its Python code: the one fact of the stamps that differs by version. Nothing here allocates,
 * writes or runs Python. Frames that have no line yet (entry frames of the C stack, a function's prologue, which makes
 * its cells and its generator) are passed over, as the interpreter's own tracebacks do.
 */
#ifndef OUTLIVE_STAMPS_FRAME_H
#define OUTLIVE_STAMPS_FRAME_H

#include <pthread.h>
#include <string.h>

#include "walk/cpython.h"

#if PY_VERSION_HEX >= 0x030b0000

typedef _PyInterpreterFrame ol_frame;
static inline ol_frame *ol_frame_below(const ol_frame *frame) { return frame->previous; }

#if PY_VERSION_HEX >= 0x030d0000
static inline ol_frame *ol_frame_of(const PyThreadState *thread) { return thread->current_frame; }
static inline const _Py_CODEUNIT *ol_frame_instruction(const ol_frame *frame) { return frame->instr_ptr; }
static inline PyCodeObject *ol_frame_code(const ol_frame *frame) {
  PyObject *code = frame->f_executable;
  return frame->owner != FRAME_OWNED_BY_CSTACK && code != NULL && PyCode_Check(code) ? (PyCodeObject *)code : NULL;
}
#else
static inline ol_frame *ol_frame_of(const PyThreadState *thread) {
  return thread->cframe != NULL ? thread->cframe->current_frame : NULL;
}
static inline const _Py_CODEUNIT *ol_frame_instruction(const ol_frame *frame) { return frame->prev_instr; }
static inline PyCodeObject *ol_frame_code(const ol_frame *frame) {
#if PY_VERSION_HEX >= 0x030c0000
  if (frame->owner == FRAME_OWNED_BY_CSTACK) return NULL;
#endif
  return frame->f_code;
}
#endif

/* The code that runs in the frame and the byte offset of its instruction. False: the frame has no line. Code and
 * instruction alone decide it: a generator that an exception is thrown into before its first line has none, either. */
static inline bool ol_frame_place(const ol_frame *frame, PyCodeObject **ret_code, int32_t *ret_offset) {
  PyCodeObject *code = ol_frame_code(frame);
  if (code == NULL) return false;
  Py_ssize_t unit = ol_frame_instruction(frame) - _PyCode_CODE(code);
  if (unit < code->_co_firsttraceable) return false;
  *ret_code = code;
  *ret_offset = (int32_t)unit * (int32_t)sizeof(_Py_CODEUNIT);
  return true;
}

static inline PyObject *ol_code_function(const PyCodeObject *code) { return code->co_qualname; }

#else /* 3.10: frames are objects; the function's name is all that a code object knows */

typedef PyFrameObject ol_frame;
static inline ol_frame *ol_frame_below(const ol_frame *frame) { return frame->f_back; }
static inline ol_frame *ol_frame_of(const PyThreadState *thread) { return thread->frame; }
static inline PyCodeObject *ol_frame_code(const ol_frame *frame) { return frame->f_code; }
static inline bool ol_frame_place(const ol_frame *frame, PyCodeObject **ret_code, int32_t *ret_offset) {
  *ret_code = frame->f_code;
  *ret_offset = frame->f_lasti * 2;
  return frame->f_code != NULL;
}
static inline PyObject *ol_code_function(const PyCodeObject *code) { return code->co_name; }

#endif

/* A value that tells a code object from a later one at its address. From 3.12 on each has a number of its own; before,
 * the addresses of its parts, its names and both ends of its line table must do. */
#if PY_VERSION_HEX >= 0x030c0000
static inline uint64_t ol_code_number(const PyCodeObject *code) { return code->co_version; }
#else
/* Of the end of a name, where names differ. */
static inline uint64_t ol_name_check(PyObject *name) {
  enum { BYTES_READ = 64 };
  uint64_t mixed = 0;
  if (name == NULL || !PyUnicode_Check(name) || !PyUnicode_IS_READY(name)) return mixed;
  const unsigned char *bytes = (const unsigned char *)PyUnicode_DATA(name);
  size_t count = (size_t)PyUnicode_GET_LENGTH(name) * (size_t)PyUnicode_KIND(name);
  for (size_t i = count > BYTES_READ ? count - BYTES_READ : 0; i < count; i++)
    mixed = (mixed ^ bytes[i]) * 0x100000001b3ull;
  return mixed;
}

static inline uint64_t ol_code_number(const PyCodeObject *code) {
  const char *lines = PyBytes_AS_STRING(code->co_linetable);
  size_t bytes = (size_t)PyBytes_GET_SIZE(code->co_linetable);
  uint64_t head = bytes, tail = (uintptr_t)code->co_consts >> 4;
  if (bytes >= sizeof head) {
    memcpy(&head, lines, sizeof head);
    memcpy(&tail, lines + bytes - sizeof tail, sizeof tail);
  } else {
    for (size_t i = 0; i < bytes; i++) head = head << 8 | (unsigned char)lines[i];
  }
  return (head * 0x9e3779b97f4a7c15ull ^ tail) + bytes + ol_name_check(code->co_filename) +
         3 * ol_name_check(code->co_name);
}
#endif
static inline uint32_t ol_code_check(const PyCodeObject *code) {
  uint64_t mixed = ol_code_number(code) * 0xc2b2ae3d27d4eb4full ^ (uintptr_t)code->co_linetable << 16 ^
                   (uintptr_t)code->co_name << 3 ^ (uint64_t)(uint32_t)code->co_firstlineno << 40;
  return (uint32_t)(mixed * 0x9e3779b97f4a7c15ull >> 32);
}

/* A number for where a frame stands, of no other place as long as its code object lives; never 0, nor 1. */
static inline uint64_t ol_frame_number(const ol_frame *frame) {
#if PY_VERSION_HEX >= 0x030b0000
  return (uintptr_t)ol_frame_instruction(frame); /* the instructions lie within the code object */
#else
  return (uint64_t)(uintptr_t)frame->f_code << 16 ^ (uint32_t)(frame->f_lasti + 1); /* 20 bits to the next object */
#endif
}

/* The thread state of whoever calls, if it holds the GIL; else NULL. Before 3.12 the interpreter only knows who holds
 * it, so that it is asked whether that is us. */
static inline PyThreadState *ol_calling_thread(void) {
  PyThreadState *thread = _PyThreadState_GET();
#if PY_VERSION_HEX < 0x030c0000
  if (thread != NULL && thread->thread_id != (unsigned long)pthread_self()) return NULL;
#endif
  return thread;
}

#endif
