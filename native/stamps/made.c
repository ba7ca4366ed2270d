/* Nearly all the time goes to reading what an object's type is, in an order that the collector's lists have and memory
 * has not. So the type decides first, through a small table of what was decided before; only objects of a wanted type
 * have their stamp looked up. */
#include "stamps/made.h"

#include "stamps/kept_types.h"
#include "walk/layout.h"

enum { VERDICT_SLOTS = 512 };

uint64_t ol_stamp_of_object(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  if (ol_stamps_now.mode == OL_STAMPS_OFF || ol_stamps_now.lost) return 0;
  if (ol_stamps_now.mode == OL_STAMPS_ALLOCATOR && ol_type_is_kept(type)) return 0;
  if (!ol_stamps_are_worn_by(type)) return 0;
  return ol_stamp_of((uintptr_t)object, ol_preheader_bytes(type));
}

typedef struct verdict {
  const PyTypeObject *type;
  bool wanted;
} verdict;

typedef struct search {
  uint32_t since;
  const uint32_t *scope;
  PyObject *types, *found;
  verdict verdicts[VERDICT_SLOTS];
} search;

static bool is_wanted_type(search *s, PyTypeObject *type) {
  verdict *known = &s->verdicts[((uintptr_t)type >> 4 ^ (uintptr_t)type >> 13) % VERDICT_SLOTS];
  if (known->type == type) return known->wanted;
  *known = (verdict){.type = type, .wanted = false};
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(s->types) && !known->wanted; i++)
    known->wanted = PyType_IsSubtype(type, (PyTypeObject *)PyTuple_GET_ITEM(s->types, i));
  return known->wanted;
}

static bool was_made_so(const search *s, PyObject *object) {
  if (s->since == 0 && s->scope == NULL) return true;
  uint64_t stamp = ol_stamp_of_object(object);
  uint32_t tick = ol_stamp_tick(stamp);
  if (tick < s->since || tick == OL_TICK_BETWEEN) return false;
  return s->scope == NULL || (stamp != 0 && ol_stamp_place(stamp).scope == *s->scope);
}

/* False with an error set. What is being unmade (no references) is left alone. */
static bool look_at(search *s, PyObject *object) {
  if (!is_wanted_type(s, Py_TYPE(object)) || Py_REFCNT(object) <= 0 || object == s->found) return true;
  return !was_made_so(s, object) || PyList_Append(s->found, object) == 0;
}

static bool search_list(search *s, const PyGC_Head *head) {
  for (PyGC_Head *item = ol_gc_next(head); item != head;) {
    PyGC_Head *next = item != NULL ? ol_gc_next(item) : NULL;
    if (next == NULL) return PyErr_SetString(PyExc_RuntimeError, "the collector's lists are damaged"), false;
    __builtin_prefetch(next);
    if (!look_at(s, ol_from_gc(item))) return false;
    item = next;
  }
  return true;
}

PyObject *ol_made(uint32_t since, const uint32_t *scope, PyObject *types) {
  search s = {.since = since, .scope = scope, .types = types, .found = PyList_New(0)};
  if (s.found == NULL) return NULL;
  int was_enabled = PyGC_Disable(); /* the lists must not move under us */
  bool ok = true;
  PyInterpreterState *interp = PyInterpreterState_Get();
  for (int list = 0; ok && list < OL_GC_LISTS; list++) ok = search_list(&s, ol_gc_list(interp, list));
  if (was_enabled) PyGC_Enable();
  if (!ok) Py_CLEAR(s.found);
  return s.found;
}
