/* Every pass, with the 1st, 2nd ... nth wish for memory refused: it says so, and gives back all that it had. */
#include <stdarg.h>
#include <sys/mman.h>

#include "graph/closure.h"
#include "graph/components.h"
#include "graph/dominators.h"
#include "graph/holders.h"
#include "graph/wakes.h"
#include "tests/small_graph.h"

static long left, mapped; /* wishes granted before all are refused; bytes mapped by the core */
static bool refused;

static bool granted(void) {
  if (left-- > 0) return true;
  return !(refused = true);
}

/* The linker puts these in the place of the C library's (--wrap). */
void *__real_mmap(void *, size_t, int, int, int, off_t);
void *__real_mremap(void *, size_t, size_t, int, ...);
int __real_munmap(void *, size_t);

void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
  if (!granted()) return MAP_FAILED;
  mapped += (long)bytes;
  return __real_mmap(at, bytes, protection, flags, fd, offset);
}

void *__wrap_mremap(void *at, size_t old, size_t bytes, int flags, ...) {
  if (!granted()) return MAP_FAILED;
  mapped += (long)bytes - (long)old;
  return __real_mremap(at, old, bytes, flags);
}

int __wrap_munmap(void *at, size_t bytes) {
  mapped -= (long)bytes;
  return __real_munmap(at, bytes);
}

enum { NODES = 20000 };
static uint32_t numbers[NODES + 1];
static uint64_t amounts[NODES + 1];
static uint8_t flags[NODES + 1];
static const uint32_t roots[] = {1, 2};

static bool holders(const ol_graph *graph) {
  static const ol_reading_costs costs = {0};
  static const ol_cuts cuts = {0};
  return ol_find_holders(graph, roots, NULL, 2, &costs, &cuts, numbers);
}

static bool closure(const ol_graph *graph) {
  ol_cuts cuts;
  if (!ol_cuts_init(&cuts, roots, 1)) return false;
  bool ok = ol_find_reached(graph, roots, 2, &cuts, flags);
  ol_cuts_deinit(&cuts);
  return ok;
}

static bool woken(const ol_graph *graph) {
  static const uint32_t members[] = {3, 1, 4, 1, 5, 2}, keys[] = {6, 1, 7, 2};
  static const ol_cuts cuts = {0};
  ol_sleepers sleepers;
  ol_cuts extra = {0};
  bool ok = ol_sleepers_init(&sleepers, members, 3, keys, 2) && ol_cuts_init(&extra, roots, 1) &&
            ol_find_woken(graph, roots, 2, &sleepers, &extra, &cuts, flags);
  ol_cuts_deinit(&extra);
  ol_sleepers_deinit(&sleepers);
  return ok;
}

static bool components(const ol_graph *graph) { return ol_find_components(graph, numbers); }

static bool retained(const ol_graph *graph) {
  ol_dominators dominators;
  if (!ol_dominators_init(&dominators, graph, roots, 2)) return false;
  bool ok = ol_find_retained(&dominators, &(ol_sizes){.small = numbers}, NODES + 1, amounts);
  ol_dominators_deinit(&dominators);
  return ok;
}

static void gives_all_back_wherever_memory_ends(bool (*pass)(const ol_graph *), const ol_graph *graph) {
  bool ok = false;
  for (long wishes = 0; !ok; wishes++) {
    EXPECT(wishes < 1000);
    left = wishes, refused = false;
    ok = pass(graph);
    EXPECT(mapped == 0);
    EXPECT(ok == !refused);
  }
}

int main(void) {
  small_graph made = make_random_graph(NODES, 3, 11);
  gives_all_back_wherever_memory_ends(holders, &made.graph);
  gives_all_back_wherever_memory_ends(closure, &made.graph);
  gives_all_back_wherever_memory_ends(woken, &made.graph);
  gives_all_back_wherever_memory_ends(components, &made.graph);
  gives_all_back_wherever_memory_ends(retained, &made.graph);
  drop_graph(&made);
  return 0;
}
