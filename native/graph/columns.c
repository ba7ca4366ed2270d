#include "graph/columns.h"

#include <string.h>

bool ol_columns_make_room(ol_columns *c, size_t nodes, size_t edges, size_t labels) {
  size_t n = (size_t)c->node_count + nodes + 1;
  if (n >= UINT32_MAX) return false;
  return ol_reserve_grow(&c->address, n * 8) && ol_reserve_grow(&c->edge_start, (n + 1) * 8) &&
         ol_reserve_grow(&c->type, n * 4) && ol_reserve_grow(&c->refcount, n * 4) && ol_reserve_grow(&c->size, n * 4) &&
         ol_reserve_grow(&c->layout, n) && ol_reserve_grow(&c->targets, (c->edge_count + edges) * 4) &&
         ol_reserve_grow(&c->labels, (c->label_count + labels) * 2);
}

bool ol_columns_init(ol_columns *c, size_t nodes_expected) {
  memset(c, 0, sizeof *c);
  if (!ol_columns_make_room(c, nodes_expected + 64, nodes_expected * 2, nodes_expected / 2)) return false;
  ol_columns_clear(c);
  return true;
}

void ol_columns_clear(ol_columns *c) {
  c->node_count = 1;
  c->walked_count = 1;
  c->edge_count = c->label_count = 0;
  c->large_count = c->pairs_plain_count = 0;
  OL_COLUMN(uint64_t, c->address)[0] = 0;
  OL_COLUMN(uint64_t, c->edge_start)[0] = OL_COLUMN(uint64_t, c->edge_start)[1] = 0;
  OL_COLUMN(uint32_t, c->type)[0] = OL_COLUMN(uint32_t, c->size)[0] = 0;
  OL_COLUMN(uint32_t, c->refcount)[0] = OL_REFCOUNT_IMMORTAL;
  OL_COLUMN(uint8_t, c->layout)[0] = OL_LAYOUT_NOTHING;
}

void ol_columns_deinit(ol_columns *c) {
  ol_reserve *all[] = {&c->address, &c->edge_start, &c->type,      &c->refcount,    &c->size,       &c->layout,
                       &c->targets, &c->labels,     &c->in_degree, &c->large_sizes, &c->pairs_start};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) ol_reserve_deinit(all[i]);
  memset(c, 0, sizeof *c);
}

bool ol_columns_count_in_degrees(ol_columns *c) {
  if (!ol_reserve_grow(&c->in_degree, (size_t)c->node_count * 4)) return false;
  uint32_t *in_degree = OL_COLUMN(uint32_t, c->in_degree);
  const uint32_t *targets = OL_COLUMN(const uint32_t, c->targets);
  memset(in_degree, 0, (size_t)c->node_count * 4);
  enum { AHEAD = 24 };
  for (uint64_t e = 0; e < c->edge_count; e++) {
    if (e + AHEAD < c->edge_count) __builtin_prefetch(&in_degree[targets[e + AHEAD]], 1);
    in_degree[targets[e]]++;
  }
  in_degree[0] = 0;
  return true;
}

uint64_t ol_columns_size_of(const ol_columns *c, uint32_t node) {
  uint32_t size = OL_COLUMN(const uint32_t, c->size)[node];
  if (size != OL_SIZE_LARGE) return size;
  const ol_large_size *large = OL_COLUMN(const ol_large_size, c->large_sizes);
  uint32_t low = 0, high = c->large_count; /* rows come in node order */
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (large[middle].node < node) low = middle + 1;
    else high = middle;
  }
  return low < c->large_count && large[low].node == node ? large[low].bytes : size;
}
