#include "graph/components.h"

#include <string.h>

enum { UNSEEN = 0, TOP = 0xffffffffu };
enum { AHEAD = 8, AHEAD_REFERENCES = 3 }; /* as in depth_first.c */

typedef struct frame {
  uint32_t node, visit, next, end; /* `visit`: its visiting number */
} frame;

typedef struct search {
  const ol_graph *graph;
  uint32_t *place;  /* the result, see the theory of operation */
  ol_reserve stack; /* frame[depth] */
  ol_reserve open;  /* uint32_t[open_count]: nodes left whose component is not closed */
  uint32_t depth, open_count;
  uint32_t visit, component; /* the next of each */
} search;

static inline void expect(const search *s, uint32_t target) {
  ol_prefetch(&s->place[target]);
  ol_prefetch(&s->graph->edge_start[target]);
}

static frame enter(search *s, uint32_t node) {
  const ol_graph *g = s->graph;
  frame f = {node, s->visit++, (uint32_t)g->edge_start[node], (uint32_t)g->edge_start[node + 1]};
  s->place[node] = f.visit;
  for (uint32_t e = f.next; e < f.end && e < f.next + AHEAD; e++) expect(s, g->targets[e]);
  return f;
}

static inline void look_ahead(const search *s, const frame *f) {
  const ol_graph *g = s->graph;
  if (f->end - f->next > AHEAD) expect(s, g->targets[f->next + AHEAD]);
  if (f->end - f->next > AHEAD_REFERENCES)
    ol_prefetch(&g->targets[g->edge_start[g->targets[f->next + AHEAD_REFERENCES]]]);
}

static bool push(search *s, frame f) {
  if (!ol_reserve_grow(&s->stack, (s->depth + 1ull) * sizeof(frame))) return false;
  ((frame *)s->stack.base)[s->depth++] = f;
  return true;
}

/* All references of the node are followed. If it leads to nothing older that is open, it and what was left open since
 * are a component; visiting numbers of closed nodes are used again, which keeps them below the components'. */
static bool leave(search *s, uint32_t node, uint32_t visit) {
  if (s->place[node] < visit) {
    if (!ol_reserve_grow(&s->open, (s->open_count + 1ull) * 4)) return false;
    ((uint32_t *)s->open.base)[s->open_count++] = node;
    return true;
  }
  const uint32_t *open = (const uint32_t *)s->open.base;
  for (; s->open_count > 0 && s->place[open[s->open_count - 1]] >= visit; s->visit--)
    s->place[open[--s->open_count]] = s->component;
  s->place[node] = s->component--;
  s->visit--;
  return true;
}

/* One reference of f. True and *into != 0: go there first. */
static inline void follow(search *s, frame *f, uint32_t *into) {
  uint32_t target = s->graph->targets[f->next++];
  *into = 0;
  if (target == 0) return;
  if (s->place[target] == UNSEEN) *into = target;
  else if (s->place[target] < s->place[f->node]) s->place[f->node] = s->place[target];
}

static bool descend(search *s, uint32_t start) {
  const uint64_t *edge_start = s->graph->edge_start;
  frame f = enter(s, start);
  for (;;) {
    while (f.next < f.end) {
      uint32_t into;
      look_ahead(s, &f);
      follow(s, &f, &into);
      if (into == 0) continue;
      if (edge_start[into] == edge_start[into + 1]) {
        s->place[into] = s->component--; /* refers to nothing: a component of its own */
        continue;
      }
      if (!push(s, f)) return false;
      f = enter(s, into);
    }
    if (!leave(s, f.node, f.visit)) return false;
    if (s->depth == 0) return true;
    uint32_t low = s->place[f.node];
    f = ((frame *)s->stack.base)[--s->depth];
    if (low < s->place[f.node]) s->place[f.node] = low;
  }
}

bool ol_find_components(const ol_graph *graph, uint32_t *ret) {
  search s = {.graph = graph, .place = ret, .visit = 1, .component = TOP};
  memset(ret, 0, graph->node_count * 4ull);
  bool ok = true;
  for (uint32_t node = 1; node < graph->node_count && ok; node++)
    if (ret[node] == UNSEEN) ok = descend(&s, node);
  for (uint32_t node = 1; node < graph->node_count; node++) ret[node] = TOP - ret[node] + 1;
  ol_reserve_deinit(&s.stack);
  ol_reserve_deinit(&s.open);
  return ok;
}
