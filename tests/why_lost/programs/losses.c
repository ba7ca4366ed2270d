/* One way of losing blocks, or of not losing them, a run: its name is the argument. Blocks of interest are 1000 bytes. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))
enum { TIMES = 6, SIZE = 1000 };

typedef struct owner {
  void *owned;
  struct owner *next;
  char rest[24];
} owner;

static owner *volatile owners;
static void *volatile current;
static void *volatile elsewhere[TIMES];
volatile int sum;

static APART void *make(void) {
  char *made = malloc(SIZE);
  made[0] = 1;
  return made;
}

static APART owner *make_owner(void) {
  owner *made = calloc(1, sizeof *made);
  owners = made;
  made->owned = make();
  return made;
}

/* ---- lost ---- */

static APART void destroy_without_owned(owner *one) { free(one); }
static APART void parent_freed(void) {
  owner *one = make_owner();
  owners = NULL;
  destroy_without_owned(one);
}

static APART void connect_again(void) { current = make(); }
static APART void overwritten(void) { connect_again(); }

static APART void close_callback(void) { current = NULL; }
static APART void nulled(void) {
  connect_again();
  close_callback();
}

static APART int is_valid(void) { return make() != NULL; }
static APART void discarded(void) { sum += is_valid(); }

static APART void handle(char *piece) {
  for (int i = 0; i < 20; i++) sum += piece[i];
}
static APART void on_piece(void) {
  char *piece = make();
  handle(piece);
  sum++;
}
static APART void handled_and_forgotten(void) { on_piece(); }

/* ---- not lost ---- */

static APART void destroy_well(owner *one) {
  void *owned = one->owned;
  free(one);
  free(owned);
}
static APART void freed_after_its_parent(void) {
  owner *one = make_owner();
  owners = NULL;
  destroy_well(one);
}

static APART void moved_before(int i) {
  owner *one = make_owner();
  elsewhere[i] = one->owned;
  destroy_without_owned(one);
}

static APART void written_by_the_same(void) {
  connect_again();
  void *same = current;
  for (int i = 0; i < 5; i++) current = same;
  current = NULL;
  free(same);
}

static APART void resized(void) {
  current = make();
  for (int size = SIZE + 1000; size < 40000; size *= 2) {
    void *moved = realloc(current, (size_t)size);
    current = moved;
  }
  free(current);
  current = NULL;
}

static APART void unlinked_node_by_node(void) {
  owner *first = NULL;
  for (int i = 0; i < 4; i++) {
    owner *one = calloc(1, SIZE);
    one->next = first;
    owners = first = one;
  }
  while (owners != NULL) {
    owner *one = owners;
    owners = one->next;
    free(one);
  }
}

static APART void table_that_grows(void) {
  void **table = NULL;
  for (int i = 0; i < 8; i++) {
    table = realloc(table, (size_t)(i + 1) * 64 * sizeof *table);
    current = table;
    table[i] = make();
  }
  for (int i = 0; i < 8; i++) free(table[i]);
  free(table);
}

/* ---- no harm ---- */

static volatile sig_atomic_t heard;
static void on_trap(int number) {
  (void)number;
  heard++;
}
static void program_has_a_handler(void) {
  static int begun;
  if (!begun++) signal(SIGTRAP, on_trap);
  raise(SIGTRAP);
  connect_again();
}

static jmp_buf back;
static APART void leave(void) {
  void *volatile made = make();
  current = made;
  longjmp(back, 1);
}
static void left_by_longjmp(void) {
  if (setjmp(back) == 0) leave();
  connect_again();
}

static void forks(void) {
  connect_again();
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 10; i++) connect_again();
    close_callback();
    _exit(0);
  }
  waitpid(child, NULL, 0);
}

static int is(const char *one, const char *other) { return strcmp(one, other) == 0; }

static void once(const char *what, int i) {
  if (is(what, "parent_freed")) parent_freed();
  else if (is(what, "overwritten")) overwritten();
  else if (is(what, "nulled")) nulled();
  else if (is(what, "discarded")) discarded();
  else if (is(what, "handled_and_forgotten")) handled_and_forgotten();
  else if (is(what, "freed_after_its_parent")) freed_after_its_parent();
  else if (is(what, "moved_before")) moved_before(i);
  else if (is(what, "written_by_the_same")) written_by_the_same();
  else if (is(what, "resized")) resized();
  else if (is(what, "unlinked_node_by_node")) unlinked_node_by_node();
  else if (is(what, "table_that_grows")) table_that_grows();
  else if (is(what, "program_has_a_handler")) program_has_a_handler();
  else if (is(what, "left_by_longjmp")) left_by_longjmp();
  else if (is(what, "forks")) forks();
}

int main(int argc, char **argv) {
  for (int i = 0; i < TIMES && argc > 1; i++) once(argv[1], i);
  if (is(argv[1], "moved_before")) {
    for (int i = 0; i < TIMES; i++) elsewhere[i] = NULL; /* lost here, and not where the parents were freed */
  }
  printf("%d\n", (int)heard);
  return 0;
}
