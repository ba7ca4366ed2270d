/* Freed memory that Python reads as text.
 *
 * The fill is no text, so whatever decodes it asks the error handler "strict" what to do. We put a function of ours in its place,
 * which looks at what was decoded, tells if it is the fill of a block that is kept, and then does what "strict" does:
 * raise that error. So it is told in the moment of reading, with the stack of who reads, also where the program
 * catches the error. Decoders that are asked to replace, ignore or escape never ask, and pass unseen; so do pieces
 * shorter than a word of the fill, and sub-interpreters.
 *
 * The interpreter calls us with its lock held (Py_AddPendingCall) when, once it is initialised, a Python line has freed something.
 */
#ifndef OUTLIVE_PRELOAD_GUARD_PYTHON_H
#define OUTLIVE_PRELOAD_GUARD_PYTHON_H

#include "preload/table.h"

/* Memory of one of Python's domains given to another. PyObject_Malloc and PyMem_Malloc hand what is large to malloc, and
 * leave a place of their own on the stack when they do; PyMem_RawMalloc and its free leave none, they jump. Both are
 * found out by trying, once, when the interpreter calls us. What was asked for in somebody's module without that place, and
 * comes back through PyObject_Free or PyMem_Free, was made by malloc or PyMem_RawMalloc; and the other way round. Told only
 * where the wrong side stands in a module other than the interpreter. Refuses: what realloc made, the difference
 * between PyMem and PyObject, which release builds do not make, and between raw and malloc, which are the same.
 */

/* What is wrong about it, or NULL. Inside of the recorder. */
const char *ol_guard_python_mismatch(const ol_block *made, const ol_block *freed);

/* A Python that we can read runs on this thread. Not inside of the recorder. */
void ol_guard_python_begin(void);

#endif
