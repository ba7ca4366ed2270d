#include "graph/tally.h"

void ol_tally_by_type(const ol_columns *c, const uint32_t *row_of_type, ol_tally_row *rows) {
  const uint32_t *type = OL_COLUMN(const uint32_t, c->type), *refcount = OL_COLUMN(const uint32_t, c->refcount);
  const uint32_t *size = OL_COLUMN(const uint32_t, c->size), *in_degree = OL_COLUMN(const uint32_t, c->in_degree);
  const uint64_t *edge_start = OL_COLUMN(const uint64_t, c->edge_start);
  for (uint32_t node = 1; node < c->node_count; node++) {
    if (type[node] == 0) continue;
    ol_tally_row *row = &rows[row_of_type[type[node]]];
    row->count++;
    row->bytes += size[node] != OL_SIZE_LARGE ? size[node] : (int64_t)ol_columns_size_of(c, node);
    row->items += (int64_t)(edge_start[node + 1] - edge_start[node]);
    if (refcount[node] == OL_REFCOUNT_IMMORTAL) continue;
    row->unexplained += (int64_t)refcount[node] - in_degree[node];
    if (in_degree[node] > refcount[node]) row->overdrawn += (int64_t)in_degree[node] - refcount[node];
  }
}

void ol_self_check_of(const ol_columns *c, ol_self_check *ret) {
  const uint32_t *refcount = OL_COLUMN(const uint32_t, c->refcount),
                 *in_degree = OL_COLUMN(const uint32_t, c->in_degree);
  *ret = (ol_self_check){0};
  for (uint32_t node = 1; node < c->node_count; node++) {
    if (refcount[node] == OL_REFCOUNT_IMMORTAL) continue;
    ret->counted++;
    if (refcount[node] == in_degree[node]) ret->exact++;
    else if (refcount[node] > in_degree[node]) ret->more++;
    else if (ret->fewer++ == 0) ret->first_fewer = node;
  }
}
