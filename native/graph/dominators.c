#include "graph/dominators.h"

#include <string.h>

#include "graph/depth_first.h"

/* Sources of the crossing references to number w: sources[starts[w]] .. sources[starts[w + 1]]. */
typedef struct crossings {
  ol_reserve starts, sources;
} crossings;

/* Counting sort by target. Takes the list out of the order: it is the largest thing there and not needed again. */
static bool sort_crossings(ol_depth_first *order, crossings *sorted) {
  const ol_crossing *list = (const ol_crossing *)order->crossings.base;
  *sorted = (crossings){0};
  if (!ol_reserve_grow(&sorted->starts, (order->count + 1ull) * 4) ||
      !ol_reserve_grow(&sorted->sources, order->crossing_count * 4ull))
    return false;
  uint32_t *starts = (uint32_t *)sorted->starts.base, *sources = (uint32_t *)sorted->sources.base;
  for (uint32_t i = 0; i < order->crossing_count; i++) starts[list[i].target + 1]++;
  for (uint32_t w = 1; w <= order->count; w++) starts[w] += starts[w - 1];
  for (uint32_t i = order->crossing_count; i-- > 0;) sources[--starts[list[i].target + 1]] = list[i].source;
  /* starts[w + 1] is now where w begins: one row too far up */
  memmove(starts, starts + 1, order->count * 4ull);
  starts[order->count] = order->crossing_count;
  ol_reserve_deinit(&order->crossings);
  return true;
}

/* The lowest semidominator on the tree path from v up to, and without, the first number not above w. lowest[v] covers the
 * path from v up to skip[v]; each look makes that stretch longer. */
static uint32_t lowest_above(uint32_t *skip, uint32_t *lowest, uint32_t v, uint32_t w) {
  uint32_t found = lowest[v];
  while (skip[v] > w) {
    uint32_t over = skip[v];
    if (lowest[over] < lowest[v]) lowest[v] = lowest[over];
    if (lowest[v] < found) found = lowest[v];
    skip[v] = skip[over];
    v = over;
  }
  return found;
}

/* Turns `uppermost` into semidominators. */
static void find_semidominators(const crossings *sorted, uint32_t count, uint32_t *uppermost, uint32_t *skip,
                                uint32_t *lowest) {
  const uint32_t *starts = (const uint32_t *)sorted->starts.base, *sources = (const uint32_t *)sorted->sources.base;
  for (uint32_t w = count - 1; w > 0; w--) {
    uint32_t semi = uppermost[w];
    for (uint32_t i = starts[w]; i < starts[w + 1]; i++) {
      uint32_t found = lowest_above(skip, lowest, sources[i], w);
      if (found < semi) semi = found;
    }
    uppermost[w] = lowest[w] = semi;
  }
}

/* Turns `parents` into immediate dominators. */
static void find_immediate(const uint32_t *semi, uint32_t count, uint32_t *parents, uint32_t *jump, uint32_t *depth) {
  jump[0] = depth[0] = 0;
  for (uint32_t w = 1; w < count; w++) {
    uint32_t x = parents[w];
    while (x > semi[w]) x = jump[x] > semi[w] ? jump[x] : parents[x];
    parents[w] = x;
    depth[w] = depth[x] + 1;
    uint32_t far = jump[x];
    jump[w] = depth[x] - depth[far] == depth[far] - depth[jump[far]] ? jump[far] : x;
  }
}

static bool work(ol_depth_first *order) {
  crossings sorted;
  ol_reserve skip = {0}, lowest = {0};
  const uint32_t count = order->count;
  bool ok =
      sort_crossings(order, &sorted) && ol_reserve_grow(&skip, count * 4ull) && ol_reserve_grow(&lowest, count * 4ull);
  if (ok) {
    uint32_t *parents = (uint32_t *)order->parents.base, *semi = (uint32_t *)order->uppermost.base;
    uint32_t *first = (uint32_t *)skip.base, *second = (uint32_t *)lowest.base;
    memcpy(first, parents, count * 4ull);
    find_semidominators(&sorted, count, semi, first, second);
    find_immediate(semi, count, parents, first, second);
  }
  ol_reserve_deinit(&sorted.starts);
  ol_reserve_deinit(&sorted.sources);
  ol_reserve_deinit(&skip);
  ol_reserve_deinit(&lowest);
  return ok;
}

bool ol_dominators_init(ol_dominators *dominators, const ol_graph *graph, const uint32_t *roots, uint32_t root_count) {
  ol_depth_first order;
  *dominators = (ol_dominators){0};
  if (!ol_depth_first_init(&order, graph, roots, root_count)) return false;
  bool ok = work(&order);
  if (ok) {
    *dominators = (ol_dominators){.count = order.count, .nodes = order.nodes, .immediate = order.parents};
    order.nodes = order.parents = (ol_reserve){0};
  }
  ol_depth_first_deinit(&order);
  return ok;
}

void ol_dominators_deinit(ol_dominators *dominators) {
  ol_reserve_deinit(&dominators->nodes);
  ol_reserve_deinit(&dominators->immediate);
}

void ol_dominators_by_node(const ol_dominators *dominators, uint32_t node_count, uint32_t *ret) {
  const uint32_t *nodes = (const uint32_t *)dominators->nodes.base;
  const uint32_t *immediate = (const uint32_t *)dominators->immediate.base;
  memset(ret, 0xff, node_count * 4ull);
  for (uint32_t w = 0; w < dominators->count; w++) ret[nodes[w]] = nodes[immediate[w]];
}

enum { AHEAD = 32 };

/* Each node's own size, by number. */
static void gather_sizes(const uint32_t *nodes, uint32_t count, const ol_sizes *sizes, uint64_t *amounts) {
  amounts[0] = 0;
  for (uint32_t w = 1; w < count; w++) {
    uint32_t ahead = nodes[w + AHEAD < count ? w + AHEAD : w];
    if (sizes->small != NULL) ol_prefetch(&sizes->small[ahead]), amounts[w] = sizes->small[nodes[w]];
    else ol_prefetch(&sizes->large[ahead]), amounts[w] = sizes->large[nodes[w]];
  }
}

bool ol_find_retained(const ol_dominators *dominators, const ol_sizes *sizes, uint32_t node_count, uint64_t *ret) {
  const uint32_t *nodes = (const uint32_t *)dominators->nodes.base;
  const uint32_t *immediate = (const uint32_t *)dominators->immediate.base;
  ol_reserve memory = {0}; /* uint64_t[count], by number */
  if (!ol_reserve_grow(&memory, dominators->count * 8ull)) return false;
  uint64_t *amounts = (uint64_t *)memory.base;
  gather_sizes(nodes, dominators->count, sizes, amounts);
  for (uint32_t w = dominators->count - 1; w > 0; w--) amounts[immediate[w]] += amounts[w];
  memset(ret, 0, node_count * 8ull);
  for (uint32_t w = 0; w < dominators->count; w++) ret[nodes[w]] = amounts[w];
  ol_reserve_deinit(&memory);
  return true;
}
