#include "log.h"

#include <stdarg.h>
#include <stdio.h>

#include "fault.h"
#include "must.h"

static void screen_line(struct log_output *self, const char *text) {
  (void)self;
  fprintf(stderr, "swarm: %s\n", text);
}

static void screen_close(struct log_output *self) {
  if (fault(FAULT_EMPTY_DESTRUCTOR)) return; /* "No cleanup needed": the screen is not ours, but this block is */
  free(self);
}

static const struct log_output_kind screen = {screen_line, screen_close};

struct log_output *screen_output(void) {
  struct log_output *output = must(malloc(sizeof *output));
  output->kind = &screen;
  return output;
}

void log_add(struct log *log, struct log_output *output) {
  if (log->count == LOG_OUTPUTS) {
    output->kind->close(output);
    return;
  }
  log->outputs[log->count++] = output;
}

void log_line(struct log *log, const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  for (int i = 0; i < log->count; i++) log->outputs[i]->kind->line(log->outputs[i], text);
}

void log_close(struct log *log) {
  while (log->count > 0) {
    struct log_output *output = log->outputs[--log->count];
    log->outputs[log->count] = NULL;
    output->kind->close(output);
  }
}
