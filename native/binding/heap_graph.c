/* outlive._core.HeapGraph: the passes of native/graph over arrays that somebody lends. No logic of its own.
 *
 * The GIL is released while a pass runs: the arrays are lent for as long as the HeapGraph lives, and nobody may write to
 * them (a mapped snapshot is read-only). Nothing is changed in the object after __init__, so threads may share it.
 */
#include "binding/core.h" /* first: it says which parts of Python.h are wanted */

#include "binding/column.h"
#include "graph/closure.h"
#include "graph/components.h"
#include "graph/dominators.h"
#include "graph/graph.h"
#include "graph/holders.h"
#include "graph/referrers.h"
#include "graph/wakes.h"

typedef struct {
  PyObject_HEAD Py_buffer edge_start, targets;
  ol_graph graph;
  bool ready;
} HeapGraphObject;

static int graph_init(HeapGraphObject *self, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"", "", NULL};
  PyObject *edge_start, *targets;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO", names, &edge_start, &targets)) return -1;
  if (self->ready) return PyErr_SetString(PyExc_RuntimeError, "HeapGraph is initialised already"), -1;
  if (ol_array_view(edge_start, "edge_start", 8, &self->edge_start) < 0) return -1;
  if (ol_array_view(targets, "targets", 4, &self->targets) < 0) return PyBuffer_Release(&self->edge_start), -1;
  const uint64_t *starts = self->edge_start.buf, start_count = (uint64_t)self->edge_start.len / 8;
  const uint64_t target_count = (uint64_t)self->targets.len / 4;
  const char *wrong;
  Py_BEGIN_ALLOW_THREADS wrong = ol_graph_check(starts, start_count, self->targets.buf, target_count);
  Py_END_ALLOW_THREADS if (wrong != NULL) {
    PyErr_Format(PyExc_ValueError, "no heap: %s", wrong);
    PyBuffer_Release(&self->edge_start);
    PyBuffer_Release(&self->targets);
    return -1;
  }
  self->graph = (ol_graph){starts, self->targets.buf, (uint32_t)(start_count - 1), (uint32_t)target_count};
  self->ready = true;
  return 0;
}

static void graph_dealloc(HeapGraphObject *self) {
  if (self->ready) PyBuffer_Release(&self->edge_start), PyBuffer_Release(&self->targets);
  Py_TYPE(self)->tp_free(self);
}

/* The arrays of one call, and what is to be released when it is over. */
typedef struct arguments {
  const HeapGraphObject *self;
  Py_buffer views[6];
  int view_count;
  ol_cuts cuts, extra;
  ol_sleepers sleepers;
} arguments;

static bool begin(arguments *a, const HeapGraphObject *self) {
  *a = (arguments){.self = self};
  if (!self->ready) PyErr_SetString(PyExc_RuntimeError, "HeapGraph was not initialised");
  return self->ready;
}

/* The array's numbers, or NULL with an error set. `*count` is how many; a pointer to nothing where there are none. */
static const void *numbers(arguments *a, PyObject *object, const char *name, int item_bytes, uint32_t *count) {
  Py_buffer *view = &a->views[a->view_count];
  if (ol_array_view(object, name, item_bytes, view) < 0) return NULL;
  a->view_count++;
  if (view->len / item_bytes >= (Py_ssize_t)OL_NOT_REACHED) return PyErr_Format(PyExc_ValueError, "%s: too many", name);
  *count = (uint32_t)(view->len / item_bytes);
  return view->len != 0 ? view->buf : "";
}

static const uint32_t *nodes(arguments *a, PyObject *object, const char *name, uint32_t *count) {
  const uint32_t *all = numbers(a, object, name, 4, count);
  for (uint32_t i = 0; all != NULL && i < *count; i++)
    if (all[i] >= a->self->graph.node_count)
      return PyErr_Format(PyExc_ValueError, "%s: %u is no node", name, (unsigned)all[i]), NULL;
  return all;
}

