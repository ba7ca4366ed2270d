/* Marks its steps, and in each does what the letters of its second argument say: ./steps 500 lk */
#include <outlive.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>

struct node {
  struct node *next;
  char *name;
};
static struct node *held;
static char *cache[50], *table, *buffer;
static size_t buffer_bytes;
#define APART __attribute__((noinline)) static

APART void lose(int step) {
  volatile char *block = malloc(100);
  block[0] = (char)step;
}
APART void lose_each_seventh(int step) {
  if (step % 7 == 0) lose(step);
}
APART void keep(void) {
  struct node *node = malloc(sizeof *node);
  node->name = malloc(200);
  node->next = held;
  held = node;
}
APART void cache_one(int step) {
  char **slot = &cache[step % 50];
  free(*slot);
  *slot = malloc(40);
}
APART void begin_late(int step) {
  if (step == 20 && table == NULL) table = malloc(5000);
}
APART void append(void) { buffer = realloc(buffer, buffer_bytes += 48); }
APART void lose_in_fork(int step) {
  pid_t child = fork();
  if (child == 0) {
    lose(step);
    _exit(0);
  }
  waitpid(child, NULL, 0);
}
APART void lose_in_program(const char *self) {
  pid_t child = fork();
  if (child == 0) {
    execl(self, self, "1", "q", (char *)NULL);
    _exit(9);
  }
  waitpid(child, NULL, 0);
}
static void *lose_in(void *step) {
  lose(*(int *)step);
  return NULL;
}
APART void lose_in_thread(int step) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, lose_in, &step) == 0) pthread_join(thread, NULL);
}

int main(int argc, char **argv) {
  int steps = argc > 1 ? atoi(argv[1]) : 0;
  const char *what = argc > 2 ? argv[2] : "";
  if (strchr(what, 'q')) { /* a program that another one starts: no steps of its own */
    lose(1);
    return 0;
  }
  for (int step = 0; step < steps; step++) {
    if (!strchr(what, 'u')) OUTLIVE_STEP(step);
    if (strchr(what, 'l')) lose(step);
    if (strchr(what, '7')) lose_each_seventh(step);
    if (strchr(what, 'k')) keep();
    if (strchr(what, 'c')) cache_one(step);
    if (strchr(what, 'b')) begin_late(step);
    if (strchr(what, 'a')) append();
    if (strchr(what, 'f')) lose_in_fork(step);
    if (strchr(what, 'x')) lose_in_program(argv[0]);
    if (strchr(what, 't')) lose_in_thread(step);
    if (strchr(what, 'e') && step == 300) {
      fprintf(stderr, "step 300: disk full\n");
      return 3;
    }
    if (strchr(what, 's') && step == 150) pause();
  }
  while (strchr(what, 'o')) pause(); /* a server: it goes on until it is ended */
  return 0;
}
