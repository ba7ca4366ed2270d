/* Marks the steps of a program for `outlive check --cmd`. Nothing to link, and nothing happens without Outlive.
 *
 *     #include <outlive.h>                     cc -I"$(outlive check --header)" …
 *
 *     for (int i = 0; i < n; i++) {
 *       OUTLIVE_STEP(i);                       the step before is over, step i begins
 *       serve_one_request();
 *     }
 *
 * A mark is a few bytes written to a descriptor that the program inherits: "step 3\n". Any language that can write can
 * mark so: the descriptor's number is in the environment variable OUTLIVE_BLOCKS_FD. Steps rise; one thread marks them.
 */
#ifndef OUTLIVE_H
#define OUTLIVE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTLIVE_STEP(number) outlive_mark_step((unsigned long)(number))

static __inline__ void outlive_mark_step(unsigned long number) {
  static int words = -2; /* -2: not asked yet, -1: nobody listens */
  char text[32];
  size_t at = sizeof text;
  int before = errno;
  ssize_t written;
  if (words == -2) {
    const char *name = getenv("OUTLIVE_BLOCKS_FD");
    words = name != NULL && *name != 0 ? atoi(name) : -1;
  }
  if (words < 0) return;
  text[--at] = '\n';
  do text[--at] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  at -= 5;
  memcpy(text + at, "step ", 5);
  written = write(words, text + at, sizeof text - at);
  if (written < 0) errno = before;
}

#endif
