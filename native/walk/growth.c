#include "walk/growth.h"

#include <stdlib.h>
#include <string.h>

/* A list or dict of fewer entries is nobody's leak yet; leaving them out keeps the marks few. */
enum { LEAST_ITEMS_GROWN = 8 };

void ol_growth_deinit(ol_growth *growth) {
  ol_reserve_deinit(&growth->marks);
  ol_reserve_deinit(&growth->next);
  growth->mark_count = growth->next_count = 0;
}

static uint64_t items_of(const ol_columns *c, uint32_t node) {
  const uint64_t *edge_start = OL_COLUMN(const uint64_t, c->edge_start);
  return edge_start[node + 1] - edge_start[node];
}

static uint64_t address_of(const ol_columns *c, uint32_t node) { return OL_COLUMN(const uint64_t, c->address)[node]; }

static bool may_contain(const ol_columns *c, uint32_t node) {
  uint8_t layout = OL_COLUMN(const uint8_t, c->layout)[node] & 0x7f;
  return layout >= OL_LAYOUT_SEQUENCE && layout <= OL_LAYOUT_PLAIN_SEQUENCE && layout != OL_LAYOUT_CODE &&
         OL_COLUMN(const uint32_t, c->type)[node] != 0;
}

static int by_address(const void *left, const void *right) {
  uint64_t a = ((const ol_growth_mark *)left)->address, b = ((const ol_growth_mark *)right)->address;
  return a < b ? -1 : a > b;
}

static void make_latest_the_mark(ol_growth *growth) {
  ol_reserve spare = growth->marks;
  growth->marks = growth->next;
  growth->mark_count = growth->next_count;
  growth->next = spare;
  growth->next_count = 0;
}

ol_walk_status ol_growth_take_mark(ol_growth *growth, ol_census *census) {
  ol_walk_status status = ol_walk_take(&census->walk);
  if (status != OL_WALK_OK) return status;
  const ol_columns *c = &census->walk.columns;
  if (growth->next_count > 0) make_latest_the_mark(growth);
  for (uint32_t node = 1; node < c->node_count; node++) {
    if (!may_contain(c, node)) continue;
    if (!ol_reserve_grow(&growth->next, (growth->next_count + 1) * sizeof(ol_growth_mark))) return OL_WALK_NO_MEMORY;
    uint64_t type_address = address_of(c, OL_COLUMN(const uint32_t, c->type)[node]);
    ((ol_growth_mark *)growth->next.base)[growth->next_count++] =
        (ol_growth_mark){address_of(c, node), type_address, items_of(c, node)};
  }
  /* qsort of glibc may malloc for large arrays and frees it again: the mark is taken between two readings */
  qsort(growth->next.base, growth->next_count, sizeof(ol_growth_mark), by_address);
  return OL_WALK_OK;
}

/* The references held at the mark by what lives at `node` now, or -1: it is new, or another object took the place. */
static int64_t items_at_mark(const ol_growth *growth, const ol_columns *c, uint32_t node) {
  ol_growth_mark wanted = {.address = address_of(c, node)};
  const ol_reserve *marks = growth->mark_count > 0 ? &growth->marks : &growth->next;
  size_t count = growth->mark_count > 0 ? growth->mark_count : growth->next_count;
  if (count == 0) return -1;
  const ol_growth_mark *mark = bsearch(&wanted, marks->base, count, sizeof(ol_growth_mark), by_address);
  if (mark == NULL || mark->type_address != address_of(c, OL_COLUMN(const uint32_t, c->type)[node])) return -1;
  return (int64_t)mark->items;
}

struct grown {
  uint32_t node;
  uint64_t before, after;
};

/* Keep the `limit` that grew most, in order, in a small array: insertion is fine at this size. */
static void keep(struct grown *best, Py_ssize_t *count, Py_ssize_t limit, struct grown one) {
  Py_ssize_t place = *count < limit ? (*count)++ : limit;
  while (place > 0 && best[place - 1].after - best[place - 1].before < one.after - one.before) {
    if (place < limit) best[place] = best[place - 1];
    place--;
  }
  if (place < limit) best[place] = one;
}

