/* What the interpreter itself holds: the references that no object shows. */
#ifndef OUTLIVE_WALK_ROOTS_H
#define OUTLIVE_WALK_ROOTS_H

#include "walk/layout.h"

/* Every object that `interp` holds by a pointer of its own, with its label. Borrowed pointers are not shown. */
void ol_roots_of_interpreter(PyInterpreterState *interp, ol_root_visitor visit, void *context);

/* The same for one thread; its running frames are nodes of their own (ol_first_frame). */
void ol_roots_of_thread(PyThreadState *thread, ol_root_visitor visit, void *context);

/* The name of a root's label, into buffer[OL_ROOT_NAME_MAX]: the list's, or a signal handler's. */
enum { OL_SIGNALS = 65, OL_ROOT_LABELS = OL_ROOT_COUNT + OL_SIGNALS, OL_ROOT_NAME_MAX = 80 };
size_t ol_root_name(int label, char *buffer);

/* Once per process, with the GIL. False with a Python error set. */
bool ol_roots_learn(void);

#endif
