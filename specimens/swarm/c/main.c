/* `swarm fetch` and `swarm faults`: reads the command line, and knows nothing else. */
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "session.h"

static const char usage[] =
    "usage: swarm fetch METAFILE -o FILE [--dial-limit N] [--ready-peers N] [--time-limit SECONDS] [--quiet]\n"
    "                   [--fault NAME]...\n"
    "       swarm faults\n"
    "Exit code: 0 fetched and proved, 1 not fetched, 2 wrong usage.\n";

struct command {
  const char *metafile, *output;
  struct session_options session;
};

static int wrong(const char *what, const char *value) {
  fprintf(stderr, "swarm: %s%s%s\n%s", what, value ? ": " : "", value ? value : "", usage);
  return 2;
}

static int number(const char *text, unsigned *ret) {
  char after;
  return text != NULL && sscanf(text, "%8u%c", ret, &after) == 1;
}

/* Reads the option at `words[0]`. Returns how many words it took, 0 when it is none. */
static int read_option(char **words, struct command *command) {
  const char *name = words[0], *value = words[1];
  if (strcmp(name, "--quiet") == 0) {
    command->session.quiet = 1;
    return 1;
  }
  if (strcmp(name, "-o") == 0 && value != NULL) {
    command->output = value;
    return 2;
  }
  if (strcmp(name, "--fault") == 0) return value != NULL && fault_throw(value) ? 2 : 0;
  if (strcmp(name, "--dial-limit") == 0) return number(value, &command->session.dial_limit) ? 2 : 0;
  if (strcmp(name, "--ready-peers") == 0) return number(value, &command->session.ready_peers) ? 2 : 0;
  if (strcmp(name, "--time-limit") == 0) return number(value, &command->session.time_limit_s) ? 2 : 0;
  if (name[0] == '-' || command->metafile != NULL) return 0;
  command->metafile = name;
  return 1;
}

static int fetch(const struct command *command) {
  const char *why = "";
  struct metafile *meta = metafile_load(command->metafile, &why);
  if (meta == NULL) {
    fprintf(stderr, "swarm: %s %s\n", command->metafile, why);
    return 2;
  }
  FILE *file = fopen(command->output, "wb");
  int result = 2;
  if (file == NULL) {
    fprintf(stderr, "swarm: %s cannot be written\n", command->output);
  } else {
    result = session_fetch(meta, file, &command->session);
    if (fclose(file) != 0) result = 1;
  }
  metafile_free(meta);
  return result;
}

int main(int count, char **words) {
  if (count == 2 && strcmp(words[1], "faults") == 0) {
    fault_list(stdout);
    return 0;
  }
  if (count < 2 || strcmp(words[1], "fetch") != 0) return wrong("a command is needed", NULL);
  struct command command = {.session = {.dial_limit = 80, .ready_peers = 1, .time_limit_s = 60}};
  for (int i = 2; i < count;) {
    int taken = read_option(words + i, &command);
    if (taken == 0) return wrong("cannot be understood", words[i]);
    i += taken;
  }
  if (command.metafile == NULL || command.output == NULL) return wrong("a metafile and -o FILE are needed", NULL);
  return fetch(&command);
}