static PyObject *live_object(const ol_columns *c, uint32_t node) {
  return Py_NewRef((PyObject *)(uintptr_t)address_of(c, node)); /* the GIL was held since the walk */
}

PyObject *ol_growth_list(ol_growth *growth, ol_census *census, Py_ssize_t limit) {
  enum { LIMIT_MAX = 256 };
  struct grown best[LIMIT_MAX];
  Py_ssize_t count = 0;
  if (limit > LIMIT_MAX) limit = LIMIT_MAX;
  ol_walk_status status = ol_walk_take(&census->walk);
  if (status != OL_WALK_OK) return PyErr_NoMemory();
  const ol_columns *c = &census->walk.columns;
  for (uint32_t node = 1; node < c->node_count; node++) {
    if (!may_contain(c, node) || items_of(c, node) < LEAST_ITEMS_GROWN) continue;
    int64_t before = items_at_mark(growth, c, node);
    if (before < 0 || items_of(c, node) < (uint64_t)before + LEAST_ITEMS_GROWN) continue;
    keep(best, &count, limit, (struct grown){node, (uint64_t)before, items_of(c, node)});
  }
  PyObject *list = PyList_New(count);
  for (Py_ssize_t i = 0; list != NULL && i < count; i++) {
    PyObject *row = Py_BuildValue("(NKK)", live_object(c, best[i].node), (unsigned long long)best[i].before,
                                  (unsigned long long)best[i].after);
    if (row == NULL) Py_CLEAR(list);
    else PyList_SET_ITEM(list, i, row);
  }
  return list;
}

static uint32_t node_of(const ol_census *census, PyObject *object) {
  return ol_id_table_find(&census->walk.table, (uintptr_t)object);
}

/* lists[k] gets the objects that refer to wanted[k]. The caller's own sequence is not among them. */
static bool add_holder(const ol_columns *c, PyObject *lists, Py_ssize_t k, uint32_t holder, Py_ssize_t limit) {
  PyObject *list = PyList_GET_ITEM(lists, k);
  if (PyList_GET_SIZE(list) >= limit) return true;
  PyObject *object = live_object(c, holder);
  int failed = PyList_Append(list, object);
  Py_DECREF(object);
  return failed == 0;
}

PyObject *ol_growth_holders(ol_census *census, PyObject *objects, Py_ssize_t limit) {
  Py_ssize_t count = PyTuple_GET_SIZE(objects);
  PyObject *lists = PyList_New(count);
  for (Py_ssize_t k = 0; lists != NULL && k < count; k++) {
    PyObject *list = PyList_New(0);
    if (list == NULL) Py_CLEAR(lists);
    else PyList_SET_ITEM(lists, k, list);
  }
  ol_reserve place_of = {0}; /* uint32_t[nodes]: 1 + place in `objects` */
  if (lists == NULL || ol_walk_take(&census->walk) != OL_WALK_OK ||
      !ol_reserve_grow(&place_of, census->walk.columns.node_count * 4ull)) {
    Py_XDECREF(lists);
    return PyErr_NoMemory();
  }
  const ol_columns *c = &census->walk.columns;
  uint32_t *place = (uint32_t *)place_of.base;
  for (Py_ssize_t k = 0; k < count; k++) place[node_of(census, PyTuple_GET_ITEM(objects, k))] = (uint32_t)k + 1;
  place[0] = 0;
  uint32_t ours = node_of(census, objects);
  bool ok = true;
  for (uint32_t node = 1; node < c->node_count && ok; node++) {
    if (OL_COLUMN(const uint32_t, c->type)[node] == 0 || node == ours) continue;
    for (uint64_t e = OL_COLUMN(const uint64_t, c->edge_start)[node];
         e < OL_COLUMN(const uint64_t, c->edge_start)[node + 1]; e++) {
      uint32_t k = place[OL_COLUMN(const uint32_t, c->targets)[e]];
      if (k != 0) ok = add_holder(c, lists, k - 1, node, limit) && ok;
    }
  }
  ol_reserve_deinit(&place_of);
  if (!ok) Py_CLEAR(lists);
  return lists;
}

