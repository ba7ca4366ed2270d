/* One step is one run: ./runs NUMBER letters */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *kept;
#define APART __attribute__((noinline)) static

APART void lose(int bytes) {
  volatile char *block = malloc((size_t)bytes);
  block[0] = 1;
}
__attribute__((constructor)) static void before_main(void) {
  if (getenv("LOSE_BEFORE_MAIN") != NULL) lose(20);
}

int main(int argc, char **argv) {
  int number = argc > 1 ? atoi(argv[1]) : 0;
  const char *what = argc > 2 ? argv[2] : "";
  if (strchr(what, 'k')) kept = malloc(50);
  if (strchr(what, 'l')) lose(100);
  if (strchr(what, '0') && number == 0) lose(70);
  if (strchr(what, '2') && number % 2) lose(70);
  if (strchr(what, 'g')) lose(10 * (number + 1));
  if (strchr(what, 'f')) {
    pid_t child = fork();
    if (child == 0) {
      lose(33);
      exit(0);
    }
    waitpid(child, NULL, 0);
  }
  if (strchr(what, 'p')) { /* lost by the parent, and in the child's memory, too */
    lose(60);
    pid_t child = fork();
    if (child == 0) exit(0);
    waitpid(child, NULL, 0);
  }
  if (strchr(what, 'e')) {
    fprintf(stderr, "no such table: users\n");
    return 3;
  }
  if (strchr(what, 's')) pause();
  if (strchr(what, 'a')) abort();
  return 0;
}
