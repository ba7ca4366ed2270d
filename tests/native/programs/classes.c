/* One block or group of each class, by its size, which nothing else in the program asks for. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct node {
  struct node *next;
  char rest[1];
} node;

void *global_holds;
static __thread void *thread_holds;
char *global_inside;
static pthread_barrier_t ready, done;

static void *make(size_t size) { return memset(malloc(size), 0, size); }

static void __attribute__((noinline)) lose_one(void) { *(volatile char *)make(1001) = 1; }

static void __attribute__((noinline)) lose_chain(void) {
  node *head = make(1101);
  head->next = make(1102);
  head->next->next = make(1103);
}

static void __attribute__((noinline)) lose_cycle(void) {
  node *one = make(1201), *two = make(1201);
  one->next = two;
  two->next = one;
}

static void *hold_on_thread(void *unused) {
  void *volatile on_stack = make(1501);
  thread_holds = make(1601);
  pthread_barrier_wait(&ready);
  pthread_barrier_wait(&done);
  return on_stack == unused ? NULL : thread_holds;
}

/* What the functions left on the stack must not be read as alive: it is not, being below the stack pointer. */
int main(int argc, char **argv) {
  (void)argc;
  int (*look)(const char *, int) = (int (*)(const char *, int))dlsym(RTLD_DEFAULT, "outlive_blocks_look");
  int (*wait)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "outlive_blocks_wait");
  pthread_t thread;
  pthread_barrier_init(&ready, NULL, 2);
  pthread_barrier_init(&done, NULL, 2);
  pthread_create(&thread, NULL, hold_on_thread, NULL);
  pthread_barrier_wait(&ready);
  usleep(20000); /* the thread has to be asleep at its barrier, where its registers and stack pointer are told */
  lose_one();
  lose_chain();
  lose_cycle();
  global_holds = make(1301);
  *(void **)global_holds = make(1302);
  global_inside = (char *)make(1401) + 100;
  void *volatile local = make(1701);
  uint64_t *counted = make(8 + 1792);
  counted[0] = 1792;
  *(void **)((char *)global_holds + 8) = counted + 1;
  for (int i = 1; i < 3; i++)
    if (look(argv[i], 1) != 0) return 3;
  int failed = wait();
  pthread_barrier_wait(&done);
  pthread_join(thread, NULL);
  return failed + (local == NULL);
}
