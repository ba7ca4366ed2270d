/* The text of a str as UTF-8, without asking the str to make it: that would allocate and keep it. */
#ifndef OUTLIVE_STAMPS_SPELLING_H
#define OUTLIVE_STAMPS_SPELLING_H

#include "walk/cpython.h"

/* Write at most `limit` bytes, whole characters only; how many. 0 for what is no str. */
size_t ol_spell(PyObject *str, char *buffer, size_t limit);

#endif
