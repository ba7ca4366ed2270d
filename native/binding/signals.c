/* Signals that nobody handles, told to a pipe before they end the process.
 *
 * Theory of operation. Our handler stands only where the default action stood, and CPython's own table of handlers goes
 * on to say "default", so the program sees nothing. The handler writes the signal's number as one byte; whoever reads
 * the pipe calls `pass_on`, which puts the default action back and sends the signal again: the process ends as it would
 * have. It never waits for the reader to be well: where the byte cannot be written, where the descriptor is no longer
 * the pipe that was given (the program closed it, and may have opened something else there), or where the same ending
 * signal comes again after PATIENCE_SECONDS, the default action is taken at once. In a forked copy there is no reader:
 * there, too, it is taken at once. What is executed has default actions anyhow, as handlers do not survive exec.
 *
 * The handler uses async-signal-safe functions only, and errno is as before.
 */
#include "binding/core.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NUMBERS = 65, PATIENCE_SECONDS = 5 };

static struct {
  pid_t owner;
  int write_fd;
  dev_t device; /* what the descriptor was when it was given */
  ino_t inode;
} pipe_end = {.write_fd = -1};
static volatile time_t first_came[NUMBERS]; /* monotonic seconds; 0: did not come */

static time_t seconds_now(void) {
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1;
}

static void take_default_action(int number) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  (void)sigaction(number, &action, NULL);
  (void)kill(getpid(), number); /* blocked while its handler runs: arrives when that returns */
}

static bool is_our_pipe(void) {
  struct stat found;
  return fstat(pipe_end.write_fd, &found) == 0 && found.st_dev == pipe_end.device && found.st_ino == pipe_end.inode;
}

static bool ends_the_process_by_custom(int number) {
  return number == SIGTERM || number == SIGHUP || number == SIGINT || number == SIGQUIT;
}

static bool patience_is_over(int number) {
  time_t now = seconds_now();
  if (first_came[number] == 0) first_came[number] = now;
  return ends_the_process_by_custom(number) && now - first_came[number] >= PATIENCE_SECONDS;
}

static bool tell(int number) {
  unsigned char byte = (unsigned char)number;
  return is_our_pipe() && write(pipe_end.write_fd, &byte, 1) == 1;
}

static void on_signal(int number) {
  int error_before = errno;
  if (getpid() != pipe_end.owner || patience_is_over(number) || !tell(number)) take_default_action(number);
  errno = error_before;
}

static bool is_ours(int number) {
  struct sigaction found;
  return sigaction(number, NULL, &found) == 0 && (found.sa_flags & SA_SIGINFO) == 0 && found.sa_handler == on_signal;
}

static bool is_default(int number) {
  struct sigaction found;
  return sigaction(number, NULL, &found) == 0 && (found.sa_flags & SA_SIGINFO) == 0 && found.sa_handler == SIG_DFL;
}

static bool remember_pipe(int write_fd) {
  struct stat found;
  if (fstat(write_fd, &found) != 0) return PyErr_SetFromErrno(PyExc_OSError), false;
  pipe_end.write_fd = write_fd;
  pipe_end.device = found.st_dev;
  pipe_end.inode = found.st_ino;
  pipe_end.owner = getpid();
  return true;
}

static bool catch_one(int number) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
  (void)sigemptyset(&action.sa_mask);
  first_came[number] = 0;
  return sigaction(number, &action, NULL) == 0;
}

/* A signal's number, or -1 with an error set. */
static int number_of(PyObject *object) {
  long number = PyLong_AsLong(object);
  if (number == -1 && PyErr_Occurred()) return -1;
  if (number >= 1 && number < NUMBERS) return (int)number;
  return PyErr_Format(PyExc_ValueError, "%ld is no signal", number), -1;
}

PyObject *ol_catch_signals(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *given;
  int write_fd;
  if (!PyArg_ParseTuple(args, "Oi", &given, &write_fd)) return NULL;
  PyObject *numbers = PySequence_Fast(given, "signals' numbers are needed"), *caught = PyList_New(0);
  bool ok = numbers != NULL && caught != NULL && remember_pipe(write_fd);
  for (Py_ssize_t i = 0; ok && i < PySequence_Fast_GET_SIZE(numbers); i++) {
    PyObject *item = PySequence_Fast_GET_ITEM(numbers, i);
    int number = number_of(item);
    ok = number >= 0;
    if (ok && (is_ours(number) || (is_default(number) && catch_one(number)))) ok = PyList_Append(caught, item) == 0;
  }
  Py_XDECREF(numbers);
  if (!ok) Py_CLEAR(caught);
  return caught;
}

PyObject *ol_pass_on(PyObject *module, PyObject *given) {
  (void)module;
  int number = number_of(given);
  if (number < 0) return NULL;
  if (!is_ours(number) && !is_default(number)) Py_RETURN_FALSE;
  take_default_action(number);
  Py_RETURN_TRUE;
}

PyObject *ol_release_signals(PyObject *module, PyObject *none) {
  (void)module, (void)none;
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NUMBERS; number++)
    if (is_ours(number)) (void)sigaction(number, &action, NULL);
  Py_RETURN_NONE;
}
