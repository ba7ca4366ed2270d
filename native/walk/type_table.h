/* What the walk must know of each type, found once and kept beside it.
 *
 * Open addressing by the type object's address; at most some ten thousand types live in a process. The table is made
 * anew by every walk: types die, and their addresses are used again.
 */
#ifndef OUTLIVE_WALK_TYPE_TABLE_H
#define OUTLIVE_WALK_TYPE_TABLE_H

#include "graph/reserve.h"
#include "walk/layout.h"
#include "walk/members.h"

/* How a type's instances are walked and measured. */
typedef enum ol_kind {
  OL_KIND_GENERIC, /* by tp_traverse */
  OL_KIND_LEAF,    /* nothing to follow */
  OL_KIND_STR,
  OL_KIND_INT,
  OL_KIND_TUPLE,
  OL_KIND_LIST,
  OL_KIND_DICT,
  OL_KIND_DICT_SUBCLASS,
  OL_KIND_SET,
  OL_KIND_DEQUE,
  OL_KIND_CODE,
  OL_KIND_TYPE,
  OL_KIND_MODULE,
  OL_KIND_DESCRIPTOR,
  OL_KIND_FIELDS, /* untracked builtin whose pointers stand at fixed offsets */
  OL_KIND_NDARRAY,
  OL_KIND_LRU_CACHE,
  OL_KIND_SEQUENCE_SUBCLASS, /* of list, tuple or deque */
  OL_KIND_SET_SUBCLASS,
  OL_KIND_FUNCTION,
  OL_KIND_FRAME, /* frames and what owns one: generators, coroutines, async generators */
  OL_KIND_CONTEXT_VARIABLE,
  OL_KIND_DATETIME, /* with a time zone in it, or none */
  OL_KIND_HAMT_PAIRS,
  OL_KIND_HAMT_ARRAY
} ol_kind;

enum { OL_FIELDS_MAX = 12 };

/* What a detailed walk remembers of a type's instances. */
enum {
  OL_NOTE_STATE = 1,  /* it has a state that can be read */
  OL_NOTE_LINE = 2,   /* code, function, frame */
  OL_NOTE_MODULE = 4, /* has a __file__ */
  OL_NOTE_THREAD = 8, /* has a _name */
  OL_NOTE_HIDDEN = 16 /* may hold references that it does not show */
};

typedef struct ol_type_info {
  PyTypeObject *type; /* NULL: empty slot */
  uint32_t node;
  uint32_t index; /* dense, from 0, in order of finding */
  ol_kind kind;
  bool heap;    /* instances hold a reference to their type, which no one else shows */
  bool visits;  /* has a tp_traverse that may be called */
  bool inlines; /* may keep attributes without a dict */
  uint32_t preheader_bytes;
  uint32_t basic_bytes;
  uint32_t item_bytes;
  PyCFunction size_method; /* C-level __sizeof__, NULL: basic + items */
  uint16_t fields[OL_FIELDS_MAX];
  uint8_t field_count;
  uint8_t notes;
  const ol_native_state *state; /* with OL_NOTE_STATE */
  uint32_t hidden_end;          /* with OL_NOTE_HIDDEN: where the memory ends that C code laid out */
} ol_type_info;

typedef struct ol_type_table {
  ol_reserve slots; /* ol_type_info[capacity] */
  uint32_t capacity;
  uint32_t count;
  bool detailed; /* fill `notes` and `state` */
} ol_type_table;

bool ol_type_table_init(ol_type_table *table);
void ol_type_table_clear(ol_type_table *table);
void ol_type_table_deinit(ol_type_table *table);

/* The row of `type`, made and filled but for `node` (0) when new. NULL: no memory. A row moves when the table grows:
 * keep no pointer over a call. */
ol_type_info *ol_type_table_get(ol_type_table *table, PyTypeObject *type, PyInterpreterState *interp);

/* Look up a name along the type's MRO without touching the method cache. Borrowed; NULL when absent. */
PyObject *ol_type_lookup(PyTypeObject *type, PyObject *name, PyInterpreterState *interp);

/* Is `type` made by a class statement on top of threading.Thread, or that class itself? By name: nothing is imported. */
bool ol_is_thread_type(PyTypeObject *type);

/* Names the walk looks up, made once per process. False with a Python error set. */
bool ol_type_table_learn(void);

#endif
