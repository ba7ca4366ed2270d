/* The one door to CPython's headers, internal ones included. Only walk/, stamps/ and binding/ come through it.
 *
 * Each supported version has one file of layout facts (layout_3XX.h) with the same set of functions, listed in
 * layout.h; nothing outside those files asks for a version.
 */
#ifndef OUTLIVE_WALK_CPYTHON_H
#define OUTLIVE_WALK_CPYTHON_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_BUILD_CORE_MODULE
#define Py_BUILD_CORE_MODULE 1
#endif
#include <Python.h>
#include <frameobject.h>

#ifdef Py_GIL_DISABLED
#error "Outlive cannot walk a free-threaded CPython yet: it has no collector lists and another object header."
#endif
#if PY_VERSION_HEX < 0x030a0000 || PY_VERSION_HEX >= 0x030e0000
#error "Outlive knows the layouts of CPython 3.10 to 3.13."
#endif

/* 3.12+ keep two definitions of this macro, one public and one internal. */
#undef _PyGC_FINALIZED
#include "internal/pycore_interp.h"
#include "internal/pycore_pystate.h"
#include "internal/pycore_gc.h"
#include "internal/pycore_object.h"
#include "internal/pycore_context.h"
#include "internal/pycore_hamt.h"
#if PY_VERSION_HEX >= 0x030b0000
#include "internal/pycore_dict.h"
#include "internal/pycore_frame.h"
#endif

#endif