/* May this name's objects be cut together with the container that refers to them? */
static bool is_child_type(const ol_census *census, PyObject *child_types, uint32_t type_node) {
  size_t length;
  uint32_t row = ((const uint32_t *)census->row_of_type.base)[type_node];
  const char *name = ol_text_at(&census->names.texts, row, &length);
  PyObject *key = PyUnicode_DecodeUTF8(name, (Py_ssize_t)length, "replace");
  int found = key != NULL ? PySet_Contains(child_types, key) : -1;
  Py_XDECREF(key);
  if (found < 0) PyErr_Clear();
  return found > 0;
}

static void cut_objects(ol_census *census, ol_reach *reach, PyObject *objects, PyObject *child_types) {
  const ol_columns *c = &census->walk.columns;
  uint8_t *mark = (uint8_t *)reach->mark.base;
  for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(objects); k++) {
    uint32_t node = node_of(census, PyTuple_GET_ITEM(objects, k));
    mark[node] = OL_CUT;
    for (uint64_t e = OL_COLUMN(const uint64_t, c->edge_start)[node];
         e < OL_COLUMN(const uint64_t, c->edge_start)[node + 1]; e++) {
      uint32_t child = OL_COLUMN(const uint32_t, c->targets)[e];
      uint32_t type = OL_COLUMN(const uint32_t, c->type)[child];
      if (child != 0 && type != 0 && is_child_type(census, child_types, type)) mark[child] = OL_CUT;
    }
  }
  mark[0] = 0;
}

static PyObject *count_by_type(const ol_census *census, const uint8_t *with_all, const uint8_t *with_cut) {
  const ol_columns *c = &census->walk.columns;
  PyObject *counts = PyDict_New();
  ol_reserve rows = {0};
  if (counts == NULL || !ol_reserve_grow(&rows, census->names.texts.count * 8ull + 8)) return PyErr_NoMemory();
  uint64_t *row = (uint64_t *)rows.base;
  for (uint32_t node = 1; node < c->node_count; node++) {
    uint32_t type = OL_COLUMN(const uint32_t, c->type)[node];
    if (type != 0 && with_all[node] == OL_REACHED && with_cut[node] != OL_REACHED)
      row[((const uint32_t *)census->row_of_type.base)[type]]++;
  }
  for (uint32_t number = 0; number < census->names.texts.count && counts != NULL; number++) {
    if (row[number] == 0) continue;
    size_t length;
    const char *name = ol_text_at(&census->names.texts, number, &length);
    PyObject *key = PyUnicode_DecodeUTF8(name, (Py_ssize_t)length, "replace");
    PyObject *value = PyLong_FromUnsignedLongLong(row[number]);
    if (key == NULL || value == NULL || PyDict_SetItem(counts, key, value) < 0) Py_CLEAR(counts);
    Py_XDECREF(key);
    Py_XDECREF(value);
  }
  ol_reserve_deinit(&rows);
  return counts;
}

PyObject *ol_growth_retained(ol_census *census, PyObject *objects, PyObject *child_types) {
  ol_reach all = {0}, cut = {0};
  PyObject *counts = NULL;
  if (ol_census_take(census) != OL_WALK_OK || !ol_reach_begin(&all, &census->walk.columns) ||
      !ol_reach_begin(&cut, &census->walk.columns)) {
    PyErr_NoMemory();
  } else {
    cut_objects(census, &cut, objects, child_types);
    ol_reach_run(&all, &census->walk.columns);
    ol_reach_run(&cut, &census->walk.columns);
    counts = count_by_type(census, (const uint8_t *)all.mark.base, (const uint8_t *)cut.mark.base);
  }
  ol_reach_deinit(&all);
  ol_reach_deinit(&cut);
  return counts;
}
