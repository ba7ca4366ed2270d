/* Which makings are worth a stamp where stamps must cost next to nothing: what may have to end, or owns what may.
 *
 * Theory of operation. The tracer shows the object, so that its type decides: everything but the interpreter's own
 * static types (numbers, texts, containers, functions, iterators …), and of those generators, coroutines and
 * asynchronous generators. The allocator knows a size only. Blocks of objects of fixed size are multiples of 8 bytes,
 * those of texts and bytes are not, seven times in eight; and below OL_SPARSE_BYTES_MIN stand numbers, cells, pairs, and
 * objects with one slot, not what has a dict of its own.
 *
 * An address that was stamped is used again by what is not. Nobody clears its place; whoever reads asks the same
 * question of the object's type, and believes a stamp only where each making of such an object writes one.
 */
#ifndef OUTLIVE_STAMPS_SPARSE_H
#define OUTLIVE_STAMPS_SPARSE_H

#include "stamps/kept_types.h"
#include "walk/layout.h"

enum { OL_SPARSE_BYTES_MIN = 48 }; /* an instance with a dict: 48 in 3.10, 56 in 3.11, 48 and more since */

static inline bool ol_sparse_size(size_t bytes) { return bytes >= OL_SPARSE_BYTES_MIN && bytes % 8 == 0; }

static inline bool ol_is_generator_type(const PyTypeObject *type) {
  return type == &PyGen_Type || type == &PyCoro_Type || type == &PyAsyncGen_Type;
}

#if PY_VERSION_HEX >= 0x030d0000
/* Of numbers and texts, which are most of what is made, the flags alone say no. */
static inline bool ol_sparse_type(const PyTypeObject *type) {
  unsigned long flags = type->tp_flags & (_Py_TPFLAGS_STATIC_BUILTIN | Py_TPFLAGS_HAVE_GC);
  if (flags == _Py_TPFLAGS_STATIC_BUILTIN) return false;
  return (type->tp_flags & _Py_TPFLAGS_STATIC_BUILTIN) == 0 || ol_is_generator_type(type);
}
#endif

/* Whether every instance of the type is made in a block of a size that is stamped. What has no fixed size is not (texts
 * have none, though their type says so), but for generators, the least of which is large enough; and what is kept for
 * reuse is not made in a block each time. */
static inline bool ol_sparse_sized_type(PyTypeObject *type) {
  if (ol_is_generator_type(type)) return true;
  if (type->tp_itemsize != 0 || PyType_HasFeature(type, Py_TPFLAGS_UNICODE_SUBCLASS) || ol_type_is_kept(type))
    return false;
  return ol_sparse_size(ol_preheader_bytes(type) + (size_t)type->tp_basicsize);
}

#endif
