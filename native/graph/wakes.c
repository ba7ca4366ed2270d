#include "graph/wakes.h"

#include <string.h>

/* Beside the two bits that are the result, marks say while the pass runs which nodes have rows in a list of pairs: most
 * nodes have none, and need no search. A node is queued when it is OL_WALKED. */
enum { MEMBER = 4, KEY = 8, EXTRA = 16, CUT = 32, RESULT = 3 };

typedef struct waking {
  const ol_graph *graph;
  const ol_sleepers *sleepers;
  const ol_cuts *extra, *cuts;
  uint8_t *marks;
  uint8_t *awake;  /* [most + 1] */
  uint32_t *queue; /* each node at most once */
  uint32_t tail;
} waking;

static const uint64_t *rows_of(const ol_cuts *pairs) { return (const uint64_t *)pairs->rows.base; }

static uint32_t first_of(const ol_cuts *pairs, uint32_t number) {
  const uint64_t wanted = (uint64_t)number << 32, *rows = rows_of(pairs);
  uint32_t low = 0, high = pairs->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (rows[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

static bool is_row_of(const ol_cuts *pairs, uint32_t row, uint32_t number) {
  return row < pairs->count && (uint32_t)(rows_of(pairs)[row] >> 32) == number;
}

static uint32_t other(const ol_cuts *pairs, uint32_t row) { return (uint32_t)rows_of(pairs)[row]; }

static void flag(uint8_t *marks, uint32_t count, const ol_cuts *pairs, uint8_t bit) {
  for (uint32_t i = 0; i < pairs->count; i++) {
    uint32_t node = (uint32_t)(rows_of(pairs)[i] >> 32);
    if (node < count) marks[node] |= bit; /* cuts may name what is no node */
  }
}

static void walk_later(waking *w, uint32_t node) {
  if (node == 0 || w->marks[node] & OL_WALKED) return;
  w->marks[node] |= OL_WALKED;
  w->queue[w->tail++] = node;
}

static bool is_open(const waking *w, uint32_t node) {
  const ol_cuts *members = &w->sleepers->by_member;
  for (uint32_t row = first_of(members, node); is_row_of(members, row, node); row++)
    if (w->awake[other(members, row)]) return true;
  return false;
}

static inline void reach(waking *w, uint32_t node) {
  uint8_t mark = w->marks[node];
  if (mark & OL_WALKED || node == 0) return;
  if (mark & MEMBER && !is_open(w, node)) w->marks[node] |= OL_ASLEEP_REACHED;
  else walk_later(w, node);
}

static void wake(waking *w, uint32_t sleeper) {
  if (w->awake[sleeper]) return;
  w->awake[sleeper] = 1;
  const ol_cuts *members = &w->sleepers->by_sleeper;
  for (uint32_t row = first_of(members, sleeper); is_row_of(members, row, sleeper); row++)
    walk_later(w, other(members, row));
}

static void use_key(waking *w, uint32_t node) {
  const ol_cuts *keys = &w->sleepers->by_key;
  for (uint32_t row = first_of(keys, node); is_row_of(keys, row, node); row++) wake(w, other(keys, row));
}

static void follow_extra(waking *w, uint32_t node) {
  for (uint32_t row = first_of(w->extra, node); is_row_of(w->extra, row, node); row++) reach(w, other(w->extra, row));
}

static void follow(waking *w, uint32_t node) {
  const ol_graph *g = w->graph;
  const bool cut = w->marks[node] & CUT;
  for (uint64_t e = g->edge_start[node], end = g->edge_start[node + 1]; e < end; e++) {
    if (cut && ol_cuts_has(w->cuts, node, g->targets[e])) continue;
    reach(w, g->targets[e]);
  }
}

static void run(waking *w, const uint32_t *roots, uint32_t root_count) {
  for (uint32_t i = 0; i < root_count; i++) reach(w, roots[i]);
  for (uint32_t head = 0; head < w->tail; head++) {
    ol_look_ahead(w->graph, w->queue + head, w->tail - head, w->marks, 1);
    uint32_t node = w->queue[head];
    if (w->marks[node] & KEY) use_key(w, node);
    if (w->marks[node] & EXTRA) follow_extra(w, node);
    follow(w, node);
  }
}

/* Only the bits of the result; a node that was reached asleep and walked later is walked. */
static void finish(uint8_t *marks, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    uint8_t mark = marks[i] & RESULT;
    marks[i] = mark & OL_WALKED ? OL_WALKED : mark;
  }
}

bool ol_find_woken(const ol_graph *graph, const uint32_t *roots, uint32_t root_count, const ol_sleepers *sleepers,
                   const ol_cuts *extra, const ol_cuts *cuts, uint8_t *marks) {
  ol_reserve queue = {0}, awake = {0};
  bool ok = ol_reserve_grow(&queue, graph->node_count * 4ull) && ol_reserve_grow(&awake, sleepers->most + 1ull);
  if (ok) {
    waking w = {graph, sleepers, extra, cuts, marks, (uint8_t *)awake.base, (uint32_t *)queue.base, 0};
    memset(marks, 0, graph->node_count);
    flag(marks, graph->node_count, &sleepers->by_member, MEMBER);
    flag(marks, graph->node_count, &sleepers->by_key, KEY);
    flag(marks, graph->node_count, extra, EXTRA);
    flag(marks, graph->node_count, cuts, CUT);
    run(&w, roots, root_count);
    finish(marks, graph->node_count);
  }
  ol_reserve_deinit(&queue);
  ol_reserve_deinit(&awake);
  return ok;
}

static bool turned(ol_cuts *ret, const uint32_t *pairs, uint32_t count) {
  ol_reserve memory = {0};
  bool ok = count == 0 || ol_reserve_grow(&memory, count * 8ull);
  uint32_t *rows = (uint32_t *)memory.base;
  for (uint64_t i = 0; ok && i < count; i++) rows[2 * i] = pairs[2 * i + 1], rows[2 * i + 1] = pairs[2 * i];
  ok = ok && ol_cuts_init(ret, rows, count);
  ol_reserve_deinit(&memory);
  return ok;
}

static uint32_t highest_sleeper(const uint32_t *pairs, uint32_t count, uint32_t most) {
  for (uint64_t i = 0; i < count; i++) most = pairs[2 * i + 1] > most ? pairs[2 * i + 1] : most;
  return most;
}

bool ol_sleepers_init(ol_sleepers *sleepers, const uint32_t *members, uint32_t member_count, const uint32_t *keys,
                      uint32_t key_count) {
  *sleepers = (ol_sleepers){0};
  sleepers->most = highest_sleeper(members, member_count, highest_sleeper(keys, key_count, 0));
  return ol_cuts_init(&sleepers->by_member, members, member_count) &&
         turned(&sleepers->by_sleeper, members, member_count) && ol_cuts_init(&sleepers->by_key, keys, key_count);
}

void ol_sleepers_deinit(ol_sleepers *sleepers) {
  ol_cuts_deinit(&sleepers->by_member);
  ol_cuts_deinit(&sleepers->by_sleeper);
  ol_cuts_deinit(&sleepers->by_key);
}
