#include "graph/holders.h"

#include <string.h>

enum {
  SPAN = 1024,     /* above 1 + 3 * 255, the dearest reference; a power of two */
  UNSEEN = 0x8000, /* | cost of entering */
  SETTLED = 0xffff,
  BLOCK = 254, /* nodes of a block, so that a block is 1 KB */
  NO_BLOCK = 0xffffffff
};

typedef struct block {
  uint32_t next, count;
  uint32_t nodes[BLOCK];
} block;

typedef struct waiting {
  ol_reserve blocks; /* block[made] */
  uint32_t made, spare;
  uint32_t first[SPAN], last[SPAN];
  uint64_t filled[SPAN / 64]; /* a bit for each list that has a block */
} waiting;

typedef struct search {
  const ol_graph *graph;
  const ol_reading_costs *costs;
  const ol_cuts *cuts;
  uint32_t *parents;
  uint16_t *state;
  uint32_t now; /* the place in the ring that is worked on */
  waiting waiting;
} search;

static block *block_at(const waiting *w, uint32_t number) { return (block *)w->blocks.base + number; }

static uint32_t take_block(waiting *w) {
  uint32_t number = w->spare;
  if (number != NO_BLOCK) w->spare = block_at(w, number)->next;
  else if (ol_reserve_grow(&w->blocks, (w->made + 1) * sizeof(block))) number = w->made++;
  else return NO_BLOCK;
  block_at(w, number)->next = NO_BLOCK;
  block_at(w, number)->count = 0;
  return number;
}

static bool put(waiting *w, uint32_t place, uint32_t node) {
  uint32_t last = w->last[place];
  if (last == NO_BLOCK || block_at(w, last)->count == BLOCK) {
    uint32_t fresh = take_block(w);
    if (fresh == NO_BLOCK) return false;
    if (last == NO_BLOCK) w->first[place] = fresh, w->filled[place / 64] |= UINT64_C(1) << place % 64;
    else block_at(w, last)->next = fresh;
    w->last[place] = last = fresh;
  }
  block *b = block_at(w, last);
  b->nodes[b->count++] = node;
  return true;
}

/* Turn the ring to the next list that has something; a path of dear references leaves hundreds of empty ones between.
 * False: all are empty. */
static bool turn(search *s) {
  const uint64_t *filled = s->waiting.filled;
  uint32_t word = s->now / 64;
  uint64_t bits = filled[word] & ~UINT64_C(0) << s->now % 64;
  for (uint32_t tried = 0; bits == 0; tried++) {
    if (tried == SPAN / 64) return false; /* the first word was seen twice: above `now`, and all of it */
    word = (word + 1) % (SPAN / 64);
    bits = filled[word];
  }
  s->now = word * 64 + (uint32_t)__builtin_ctzll(bits);
  return true;
}

/* `ahead`: how much dearer than what is worked on. True also when there is nothing to do; false: no memory. */
static inline bool offer(search *s, uint32_t node, uint32_t state, uint32_t ahead, uint32_t parent) {
  if (state < SPAN && ((state - s->now) & (SPAN - 1)) <= ahead) return true;
  uint32_t place = (s->now + ahead) & (SPAN - 1);
  s->state[node] = (uint16_t)place;
  s->parents[node] = parent;
  return put(&s->waiting, place, node);
}

static inline uint32_t enter_cost(const search *s, uint32_t node, uint32_t state) {
  if (state >= SPAN) return state & 0xff;
  return s->costs->enter != NULL ? s->costs->enter[node] : 0;
}

static bool follow(search *s, uint32_t node) {
  const ol_graph *g = s->graph;
  const ol_reading_costs *c = s->costs;
  const uint32_t base = 1 + (c->exit != NULL ? c->exit[node] : 0);
  const uint32_t type = c->types != NULL ? c->types[node] : 0; /* 0 is never followed */
  for (uint64_t e = g->edge_start[node], end = g->edge_start[node + 1]; e < end; e++) {
    uint32_t target = g->targets[e], state = s->state[target];
    if (state == SETTLED || target == 0) continue;
    if (s->cuts->count != 0 && ol_cuts_has(s->cuts, node, target)) continue;
    uint32_t cost = base + enter_cost(s, target, state) + (target == type ? c->type_cost : 0);
    if (!offer(s, target, state, cost, node)) return false;
  }
  return true;
}

static void look_ahead(const search *s, const uint32_t *next, uint32_t left) {
  ol_look_ahead(s->graph, next, left, s->state, sizeof *s->state);
  if (left <= OL_AHEAD_ROW) return;
  uint32_t node = next[OL_AHEAD_ROW];
  ol_prefetch(&s->state[node]);
  if (s->costs->exit != NULL) ol_prefetch(&s->costs->exit[node]);
  if (s->costs->types != NULL) ol_prefetch(&s->costs->types[node]);
}

/* The list at `now`, oldest first. Blocks may move while it is worked on, never this list's contents. */
static bool settle_list(search *s) {
  waiting *w = &s->waiting;
  uint32_t number = w->first[s->now];
  w->first[s->now] = w->last[s->now] = NO_BLOCK;
  w->filled[s->now / 64] &= ~(UINT64_C(1) << s->now % 64);
  while (number != NO_BLOCK) {
    uint32_t count = block_at(w, number)->count;
    for (uint32_t i = 0; i < count; i++) {
      const uint32_t *next = block_at(w, number)->nodes + i;
      look_ahead(s, next, count - i);
      uint32_t node = *next;
      if (s->state[node] != s->now) continue; /* stale: found more cheaply since, and settled */
      s->state[node] = SETTLED;
      if (!follow(s, node)) return false;
    }
    uint32_t done = number;
    number = block_at(w, done)->next;
    block_at(w, done)->next = w->spare;
    w->spare = done;
  }
  return true;
}

static bool run(search *s, const uint32_t *roots, const uint8_t *root_costs, uint32_t root_count) {
  for (uint32_t i = 0; i < root_count; i++) {
    uint32_t root = roots[i], cost = root_costs != NULL ? root_costs[i] : 0;
    if (root != 0 && !offer(s, root, s->state[root], cost, root)) return false;
  }
  while (turn(s))
    if (!settle_list(s)) return false;
  return true;
}

bool ol_find_holders(const ol_graph *graph, const uint32_t *roots, const uint8_t *root_costs, uint32_t root_count,
                     const ol_reading_costs *costs, const ol_cuts *cuts, uint32_t *parents) {
  search s = {.graph = graph, .costs = costs, .cuts = cuts, .parents = parents, .waiting = {.spare = NO_BLOCK}};
  memset(s.waiting.first, 0xff, sizeof s.waiting.first);
  memset(s.waiting.last, 0xff, sizeof s.waiting.last);
  memset(parents, 0xff, graph->node_count * 4ull);
  ol_reserve state = {0};
  bool ok = ol_reserve_grow(&state, graph->node_count * 2ull);
  if (ok) {
    s.state = (uint16_t *)state.base;
    for (uint32_t i = 0; i < graph->node_count; i++) s.state[i] = UNSEEN | (costs->enter != NULL ? costs->enter[i] : 0);
    ok = run(&s, roots, root_costs, root_count);
  }
  ol_reserve_deinit(&state);
  ol_reserve_deinit(&s.waiting.blocks);
  return ok;
}