/* One number for each of `wanted`, or nothing at all: then *ret is NULL. False with an error set. */
static bool one_each(arguments *a, PyObject *object, const char *name, int item_bytes, uint32_t wanted,
                     const void **ret) {
  uint32_t count = 0;
  *ret = numbers(a, object, name, item_bytes, &count);
  if (*ret == NULL) return false;
  if (count == 0) return *ret = NULL, true;
  if (count == wanted) return true;
  return PyErr_Format(PyExc_ValueError, "%s has %u rows and should have %u", name, (unsigned)count, (unsigned)wanted),
         false;
}

/* 4 where the array has numbers of 4 bytes, else 8: what is neither is refused when it is viewed as 8. */
static int bytes_of_numbers(PyObject *object) {
  Py_buffer view;
  if (PyObject_GetBuffer(object, &view, PyBUF_ND | PyBUF_FORMAT) < 0) return PyErr_Clear(), 8;
  int bytes = view.itemsize == 4 ? 4 : 8;
  PyBuffer_Release(&view);
  return bytes;
}

/* An array of pairs, NULL with an error set. `*count` is how many pairs; `object` may be NULL: none. Where the pass will
 * use them as places (`places`), each number must be a node. */
static const uint32_t *pairs(arguments *a, PyObject *object, const char *name, bool places, uint32_t *count) {
  *count = 0;
  if (object == NULL) return (const uint32_t *)"";
  const uint32_t *all = places ? nodes(a, object, name, count) : numbers(a, object, name, 4, count);
  if (all != NULL && *count % 2 != 0)
    return PyErr_Format(PyExc_ValueError, "%s are pairs: an odd number of them makes no sense", name), NULL;
  *count /= 2;
  return all;
}

static bool cuts(arguments *a, PyObject *object) {
  uint32_t count;
  const uint32_t *all = pairs(a, object, "cuts", false, &count);
  if (all == NULL) return false;
  if (ol_cuts_init(&a->cuts, all, count)) return true;
  return PyErr_NoMemory(), false;
}

static bool extra(arguments *a, PyObject *object) {
  uint32_t count;
  const uint32_t *all = pairs(a, object, "extra", true, &count);
  if (all == NULL) return false;
  if (ol_cuts_init(&a->extra, all, count)) return true;
  return PyErr_NoMemory(), false;
}

/* A sleeper's number need be no node's, but there is no use for a higher one, and a bound on what is reserved. */
static bool sleepers(arguments *a, PyObject *o_members, PyObject *o_keys) {
  uint32_t member_count, key_count;
  const uint32_t *members = pairs(a, o_members, "members", true, &member_count), *keys;
  if (members == NULL || (keys = pairs(a, o_keys, "keys", true, &key_count)) == NULL) return false;
  if (ol_sleepers_init(&a->sleepers, members, member_count, keys, key_count)) return true;
  return PyErr_NoMemory(), false;
}

/* `result` if the pass had the memory it needed. */
static PyObject *end(arguments *a, ol_column *result, bool ok) {
  while (a->view_count > 0) PyBuffer_Release(&a->views[--a->view_count]);
  ol_cuts_deinit(&a->cuts);
  ol_cuts_deinit(&a->extra);
  ol_sleepers_deinit(&a->sleepers);
  if (ok && result != NULL) return (PyObject *)result;
  Py_XDECREF(result);
  if (!PyErr_Occurred()) PyErr_NoMemory();
  return NULL;
}

