#include "walk/roots.h"

#include <stdio.h>

const char *const ol_root_names[OL_ROOT_COUNT] = {
    [OL_ROOT_MODULES] = "sys.modules",
    [OL_ROOT_MODULES_BY_INDEX] = "extension modules by index",
    [OL_ROOT_SYS_DICT] = "sys.__dict__",
    [OL_ROOT_BUILTINS] = "builtins.__dict__",
    [OL_ROOT_BUILTINS_COPY] = "saved copy of builtins",
    [OL_ROOT_IMPORTLIB] = "importlib",
    [OL_ROOT_IMPORT_FUNC] = "__import__",
    [OL_ROOT_CODEC_SEARCH_PATH] = "codec search functions",
    [OL_ROOT_CODEC_SEARCH_CACHE] = "codec cache",
    [OL_ROOT_CODEC_ERROR_REGISTRY] = "codec error handlers",
    [OL_ROOT_INTERPRETER_DICT] = "interpreter dict",
    [OL_ROOT_BEFORE_FORK] = "os.register_at_fork(before=)",
    [OL_ROOT_AFTER_FORK_PARENT] = "os.register_at_fork(after_in_parent=)",
    [OL_ROOT_AFTER_FORK_CHILD] = "os.register_at_fork(after_in_child=)",
    [OL_ROOT_ATEXIT] = "atexit callbacks",
    [OL_ROOT_AUDIT_HOOKS] = "sys.addaudithook()",
    [OL_ROOT_GC_GARBAGE] = "gc.garbage",
    [OL_ROOT_GC_CALLBACKS] = "gc.callbacks",
    [OL_ROOT_WARNINGS_FILTERS] = "warnings filters",
    [OL_ROOT_WARNINGS_ONCE] = "warnings once-registry",
    [OL_ROOT_WARNINGS_DEFAULT] = "warnings default action",
    [OL_ROOT_TYPE_CACHE] = "method cache",
    [OL_ROOT_SMALL_INT] = "small integers",
    [OL_ROOT_CHARACTER] = "single characters",
    [OL_ROOT_STATIC_NAME] = "names used by the interpreter",
    [OL_ROOT_THREAD_DICT] = "thread dict",
    [OL_ROOT_CURRENT_EXCEPTION] = "exception being raised",
    [OL_ROOT_HANDLED_EXCEPTION] = "exception being handled",
    [OL_ROOT_ASYNC_EXCEPTION] = "exception sent to the thread",
    [OL_ROOT_CONTEXT] = "context variables",
    [OL_ROOT_PROFILE] = "sys.setprofile()",
    [OL_ROOT_TRACE] = "sys.settrace()",
    [OL_ROOT_ASYNCGEN_FIRSTITER] = "sys.set_asyncgen_hooks(firstiter=)",
    [OL_ROOT_ASYNCGEN_FINALIZER] = "sys.set_asyncgen_hooks(finalizer=)",
    [OL_ROOT_FRAME] = "running frame",
    [OL_ROOT_MONITORING] = "sys.monitoring callbacks",
    [OL_ROOT_MONITORING_TOOL] = "sys.monitoring tools",
};

static PyCFunction get_signal_handler;
static PyObject *signal_module; /* kept for good */

/* Handlers stand in a table that only 3.12+ lets others see; _signal.getsignal reads it in every version. */
bool ol_roots_learn(void) {
  signal_module = PyImport_ImportModule("_signal");
  PyObject *function = signal_module == NULL ? NULL : PyObject_GetAttrString(signal_module, "getsignal");
  if (function == NULL) return false;
  if (PyCFunction_Check(function) && (PyCFunction_GET_FLAGS(function) & METH_O))
    get_signal_handler = PyCFunction_GET_FUNCTION(function);
  Py_DECREF(function);
  return true;
}

size_t ol_root_name(int label, char *buffer) {
  int length = label < OL_ROOT_COUNT ? snprintf(buffer, OL_ROOT_NAME_MAX, "%s", ol_root_names[label])
                                     : snprintf(buffer, OL_ROOT_NAME_MAX, "signal handler %d", label - OL_ROOT_COUNT);
  return length < 0 ? 0 : (size_t)length;
}

/* Calls C code that makes no object: signal numbers are small ints. Handlers belong to the main interpreter. */
static void visit_signal_handlers(PyInterpreterState *interp, ol_root_visitor visit, void *context) {
  if (get_signal_handler == NULL || interp != PyInterpreterState_Main() || PyErr_Occurred()) return;
  for (int number = 1; number < OL_SIGNALS; number++) {
    PyObject *argument = PyLong_FromLong(number);
    PyObject *handler = argument == NULL ? NULL : get_signal_handler(signal_module, argument);
    Py_XDECREF(argument);
    if (handler == NULL) PyErr_Clear();
    else if (handler != Py_None) visit(context, handler, OL_ROOT_COUNT + number);
    Py_XDECREF(handler); /* the table holds its own */
  }
}

static void visit_atexit(PyInterpreterState *interp, ol_root_visitor visit, void *context) {
  for (int i = 0; i < interp->atexit.ncallbacks; i++) {
    if (interp->atexit.callbacks[i] == NULL) continue;
    visit(context, interp->atexit.callbacks[i]->func, OL_ROOT_ATEXIT);
    visit(context, interp->atexit.callbacks[i]->args, OL_ROOT_ATEXIT);
    visit(context, interp->atexit.callbacks[i]->kwargs, OL_ROOT_ATEXIT);
  }
}

void ol_roots_of_interpreter(PyInterpreterState *interp, ol_root_visitor visit, void *context) {
  visit(context, interp->sysdict, OL_ROOT_SYS_DICT);
  visit(context, interp->builtins, OL_ROOT_BUILTINS);
  visit(context, interp->builtins_copy, OL_ROOT_BUILTINS_COPY);
  visit(context, interp->dict, OL_ROOT_INTERPRETER_DICT);
  visit(context, interp->before_forkers, OL_ROOT_BEFORE_FORK);
  visit(context, interp->after_forkers_parent, OL_ROOT_AFTER_FORK_PARENT);
  visit(context, interp->after_forkers_child, OL_ROOT_AFTER_FORK_CHILD);
  visit(context, interp->audit_hooks, OL_ROOT_AUDIT_HOOKS);
  visit(context, interp->gc.garbage, OL_ROOT_GC_GARBAGE);
  visit(context, interp->gc.callbacks, OL_ROOT_GC_CALLBACKS);
  visit(context, interp->warnings.filters, OL_ROOT_WARNINGS_FILTERS);
  visit(context, interp->warnings.once_registry, OL_ROOT_WARNINGS_ONCE);
  visit(context, interp->warnings.default_action, OL_ROOT_WARNINGS_DEFAULT);
  visit_atexit(interp, visit, context);
  visit_signal_handlers(interp, visit, context);
  ol_visit_interpreter(interp, visit, context);
}

void ol_roots_of_thread(PyThreadState *thread, ol_root_visitor visit, void *context) {
  visit(context, thread->dict, OL_ROOT_THREAD_DICT);
  visit(context, thread->async_exc, OL_ROOT_ASYNC_EXCEPTION);
  visit(context, thread->context, OL_ROOT_CONTEXT);
  visit(context, thread->c_profileobj, OL_ROOT_PROFILE);
  visit(context, thread->c_traceobj, OL_ROOT_TRACE);
  visit(context, thread->async_gen_firstiter, OL_ROOT_ASYNCGEN_FIRSTITER);
  visit(context, thread->async_gen_finalizer, OL_ROOT_ASYNCGEN_FINALIZER);
  ol_visit_thread(thread, visit, context);
}
