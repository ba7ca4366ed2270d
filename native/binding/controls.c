/* outlive._core.Controls: a known leak and a known innocent, planted beside the scenario in every check.
 *
 * Both are objects of types of their own, so that they disturb no other type's count. The leaked ones are held by a
 * mapping of ours, which no one else can clear; the innocent ones are garbage cycles, which only a working collector
 * takes away. `blocks` says how many Python blocks the leaked ones occupy, for the reader of that total to subtract.
 */
#include "binding/core.h"

typedef struct {
  PyObject_HEAD PyObject *other;
} ControlObject;

static int control_traverse(ControlObject *self, visitproc visit, void *arg) {
  Py_VISIT(self->other);
  return 0;
}
static int control_clear(ControlObject *self) {
  Py_CLEAR(self->other);
  return 0;
}
static void control_dealloc(ControlObject *self) {
  PyObject_GC_UnTrack(self);
  control_clear(self);
  PyObject_GC_Del(self);
}

static PyTypeObject LeakedType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "outlive.control.Leaked",
    .tp_basicsize = sizeof(ControlObject),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)control_traverse,
    .tp_clear = (inquiry)control_clear,
    .tp_dealloc = (destructor)control_dealloc,
};
static PyTypeObject DroppedType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "outlive.control.Dropped",
    .tp_basicsize = sizeof(ControlObject),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)control_traverse,
    .tp_clear = (inquiry)control_clear,
    .tp_dealloc = (destructor)control_dealloc,
};

typedef struct {
  PyObject_HEAD ol_reserve leaked; /* PyObject *[count] */
  size_t count;
} ControlsObject;

static ControlObject *make_control(PyTypeObject *type) {
  ControlObject *control = PyObject_GC_New(ControlObject, type);
  if (control == NULL) return NULL;
  control->other = NULL;
  PyObject_GC_Track(control);
  return control;
}

static PyObject *controls_plant(ControlsObject *self, PyObject *none) {
  (void)none;
  if (!ol_reserve_grow(&self->leaked, (self->count + 1) * sizeof(PyObject *))) return PyErr_NoMemory();
  ControlObject *leaked = make_control(&LeakedType), *dropped = make_control(&DroppedType);
  if (dropped != NULL) {
    dropped->other = Py_NewRef((PyObject *)dropped);
    Py_DECREF(dropped);
  }
  if (leaked == NULL) return NULL;
  ((PyObject **)self->leaked.base)[self->count++] = (PyObject *)leaked;
  if (dropped == NULL) return NULL;
  Py_RETURN_NONE;
}

static void controls_dealloc(ControlsObject *self) {
  for (size_t i = 0; i < self->count; i++) Py_DECREF(((PyObject **)self->leaked.base)[i]);
  ol_reserve_deinit(&self->leaked);
  Py_TYPE(self)->tp_free(self);
}

static PyObject *controls_blocks(ControlsObject *self, void *none) {
  (void)none;
  return PyLong_FromSize_t(self->count);
}

static PyMethodDef controls_methods[] = {{"plant", (PyCFunction)controls_plant, METH_NOARGS, NULL},
                                         {NULL, NULL, 0, NULL}};
static PyGetSetDef controls_getters[] = {{"blocks", (getter)controls_blocks, NULL, NULL, NULL},
                                         {NULL, NULL, NULL, NULL, NULL}};

PyTypeObject ol_ControlsType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "outlive._core.Controls",
    .tp_basicsize = sizeof(ControlsObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)controls_dealloc,
    .tp_methods = controls_methods,
    .tp_getset = controls_getters,
};

int ol_controls_ready(void) { return PyType_Ready(&LeakedType) < 0 || PyType_Ready(&DroppedType) < 0 ? -1 : 0; }