static PyObject *graph_holders(HeapGraphObject *self, PyObject *args) {
  PyObject *o_roots, *o_root_costs, *o_enter, *o_exit, *o_types, *o_cuts = NULL;
  ol_reading_costs costs;
  uint32_t count;
  const uint32_t *roots = NULL;
  const void *root_costs, *enter, *leave, *types;
  arguments a;
  if (!PyArg_ParseTuple(args, "OOOOOI|O", &o_roots, &o_root_costs, &o_enter, &o_exit, &o_types, &costs.type_cost,
                        &o_cuts))
    return NULL;
  if (costs.type_cost > OL_TYPE_COST_MAX) return PyErr_Format(PyExc_ValueError, "type_cost is above 255");
  const uint32_t rows = self->graph.node_count;
  if (!begin(&a, self) || (roots = nodes(&a, o_roots, "roots", &count)) == NULL ||
      !one_each(&a, o_root_costs, "root_costs", 1, count, &root_costs) ||
      !one_each(&a, o_enter, "enter_costs", 1, rows, &enter) || !one_each(&a, o_exit, "exit_costs", 1, rows, &leave) ||
      !one_each(&a, o_types, "types", 4, rows, &types) || !cuts(&a, o_cuts))
    return end(&a, NULL, false);
  costs.enter = enter, costs.exit = leave, costs.types = types;
  ol_column *parents = ol_column_new(rows, 4);
  bool ok = parents != NULL;
  if (ok) {
    Py_BEGIN_ALLOW_THREADS ok =
        ol_find_holders(&self->graph, roots, root_costs, count, &costs, &a.cuts, (uint32_t *)parents->memory.base);
    Py_END_ALLOW_THREADS
  }
  return end(&a, parents, ok);
}

static PyObject *graph_reached(HeapGraphObject *self, PyObject *args) {
  PyObject *o_roots, *o_cuts = NULL;
  uint32_t count;
  const uint32_t *roots = NULL;
  arguments a;
  if (!PyArg_ParseTuple(args, "O|O", &o_roots, &o_cuts)) return NULL;
  if (!begin(&a, self) || (roots = nodes(&a, o_roots, "roots", &count)) == NULL || !cuts(&a, o_cuts))
    return end(&a, NULL, false);
  ol_column *reached = ol_column_new(self->graph.node_count, 1);
  bool ok = reached != NULL;
  if (ok) {
    Py_BEGIN_ALLOW_THREADS ok = ol_find_reached(&self->graph, roots, count, &a.cuts, (uint8_t *)reached->memory.base);
    Py_END_ALLOW_THREADS
  }
  return end(&a, reached, ok);
}

static PyObject *graph_woken(HeapGraphObject *self, PyObject *args) {
  PyObject *o_roots, *o_members, *o_keys, *o_extra = NULL, *o_cuts = NULL;
  uint32_t count;
  const uint32_t *roots = NULL;
  arguments a;
  if (!PyArg_ParseTuple(args, "OOO|OO", &o_roots, &o_members, &o_keys, &o_extra, &o_cuts)) return NULL;
  if (!begin(&a, self) || (roots = nodes(&a, o_roots, "roots", &count)) == NULL || !sleepers(&a, o_members, o_keys) ||
      !extra(&a, o_extra) || !cuts(&a, o_cuts))
    return end(&a, NULL, false);
  ol_column *marks = ol_column_new(self->graph.node_count, 1);
  bool ok = marks != NULL;
  if (ok) {
    Py_BEGIN_ALLOW_THREADS ok =
        ol_find_woken(&self->graph, roots, count, &a.sleepers, &a.extra, &a.cuts, (uint8_t *)marks->memory.base);
    Py_END_ALLOW_THREADS
  }
  return end(&a, marks, ok);
}

static PyObject *graph_referrers(HeapGraphObject *self, PyObject *none) {
  (void)none;
  arguments a;
  if (!begin(&a, self)) return end(&a, NULL, false);
  ol_column *starts = ol_column_new(self->graph.node_count + 1ull, 8);
  if (starts == NULL) return NULL;
  uint64_t *rows = (uint64_t *)starts->memory.base;
  Py_BEGIN_ALLOW_THREADS ol_count_referrers(&self->graph, rows);
  Py_END_ALLOW_THREADS ol_column *sources = ol_column_new(rows[self->graph.node_count], 4);
  if (sources == NULL) return Py_DECREF(starts), NULL;
  Py_BEGIN_ALLOW_THREADS ol_list_referrers(&self->graph, rows, (uint32_t *)sources->memory.base);
  Py_END_ALLOW_THREADS return Py_BuildValue("(NN)", starts, sources);
}

