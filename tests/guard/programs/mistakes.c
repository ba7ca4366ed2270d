/* One mistake by name, or its innocent twin. Prints "went on" where it came to the end. */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))
static void *volatile hidden; /* what passes through here the compiler does not follow */

APART static char *make(size_t size) {
  hidden = malloc(size);
  memset(hidden, 'a', size);
  return hidden;
}
APART static void give_back(void *block) {
  hidden = block;
  free(hidden);
}
APART static void again(void *block) {
  hidden = block;
  free(hidden);
}

static void double_free(void) {
  char *block = make(40);
  give_back(block);
  again(block);
}

/* The owner of a list frees the parts that it was lent; then their owner does. B10, V5. */
struct owner {
  char *parts[3];
};
APART static void borrower(struct owner *o) {
  for (int i = 0; i < 3; i++) free(o->parts[i]);
}
static void over_free(void) {
  struct owner o;
  for (int i = 0; i < 3; i++) o.parts[i] = make(24);
  borrower(&o);
  for (int i = 0; i < 3; i++) again(o.parts[i]);
}

static void repeated(void) {
  for (int i = 0; i < 20; i++) double_free();
}

static void two_threads_at_once(void);

static void long_ago(void) { /* it has left the quarantine */
  char *block = make(48);
  give_back(block);
  for (int i = 0; i < 4000; i++) give_back(make(1000));
  again(block);
}

/* V4: a part that was lent out of a larger block. */
/* Each tells the other, for ever. B18. */
static void *volatile told;
APART static void close_it(int depth);
APART static void tell(int depth) {
  char note[64];
  told = note;
  close_it(depth + 1);
  told = note;
}
APART static void close_it(int depth) {
  tell(depth + 1);
  told = &depth;
}
static void endless_calls(void) { close_it(0); }

/* Deep, and wrong about something else: no end of a stack. */
APART static void deep_crash(int depth) {
  char room[256];
  told = room;
  if (depth > 0) deep_crash(depth - 1);
  else *(volatile int *)16 = 1;
  told = room;
}
static void crash_deep_down(void) { deep_crash(2000); }

static void interior(void) {
  char *block = make(100);
  give_back(block + 32);
  give_back(block);
}
static void interior_of_freed(void) {
  char *block = make(100);
  give_back(block);
  again(block + 16);
}
static void on_stack(void) {
  char place[64] __attribute__((aligned(16)));
  memset(place, 0, sizeof place);
  give_back(place + 16);
}
static char global_place[64] __attribute__((aligned(16)));
static void in_data(void) { give_back(global_place); }
static void in_mapping(void) {
  char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  give_back(page + 64);
}

static void write_after(void) {
  char *block = make(64);
  give_back(block);
  char *volatile later = block;
  later[8] = 1;
  later[9] = 2;
}
static void write_after_long_ago(void) {
  char *block = make(64);
  give_back(block);
  char *volatile later = block;
  later[5] = 7;
  for (int i = 0; i < 4000; i++) give_back(make(1000));
  _Exit(0);
}

static void overrun(void) {
  char *block = make(24);
  char *volatile end = block + 24;
  *end = 0;
  give_back(block);
}
static void overrun_alive(void) {
  hidden = make(30);
  ((char *volatile)hidden)[30] = 0;
}
static void overrun_far(void) {
  char *block = make(24), *next = make(24);
  for (volatile int i = 24; i < 56; i++) ((char *volatile)block)[i] = 'x';
  give_back(next);
  give_back(block);
}

struct node {
  struct node *next;
  char *name;
  long pad[4];
};
APART static long follow(struct node *n) { return n->next->pad[0]; }
static void followed(void) {
  struct node *n = (struct node *)make(sizeof *n);
  give_back(n);
  printf("%ld\n", follow(hidden));
}
static void freed_what_it_read(void) {
  struct node *n = (struct node *)make(sizeof *n);
  give_back(n);
  n = hidden;
  again(n->name);
}
static void handled(int number) {
  const char text[] = "handled\n";
  (void)!write(1, text, sizeof text - 1);
  _exit(number == SIGSEGV ? 3 : 4);
}
static void followed_with_handler(void) {
  struct sigaction action = {.sa_handler = handled};
  sigaction(SIGSEGV, &action, NULL);
  followed();
}
static void plain_fault(void) { *(volatile int *)16 = 1; }
static void sent_fault(void) { raise(SIGSEGV); }
static void ignored_fault(void) {
  signal(SIGSEGV, SIG_IGN);
  raise(SIGSEGV);
}

static void realloc_freed(void) {
  char *block = make(50);
  give_back(block);
  hidden = block;
  hidden = realloc(hidden, 70);
  memset(hidden, 1, 70);
}

/* ---- innocent ---- */

