#include "graph/depth_first.h"

#include <string.h>

/* In `numbers`. A root is marked for good: no one asks for its number, since references to it are left out. */
enum { UNSEEN = 0, ROOT_SEEN = 0xfffffffeu, ROOT_UNSEEN = 0xffffffffu };

/* How far ahead in a node's references what they lead to is asked for, and then what those refer to. Measured: half the
 * time of an aged heap. */
enum { AHEAD = 8, AHEAD_REFERENCES = 3 };

/* A node whose references are not all followed yet. Those with one reference left need no frame: a chain is no stack. */
typedef struct frame {
  uint32_t number, next, end;
} frame;

typedef struct search {
  const ol_graph *graph;
  ol_depth_first *order;
  uint32_t *numbers;
  uint32_t *nodes, *parents, *uppermost;
  ol_reserve stack; /* frame[depth] */
  uint32_t depth;
} search;

static bool push(search *s, frame f) {
  if (!ol_reserve_grow(&s->stack, (s->depth + 1ull) * sizeof(frame))) return false;
  ((frame *)s->stack.base)[s->depth++] = f;
  return true;
}

static bool add_crossing(ol_depth_first *order, uint32_t target, uint32_t source) {
  if (!ol_reserve_grow(&order->crossings, (order->crossing_count + 1ull) * sizeof(ol_crossing))) return false;
  ((ol_crossing *)order->crossings.base)[order->crossing_count++] = (ol_crossing){target, source};
  return true;
}

static uint32_t give_number(search *s, uint32_t node, uint32_t parent) {
  uint32_t number = s->order->count++;
  s->nodes[number] = node;
  s->parents[number] = s->uppermost[number] = parent;
  return number;
}

static inline void expect(const search *s, uint32_t target) {
  ol_prefetch(&s->numbers[target]);
  ol_prefetch(&s->graph->edge_start[target]);
}

static inline frame enter(const search *s, uint32_t node, uint32_t number) {
  const ol_graph *g = s->graph;
  frame f = {number, (uint32_t)g->edge_start[node], (uint32_t)g->edge_start[node + 1]};
  for (uint32_t e = f.next; e < f.end && e < f.next + AHEAD; e++) expect(s, g->targets[e]);
  return f;
}

static inline void look_ahead(const search *s, const frame *f) {
  const ol_graph *g = s->graph;
  if (f->end - f->next > AHEAD) expect(s, g->targets[f->next + AHEAD]);
  if (f->end - f->next > AHEAD_REFERENCES)
    ol_prefetch(&g->targets[g->edge_start[g->targets[f->next + AHEAD_REFERENCES]]]);
}

/* A reference to a node that has a number already. */
static bool note(search *s, uint32_t target, uint32_t source) {
  if (target >= ROOT_SEEN || target == source) return true;
  if (target < source) return add_crossing(s->order, target, source);
  if (source < s->uppermost[target]) s->uppermost[target] = source;
  return true;
}

static bool descend(search *s, uint32_t root) {
  frame f = enter(s, root, give_number(s, root, 0));
  for (;;) {
    while (f.next < f.end) {
      look_ahead(s, &f);
      uint32_t target = s->graph->targets[f.next++];
      if (target == 0) continue;
      if (s->numbers[target] != UNSEEN) {
        if (!note(s, s->numbers[target], f.number)) return false;
        continue;
      }
      uint32_t number = s->numbers[target] = give_number(s, target, f.number);
      if (s->graph->edge_start[target] == s->graph->edge_start[target + 1]) continue;
      if (f.next < f.end && !push(s, f)) return false;
      f = enter(s, target, number);
    }
    if (s->depth == 0) return true;
    f = ((frame *)s->stack.base)[--s->depth];
  }
}

static bool reserve(ol_depth_first *order, uint32_t node_count) {
  return ol_reserve_grow(&order->nodes, node_count * 4ull) && ol_reserve_grow(&order->parents, node_count * 4ull) &&
         ol_reserve_grow(&order->uppermost, node_count * 4ull);
}

static bool run(search *s, const uint32_t *roots, uint32_t root_count) {
  for (uint32_t i = 0; i < root_count; i++) s->numbers[roots[i]] = ROOT_UNSEEN;
  s->numbers[0] = ROOT_SEEN;
  give_number(s, 0, 0);
  for (uint32_t i = 0; i < root_count; i++) {
    if (s->numbers[roots[i]] == ROOT_SEEN) continue;
    s->numbers[roots[i]] = ROOT_SEEN;
    if (!descend(s, roots[i])) return false;
  }
  return true;
}

bool ol_depth_first_init(ol_depth_first *order, const ol_graph *graph, const uint32_t *roots, uint32_t root_count) {
  *order = (ol_depth_first){0};
  ol_reserve numbers = {0}; /* uint32_t[node_count] */
  search s = {.graph = graph, .order = order};
  bool ok = reserve(order, graph->node_count) && ol_reserve_grow(&numbers, graph->node_count * 4ull);
  if (ok) {
    s.numbers = (uint32_t *)numbers.base;
    s.nodes = (uint32_t *)order->nodes.base;
    s.parents = (uint32_t *)order->parents.base;
    s.uppermost = (uint32_t *)order->uppermost.base;
    ok = run(&s, roots, root_count);
  }
  ol_reserve_deinit(&s.stack);
  ol_reserve_deinit(&numbers);
  if (!ok) ol_depth_first_deinit(order);
  return ok;
}

void ol_depth_first_deinit(ol_depth_first *order) {
  ol_reserve_deinit(&order->nodes);
  ol_reserve_deinit(&order->parents);
  ol_reserve_deinit(&order->uppermost);
  ol_reserve_deinit(&order->crossings);
}