static PyObject *graph_components(HeapGraphObject *self, PyObject *none) {
  (void)none;
  arguments a;
  if (!begin(&a, self)) return end(&a, NULL, false);
  ol_column *components = ol_column_new(self->graph.node_count, 4);
  bool ok = components != NULL;
  if (ok) {
    Py_BEGIN_ALLOW_THREADS ok = ol_find_components(&self->graph, (uint32_t *)components->memory.base);
    Py_END_ALLOW_THREADS
  }
  return end(&a, components, ok);
}

static PyObject *graph_dominators(HeapGraphObject *self, PyObject *o_roots) {
  uint32_t count;
  const uint32_t *roots = NULL;
  arguments a;
  if (!begin(&a, self) || (roots = nodes(&a, o_roots, "roots", &count)) == NULL) return end(&a, NULL, false);
  ol_column *dominators = ol_column_new(self->graph.node_count, 4);
  bool ok = dominators != NULL;
  if (ok) {
    Py_BEGIN_ALLOW_THREADS ok = ol_dominators_init(&dominators->tree, &self->graph, roots, count);
    if (ok) ol_dominators_by_node(&dominators->tree, self->graph.node_count, (uint32_t *)dominators->memory.base);
    Py_END_ALLOW_THREADS
  }
  return end(&a, dominators, ok);
}

/* The column's own tree is used, not its rows: numbers that come in from outside never steer it. */
static PyObject *graph_retained(HeapGraphObject *self, PyObject *args) {
  ol_column *dominators;
  PyObject *o_sizes;
  const void *found;
  ol_sizes sizes = {NULL, NULL};
  arguments a;
  if (!PyArg_ParseTuple(args, "O!O", &ol_ColumnType, &dominators, &o_sizes)) return NULL;
  const uint32_t rows = self->graph.node_count;
  if (dominators->tree.count == 0 || dominators->count != (Py_ssize_t)rows)
    return PyErr_Format(PyExc_ValueError, "not what dominators() of this graph returned");
  if (!begin(&a, self) || !one_each(&a, o_sizes, "sizes", bytes_of_numbers(o_sizes), rows, &found))
    return end(&a, NULL, false);
  if (found == NULL) return PyErr_Format(PyExc_ValueError, "sizes has no rows"), end(&a, NULL, false);
  if (a.views[0].itemsize == 4) sizes.small = found;
  else sizes.large = found;
  ol_column *retained = ol_column_new(rows, 8);
  bool ok = retained != NULL;
  if (ok) {
    Py_BEGIN_ALLOW_THREADS ok = ol_find_retained(&dominators->tree, &sizes, rows, (uint64_t *)retained->memory.base);
    Py_END_ALLOW_THREADS
  }
  return end(&a, retained, ok);
}

static PyMethodDef graph_methods[] = {
    {"holders", (PyCFunction)graph_holders, METH_VARARGS, NULL},
    {"reached", (PyCFunction)graph_reached, METH_VARARGS, NULL},
    {"woken", (PyCFunction)graph_woken, METH_VARARGS, NULL},
    {"components", (PyCFunction)graph_components, METH_NOARGS, NULL},
    {"dominators", (PyCFunction)graph_dominators, METH_O, NULL},
    {"retained", (PyCFunction)graph_retained, METH_VARARGS, NULL},
    {"referrers", (PyCFunction)graph_referrers, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyTypeObject ol_HeapGraphType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "outlive._core.HeapGraph",
    .tp_basicsize = sizeof(HeapGraphObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)graph_init,
    .tp_dealloc = (destructor)graph_dealloc,
    .tp_methods = graph_methods,
};

int ol_heap_graph_add(PyObject *module) {
  if (PyType_Ready(&ol_ColumnType) < 0 || PyType_Ready(&ol_HeapGraphType) < 0) return -1;
  if (PyModule_AddObjectRef(module, "Column", (PyObject *)&ol_ColumnType) < 0) return -1;
  return PyModule_AddObjectRef(module, "HeapGraph", (PyObject *)&ol_HeapGraphType);
}