static void growing(void) {
  char *text = NULL;
  for (size_t size = 1; size < 3000000; size = size * 3 / 2 + 1) {
    text = realloc(text, size);
    if (text[0] != 'q' && size > 1) abort();
    text[0] = 'q';
    if (size > 1) text[size - 1] = 'z';
  }
  text = realloc(text, 10);
  if (text[0] != 'q') abort();
  free(text);
}
static void slack_is_asked_for(void) {
  char *block = malloc(21);
  memset(block, 1, malloc_usable_size(block));
  free(block);
}
static void every_kind(void) {
  void *block;
  if (posix_memalign(&block, 64, 100) != 0 || (size_t)block % 64 != 0) abort();
  free(block);
  block = aligned_alloc(4096, 4096);
  if ((size_t)block % 4096 != 0) abort();
  free(block);
  free(memalign(32, 7));
  free(valloc(100));
  memset(block = pvalloc(100), 1, 4096);
  free(block);
  free(calloc(100, 3));
  free(reallocarray(NULL, 3, 5));
  free(malloc(0));
  free(realloc(malloc(5), 0) == NULL ? NULL : NULL);
  if (calloc((size_t)-1 / 2, 4) != NULL || malloc((size_t)-1) != NULL) abort();
  free(strdup("text"));
  char *line = NULL;
  size_t room = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (getline(&line, &room, file) > 0) continue;
  fclose(file);
  free(line);
  free(malloc(3000000));
}
static void reused(void) { /* the same place again and again is nobody's double free */
  for (int i = 0; i < 100000; i++) give_back(make(16 + i % 400));
}
static void *churn(void *seed) {
  void *kept[64] = {0};
  unsigned dice = (unsigned)(size_t)seed;
  for (int i = 0; i < 8000; i++) {
    dice = dice * 1103515245 + 12345;
    unsigned k = dice >> 16 & 63;
    if (kept[k] != NULL && dice & 8) kept[k] = realloc(kept[k], 1 + (dice >> 8 & 4095));
    else free(kept[k]), kept[k] = malloc(1 + (dice >> 8 & 2047));
    memset(kept[k], 5, 1);
  }
  for (int k = 0; k < 64; k++) free(kept[k]);
  return NULL;
}
static void threads(void) {
  pthread_t all[8];
  for (size_t i = 0; i < 8; i++) pthread_create(&all[i], NULL, churn, (void *)(i + 1));
  for (int i = 0; i < 6; i++) {
    pid_t child = fork();
    if (child == 0) {
      churn((void *)77);
      _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0) abort();
  }
  for (size_t i = 0; i < 8; i++) pthread_join(all[i], NULL);
}
static void mistake_in_child(void) {
  pid_t child = fork();
  if (child == 0) double_free();
  else waitpid(child, NULL, 0);
}
static char *until_the_end;
static void last(void) { free(until_the_end); }
static void freed_at_exit(void) {
  until_the_end = make(100);
  atexit(last);
}
static void *frees(void *block) {
  free(block);
  return NULL;
}
static void two_threads_at_once(void) {
  for (int i = 0; i < 50; i++) {
    pthread_t one, two;
    void *block = make(32);
    pthread_create(&one, NULL, frees, block);
    pthread_create(&two, NULL, frees, block);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
  }
}
static void moved_mapping(void) {
  char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  page[0] = 'm';
  page = mremap(page, 4096, 1 << 20, MREMAP_MAYMOVE);
  if (page == MAP_FAILED || page[0] != 'm') abort();
  munmap(page, 1 << 20);
}

/* ---- sampled: every allocation has a page of its own ---- */

static void read_on(void) {
  char *block = make(64);
  give_back(block);
  printf("%c\n", ((char *volatile)hidden)[8]);
}
static void write_behind(void) {
  char *block = make(64);
  ((char *volatile)block)[64] = 1;
  give_back(block);
}
static void write_before(void) {
  char *block = make(3000);
  ((char *volatile)block)[-2000] = 1;
  give_back(block);
}

#define NAMED(name) {#name, name}
static const struct {
  const char *name;
  void (*run)(void);
} all[] = {NAMED(double_free),
           NAMED(over_free),
           NAMED(repeated),
           NAMED(long_ago),
           NAMED(endless_calls),
           NAMED(crash_deep_down),
           NAMED(interior),
           NAMED(interior_of_freed),
           NAMED(on_stack),
           NAMED(in_data),
           NAMED(in_mapping),
           NAMED(write_after),
           NAMED(write_after_long_ago),
           NAMED(overrun),
           NAMED(overrun_alive),
           NAMED(overrun_far),
           NAMED(followed),
           NAMED(freed_what_it_read),
           NAMED(followed_with_handler),
           NAMED(plain_fault),
           NAMED(sent_fault),
           NAMED(ignored_fault),
           NAMED(realloc_freed),
           NAMED(growing),
           NAMED(slack_is_asked_for),
           NAMED(every_kind),
           NAMED(reused),
           NAMED(threads),
           NAMED(mistake_in_child),
           NAMED(freed_at_exit),
           NAMED(two_threads_at_once),
           NAMED(moved_mapping),
           NAMED(read_on),
           NAMED(write_behind),
           NAMED(write_before)};

int main(int argc, char **argv) {
  for (int k = 1; k < argc; k++)
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
      if (strcmp(argv[k], all[i].name) == 0) all[i].run();
  puts("went on");
  return 0;
}
