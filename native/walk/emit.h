/* Writing rows: numbers for addresses, references and labels. Shared by walker.c and visit.c, inlined into both.
 *
 * Every emitter calls ensure_room for as many references as it may emit; so emitting itself never fails.
 */
#ifndef OUTLIVE_WALK_EMIT_H
#define OUTLIVE_WALK_EMIT_H

#include "walk/walker.h"

#define OL_WANT_TEXT (1ull << 63)

/* Grow what is too small for so many more rows. False: no memory, noted in the walk. */
bool ol_walk_refresh_room(ol_walk *walk, size_t nodes, size_t edges, size_t labels);

static inline bool ensure_room(ol_walk *walk, size_t edges) {
  ol_columns *c = &walk->columns;
  size_t nodes = edges + OL_PENDING + 2;
  if (c->node_count + nodes < walk->node_room && c->edge_count + edges < walk->edge_room &&
      c->label_count + edges < walk->label_room)
    return true;
  return ol_walk_refresh_room(walk, nodes, edges, edges);
}

static inline uint32_t number_of(ol_walk *walk, uintptr_t address) {
  uint32_t *slot = ol_id_table_slot(&walk->table, address);
  if (slot == NULL) {
    slot = ol_id_table_make_slot(&walk->table, address);
    if (slot == NULL) {
      if (ol_address_possible(address)) walk->no_memory = true;
      walk->impossible_count++;
      return 0;
    }
  }
  if (*slot == 0) {
    ol_columns *c = &walk->columns;
    *slot = c->node_count++;
    OL_COLUMN(uint64_t, c->address)[*slot] = address;
    OL_COLUMN(uint8_t, c->layout)[*slot] = OL_LAYOUT_NOTHING;
  }
  return *slot;
}

static inline void settle_one(ol_walk *walk) {
  uint32_t first = walk->pending_first;
  uint64_t edge = walk->pending[first].edge;
  uint32_t number = number_of(walk, (uintptr_t)walk->pending[first].object);
  if (edge & OL_WANT_TEXT) OL_COLUMN(uint8_t, walk->columns.layout)[number] |= 0x80;
  OL_COLUMN(uint32_t, walk->columns.targets)[edge & ~OL_WANT_TEXT] = number;
  walk->pending_first = (first + 1) % OL_PENDING;
  walk->pending_count--;
}

static inline void settle_all(ol_walk *walk) {
  while (walk->pending_count > 0) settle_one(walk);
}

static inline void emit_as(ol_walk *walk, PyObject *target, uint64_t want_text) {
  uint64_t edge = walk->columns.edge_count++;
  if (target == NULL) {
    OL_COLUMN(uint32_t, walk->columns.targets)[edge] = 0;
    return;
  }
  if (walk->pending_count == OL_PENDING) settle_one(walk);
  const uint32_t *slot = ol_id_table_slot(&walk->table, (uintptr_t)target);
  if (slot != NULL) __builtin_prefetch(slot, 1);
  uint32_t place = (walk->pending_first + walk->pending_count++) % OL_PENDING;
  walk->pending[place].object = target;
  walk->pending[place].edge = edge | want_text;
}

static inline void emit(ol_walk *walk, PyObject *target) { emit_as(walk, target, 0); }
static inline void emit_name(ol_walk *walk, PyObject *target) { emit_as(walk, target, OL_WANT_TEXT); }

static inline void label(ol_walk *walk, uint16_t value) {
  OL_COLUMN(uint16_t, walk->columns.labels)[walk->columns.label_count++] = value;
}

static inline void set_layout(ol_walk *walk, uint32_t node, ol_layout layout) {
  uint8_t *place = &OL_COLUMN(uint8_t, walk->columns.layout)[node];
  *place = (uint8_t)((*place & 0x80) | layout);
}

/* A node that is no Python object. It is numbered at once, because its layout must be known before it is walked. */
static inline uint32_t pseudo_node(ol_walk *walk, const void *address, ol_layout layout) {
  uint32_t number = number_of(walk, (uintptr_t)address);
  if (number != 0) set_layout(walk, number, layout);
  return number;
}

static inline void emit_pseudo(ol_walk *walk, const void *address, ol_layout layout) {
  uint32_t number = pseudo_node(walk, address, layout);
  OL_COLUMN(uint32_t, walk->columns.targets)[walk->columns.edge_count++] = number;
}

#endif
