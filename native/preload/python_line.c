#include "preload/python_line.h"

#include <string.h>

#include "stamps/frame.h"
#include "stamps/spelling.h"

/* All of Python that is named here is there or is not: the same object is loaded into programs without it. */
#pragma weak PyCode_Type
#pragma weak PyCode_Addr2Line
#pragma weak PyGILState_GetThisThreadState
#pragma weak Py_GetVersion
#pragma weak _PyRuntime
#if PY_VERSION_HEX >= 0x030c0000
#pragma weak _PyThreadState_GetCurrent
#endif
#if PY_VERSION_HEX >= 0x030d0000
#pragma weak Py_IsFinalizing
static bool is_ending(void) { return Py_IsFinalizing() != 0; }
static bool can_tell_ending(void) { return Py_IsFinalizing != NULL; }
#else
#pragma weak _Py_IsFinalizing
static bool is_ending(void) { return _Py_IsFinalizing() != 0; }
static bool can_tell_ending(void) { return _Py_IsFinalizing != NULL; }
#endif

enum { FRAMES_PASSED_MAX = 64 };

uint32_t ol_python_built_for(void) { return PY_VERSION_HEX; }

uint32_t ol_python_here(void) {
  if (&PyCode_Type == NULL || Py_GetVersion == NULL) return 0;
  uint32_t major = 0, minor = 0;
  const char *text = Py_GetVersion();
  for (; *text >= '0' && *text <= '9'; text++) major = major * 10 + (uint32_t)(*text - '0');
  for (text += *text == '.'; *text >= '0' && *text <= '9'; text++) minor = minor * 10 + (uint32_t)(*text - '0');
  return major << 24 | minor << 16;
}

uintptr_t ol_python_code_address(void) { return (uintptr_t)PyGILState_GetThisThreadState; }

void ol_python_lines_init(ol_python_lines *lines) {
  bool known = ol_python_here() == (ol_python_built_for() & 0xffff0000u) && PyCode_Addr2Line != NULL &&
               PyGILState_GetThisThreadState != NULL && can_tell_ending();
  lines->usable = known && ol_sites_init(&lines->sites);
}

#if PY_VERSION_HEX >= 0x030b0000

enum { THREADS_MAX = 1 << 16, CHUNKS_MAX = 1 << 12 };

static bool visit_chunks(const PyThreadState *thread, ol_python_stack_visit *visit, void *context) {
  const _PyStackChunk *chunk = thread->datastack_chunk;
  for (int i = 0; chunk != NULL && i < CHUNKS_MAX; i++, chunk = chunk->previous) {
    uintptr_t start = (uintptr_t)chunk, end = start + chunk->size;
    uintptr_t live_end = i == 0 ? (uintptr_t)thread->datastack_top : (uintptr_t)(chunk->data + chunk->top);
    if (live_end < start || live_end > end || end < start) return true; /* caught in the middle of a change */
    if (!visit(context, start, live_end, end)) return false;
  }
  return true;
}

bool ol_python_stacks(const ol_python_lines *lines, ol_python_stack_visit *visit, void *context) {
  if (!lines->usable || &_PyRuntime == NULL || is_ending()) return true;
  int count = 0;
  for (const PyInterpreterState *one = _PyRuntime.interpreters.head; one != NULL; one = one->next)
    for (const PyThreadState *thread = one->threads.head; thread != NULL && count < THREADS_MAX; count++) {
      if (!visit_chunks(thread, visit, context)) return false;
      thread = thread->next;
    }
  return true;
}

#else

bool ol_python_stacks(const ol_python_lines *lines, ol_python_stack_visit *visit, void *context) {
  (void)lines, (void)visit, (void)context;
  return true;
}

#endif

static uint32_t learn(ol_sites *sites, PyCodeObject *code, int32_t offset, uint32_t check) {
  char file[OL_SITE_TEXT_MAX], function[512];
  size_t file_bytes = ol_spell(code->co_filename, file, sizeof file);
  size_t function_bytes = ol_spell(ol_code_function(code), function, sizeof function);
  int line = PyCode_Addr2Line(code, offset); /* reads the line table and nothing else */
  if (line < 0) line = code->co_firstlineno;
  uint32_t site = ol_sites_make(sites, line < 0 ? 0 : (uint32_t)line, file, file_bytes, function, function_bytes);
  ol_sites_remember(sites, (uintptr_t)code, offset, check, site);
  return site;
}

typedef struct place {
  PyCodeObject *code;
  int32_t offset;
  uint32_t check;
} place;

static uint32_t places_of(const PyThreadState *thread, place *ret, uint64_t *ret_hash) {
  uint32_t count = 0, passed = 0;
  uint64_t hash = 0;
  for (const ol_frame *frame = ol_frame_of(thread);
       frame != NULL && passed < FRAMES_PASSED_MAX && count < OL_PYTHON_DEPTH;
       frame = ol_frame_below(frame), passed++) {
    place *at = &ret[count];
    if (!ol_frame_place(frame, &at->code, &at->offset)) continue;
    at->check = ol_code_check(at->code);
    hash = (hash ^ hash >> 29 ^ (uintptr_t)at->code ^ (uint64_t)at->check << 32) * 0x9e3779b97f4a7c15ull +
           (uint32_t)at->offset;
    count++;
  }
  *ret_hash = hash | 1;
  return count;
}

static uint32_t chain_of(ol_sites *sites, const place *places, uint32_t count) {
  uint32_t parent = OL_SITE_UNKNOWN;
  for (uint32_t i = count; i > 0; i--) {
    const place *at = &places[i - 1];
    uint32_t site = ol_sites_recall(sites, (uintptr_t)at->code, at->offset, at->check);
    if (site == OL_SITE_NOT_SEEN) site = learn(sites, at->code, at->offset, at->check);
    parent = ol_sites_under(sites, site, parent);
  }
  return parent;
}

uint32_t ol_python_line(ol_python_lines *lines, ol_python_memory *memory) {
  if (!lines->usable || is_ending()) return OL_SITE_UNKNOWN;
  const PyThreadState *thread = PyGILState_GetThisThreadState();
  if (thread == NULL) return OL_SITE_UNKNOWN;
  place places[OL_PYTHON_DEPTH];
  uint64_t hash;
  uint32_t count = places_of(thread, places, &hash);
  if (count == 0) return OL_SITE_UNKNOWN;
  uint32_t slot = (uint32_t)(hash >> 40) % OL_PYTHON_CHAINS;
  if (memory->chains[slot].hash == hash) return memory->chains[slot].site;
  ol_spin_lock(&lines->lock);
  uint32_t site = chain_of(&lines->sites, places, count);
  ol_spin_unlock(&lines->lock);
  memory->chains[slot].hash = hash;
  memory->chains[slot].site = site;
  return site;
}

void ol_python_lines_after_fork(ol_python_lines *lines) {
  if (atomic_load(&lines->lock.held) != 0) lines->usable = false;
  ol_spin_unlock(&lines->lock);
}
