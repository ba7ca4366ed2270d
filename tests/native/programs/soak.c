/* Sixteen threads that allocate, resize and free, hand blocks to each other, fork, and are interrupted by a signal whose
 * handler allocates. At the end every block was given back but the ones counted in the last line. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 16, ROUNDS = 4000, SLOTS = 256 };
static _Atomic(void *) shared[SLOTS];
static _Atomic int interrupted;

static void on_signal(int number) {
  free(malloc((size_t)number + 3000));
  interrupted++;
}

static void *work(void *seed) {
  unsigned dice = (unsigned)(size_t)seed * 2654435761u + 1;
  for (int i = 0; i < ROUNDS; i++) {
    dice = dice * 1664525u + 1013904223u;
    char *block = malloc(dice >> 20);
    if (dice % 3 == 0) block = realloc(block, (dice >> 19) + 1);
    if (dice % 500 == 0) raise(SIGUSR2);
    free(atomic_exchange(&shared[dice >> 8 & (SLOTS - 1)], block));
  }
  return NULL;
}

static int fork_and_work(void) {
  pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, work, (void *)99);
    work((void *)7);
    pthread_join(thread, NULL);
    _exit(0);
  }
  int status = 1;
  return waitpid(child, &status, 0) == child && status == 0;
}

int main(void) {
  pthread_t threads[THREADS];
  signal(SIGUSR2, on_signal);
  for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)(i + 1));
  for (int i = 0; i < 8; i++)
    if (!fork_and_work()) return 2;
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < SLOTS; i++) free(atomic_exchange(&shared[i], NULL));
  return interrupted == 0;
}
