/* One program that loses memory in each of its ways, told by the words it is given. It waits for looks, never for time. */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define APART __attribute__((noinline))

static char *kept[64];
static volatile int sink;

static void *xmalloc(size_t size) {
  void *block = malloc(size);
  if (block == NULL) abort();
  memset(block, 1, size);
  return block;
}

static int newest_look(const char *folder) {
  int newest = -1;
  DIR *open_folder = opendir(folder);
  for (struct dirent *entry; open_folder != NULL && (entry = readdir(open_folder)) != NULL;) {
    int pid, number;
    if (sscanf(entry->d_name, "blocks-%d-%d", &pid, &number) == 2 && pid == getpid() && number > newest) newest = number;
  }
  if (open_folder != NULL) closedir(open_folder);
  return newest;
}

/* Some more: the first may have begun before what was to be seen, and the last ones count as taken while it ended. */
static void wait_for_look(const char *folder) {
  int before = newest_look(folder);
  while (newest_look(folder) < before + 4) usleep(1000);
}

APART char *decode(int at) {
  char *piece = xmalloc((size_t)(100 + at));
  return piece;
}
APART void on_data(int at) { sink = decode(at)[0]; }
APART void on_error(int at) { sink = decode(at)[1]; }

APART void open_all(void) {
  for (int i = 0; i < 20; i++) kept[i] = xmalloc(64);
}
APART void close_all(void) { memset(kept, 0, sizeof kept); }

APART char *new_peer(void) { return xmalloc(320); }
APART char *new_name(void) { return xmalloc(32); }
APART void dial(void) {
  sink = new_peer()[0];
  sink = new_name()[0];
}

APART void test_bus(void) { sink = ((char *)xmalloc(48))[0]; }

/* What was on the stack and in registers is not the program's any more. */
APART void forget(void) {
  volatile char dead[4096];
  for (size_t i = 0; i < sizeof dead; i++) dead[i] = 0;
}

static void *wait_forever(void *unused) {
  (void)unused;
  for (;;) pause();
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : "";
  for (int i = 2; i < argc; i++) {
    const char *word = argv[i];
    if (strcmp(word, "runtime") == 0)
      for (int n = 0; n < 40; n++) on_data(n);
    if (strcmp(word, "error") == 0)
      for (int n = 0; n < 5; n++) on_error(n);
    if (strcmp(word, "pairs") == 0)
      for (int n = 0; n < 10; n++) dial();
    if (strcmp(word, "open") == 0) open_all();
    if (strcmp(word, "close") == 0) close_all();
    if (strcmp(word, "test") == 0) test_bus();
    if (strcmp(word, "forget") == 0) forget();
    if (strcmp(word, "look") == 0) wait_for_look(folder);
    if (strcmp(word, "doze") == 0 && usleep(100000) != 0) return 9; /* longer than it is until the first look */
    if (strcmp(word, "quiet") == 0) { /* no look from here on but the last */
      sigset_t all;
      sigfillset(&all);
      sigprocmask(SIG_BLOCK, &all, NULL);
    }
    if (strcmp(word, "crash") == 0) raise(SIGSEGV);
    if (strcmp(word, "kill") == 0) raise(SIGKILL);
    if (strcmp(word, "status") == 0) return 7;
    if (strcmp(word, "thread") == 0) {
      pthread_t thread;
      pthread_create(&thread, NULL, wait_forever, NULL);
    }
    if (strcmp(word, "serve") == 0) {
      puts("ready");
      fflush(stdout);
      for (;;) pause();
    }
    if (strcmp(word, "fork") == 0 && fork() == 0) {
      for (int n = 0; n < 8; n++) on_data(n);
      forget();
      exit(0);
    }
    if (strcmp(word, "wait") == 0) (void)wait(NULL);
  }
  return 0;
}
