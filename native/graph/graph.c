#include "graph/graph.h"

#include <stdlib.h>

static bool rises(const uint64_t *edge_start, uint64_t count) {
  bool wrong = false;
  for (uint64_t i = 1; i < count; i++) wrong |= edge_start[i] < edge_start[i - 1];
  return !wrong;
}

/* No early exit: the loop without one is read at the speed of memory, and a sound file is the usual case. */
static uint32_t highest(const uint32_t *targets, uint64_t count) {
  uint32_t found = 0;
  for (uint64_t i = 0; i < count; i++) found = targets[i] > found ? targets[i] : found;
  return found;
}

const char *ol_graph_check(const uint64_t *edge_start, uint64_t start_count, const uint32_t *targets,
                           uint64_t target_count) {
  if (start_count < 2) return "there is no node 0, \"nothing\"";
  if (start_count - 1 >= OL_NOT_REACHED || target_count >= OL_NOT_REACHED)
    return "more than 4,294,967,294 nodes or references";
  if (edge_start[0] != 0 || edge_start[start_count - 1] != target_count)
    return "edge_start does not begin at 0 and end at the number of targets";
  if (edge_start[1] != 0) return "node 0, \"nothing\", has references";
  if (!rises(edge_start, start_count)) return "edge_start goes down";
  if (target_count != 0 && highest(targets, target_count) >= start_count - 1) return "a target is no node";
  return NULL;
}

static int ascending(const void *a, const void *b) {
  uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
  return (one > other) - (one < other);
}

bool ol_cuts_init(ol_cuts *cuts, const uint32_t *pairs, uint32_t pair_count) {
  *cuts = (ol_cuts){0};
  if (pair_count == 0) return true;
  if (!ol_reserve_grow(&cuts->rows, pair_count * 8ull)) return false;
  uint64_t *rows = (uint64_t *)cuts->rows.base;
  for (uint64_t i = 0; i < pair_count; i++) rows[i] = (uint64_t)pairs[2 * i] << 32 | pairs[2 * i + 1];
  qsort(rows, pair_count, sizeof *rows, ascending);
  cuts->count = pair_count;
  return true;
}

bool ol_cuts_has(const ol_cuts *cuts, uint32_t source, uint32_t target) {
  const uint64_t wanted = (uint64_t)source << 32 | target, *rows = (const uint64_t *)cuts->rows.base;
  uint32_t low = 0, high = cuts->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (rows[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low < cuts->count && rows[low] == wanted;
}

void ol_cuts_deinit(ol_cuts *cuts) { ol_reserve_deinit(&cuts->rows); }
