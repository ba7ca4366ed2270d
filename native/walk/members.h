/* What the fields of C types are called: the standard library's structs tell nobody, and a label must be readable.
 *
 * tp_members names some; the rest stands in members_3XX.h, one table per version, made from debug information by
 * tools/native_members. A row holds for a type of this name *and* this size only, so that another build's or a patch
 * release's other struct stays without names rather than with wrong ones.
 */
#ifndef OUTLIVE_WALK_MEMBERS_H
#define OUTLIVE_WALK_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "walk/cpython.h"

/* How a type's state is read from its fields: see states.c. */
typedef enum ol_reading {
  OL_READ_NOTHING,
  OL_READ_FUTURE,
  OL_READ_TASK,
  OL_READ_NEGATIVE_IS_CLOSED,
  OL_READ_NULL_IS_CLOSED,
  OL_READ_SET_IS_CLOSED,
  OL_READ_NULL_IS_EXHAUSTED,
  OL_READ_OVER, /* over another file: ok, detached, what it stands on */
  OL_READ_LOCK,
  OL_READ_TOKEN,
  /* by public headers */
  OL_READ_GENERATOR,
  OL_READ_FRAME,
  OL_READ_WEAKREF,
  OL_READ_MEMORYVIEW
} ol_reading;

enum { OL_STATE_FIELDS = 3 };

/* `bytes` 0: no such field. `mask` 0: all bits. */
typedef struct ol_state_field {
  uint16_t offset;
  uint8_t bytes, mask;
} ol_state_field;

typedef struct ol_native_members {
  const char *type_name;
  uint16_t basic_bytes;
  const char *names; /* "24 start,32 stop": byte offset, name */
} ol_native_members;

typedef struct ol_native_state {
  const char *type_name;
  uint16_t basic_bytes;
  ol_reading reading;
  ol_state_field fields[OL_STATE_FIELDS];
} ol_native_state;

/* One name of `type` itself, not of its bases. */
typedef bool (*ol_member_visitor)(void *context, int64_t offset, const char *name, size_t length);

/* Every named field of `type`'s instances, its bases' included, nearest first: where two name one offset, the first
 * one is right. Runs no Python. False when the visitor said so. */
bool ol_visit_members(PyTypeObject *type, PyInterpreterState *interp, ol_member_visitor visit, void *context);

/* Types that the collector does not know, and that hold references all the same: where they stand. 0: `type` is none of
 * these. Writes at most `room` offsets. */
int ol_owned_fields(PyTypeObject *type, PyInterpreterState *interp, uint16_t *offsets, int room);

/* How to read the state of `type`'s instances, the nearest base's where it has no row. NULL: not known. */
const ol_native_state *ol_state_of_type(PyTypeObject *type, PyInterpreterState *interp);

/* Once per process, with the GIL. False with a Python error set. */
bool ol_members_learn(void);

#endif
