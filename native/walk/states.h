/* What state an object of a C type is in: closed, done, released … Read from its fields; no code of its type runs. */
#ifndef OUTLIVE_WALK_STATES_H
#define OUTLIVE_WALK_STATES_H

#include "walk/members.h"

/* Written to the file: capture/snapshot.py names them alike (NativeState). Never renumber. */
typedef enum ol_state {
  OL_STATE_UNKNOWN = 0,
  OL_STATE_PENDING = 1,   /* future, task */
  OL_STATE_DONE = 2,      /* future, task: a result or an exception */
  OL_STATE_CANCELLED = 3, /* future, task */
  OL_STATE_CANCEL_REQUESTED = 4,
  OL_STATE_CREATED = 5, /* generator, coroutine: never started */
  OL_STATE_SUSPENDED = 6,
  OL_STATE_RUNNING = 7,
  OL_STATE_FINISHED = 8, /* generator, coroutine, frame */
  OL_STATE_OPEN = 9,
  OL_STATE_CLOSED = 10,
  OL_STATE_DETACHED = 11, /* buffer or text file: what it stood on was taken away */
  OL_STATE_UNLOCKED = 12,
  OL_STATE_LOCKED = 13,
  OL_STATE_ALIVE = 14, /* weak reference */
  OL_STATE_DEAD = 15,
  OL_STATE_RELEASED = 16,  /* memoryview */
  OL_STATE_EXHAUSTED = 17, /* iterator that let go of what it iterated */
  OL_STATE_USED = 18       /* context variable's token */
} ol_state;

/* OL_STATE_UNKNOWN where it cannot be told. Needs the GIL; `row` must be that of the object's type. */
ol_state ol_state_of(PyObject *object, const ol_native_state *row, PyInterpreterState *interp);

#endif
