/* Where the program's words go: one line to each output. An output is whatever can print a line and close itself. */
#ifndef SWARM_LOG_H
#define SWARM_LOG_H

#define LOG_OUTPUTS 4

struct log_output {
  const struct log_output_kind *kind;
};

struct log_output_kind {
  void (*line)(struct log_output *self, const char *text);
  void (*close)(struct log_output *self); /* frees the output */
};

struct log {
  struct log_output *outputs[LOG_OUTPUTS];
  int count;
};

/* An output that prints to stderr. The log that it is added to owns it. */
struct log_output *screen_output(void);

/* The log takes the output over. */
void log_add(struct log *log, struct log_output *output);

__attribute__((format(printf, 2, 3))) void log_line(struct log *log, const char *format, ...);

/* Closes every output. */
void log_close(struct log *log);

#endif
