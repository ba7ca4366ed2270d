/* watch_allocations() -> bool, end_allocations() -> None, tell_allocations(types) -> dict, forget_allocations(). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>

#include "allocations/watch.h"
#include "binding/core.h"

enum { SAMPLED = 64, READ_BYTES_MAX = 4096 };

/* What stays of one group from one native stack. `under`: the pile to which most of the blocks belong that refer to these;
 * 0: none does. */
typedef struct pile {
  uint32_t group, stack, under;
  uint64_t count, referred_to, votes;
  uintptr_t sample[SAMPLED];
} pile;

PyObject *ol_watch_allocations(PyObject *module, PyObject *none) {
  (void)module, (void)none;
  return PyBool_FromLong(ol_watch_begin());
}

PyObject *ol_end_allocations(PyObject *module, PyObject *none) {
  (void)module, (void)none;
  ol_watch_end();
  Py_RETURN_NONE;
}

PyObject *ol_forget_allocations(PyObject *module, PyObject *none) {
  (void)module, (void)none;
  ol_watch_forget();
  Py_RETURN_NONE;
}

/* ---- what they are ------------------------------------------------------------------------------------------------- */

/* An object begins behind what the collector and its own attributes need: 0, 2 or 4 words into its block. */
static PyObject *type_in_block(uintptr_t address, uint64_t size, PyObject *types) {
  static const unsigned starts[] = {0, 16, 32};
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
    if (size < starts[i] + sizeof(PyObject)) return NULL;
    const PyObject *object = (const PyObject *)(address + starts[i]);
    if (object->ob_refcnt <= 0 || object->ob_refcnt > INT32_MAX) continue;
    PyObject *key = PyLong_FromVoidPtr((void *)Py_TYPE(object));
    PyObject *name = key != NULL ? PyDict_GetItemWithError(types, key) : NULL; /* borrowed */
    Py_XDECREF(key);
    if (name != NULL || PyErr_Occurred()) return name;
  }
  return NULL;
}

/* {type's name: how many of the sample}; what is no object counts under "". */
static PyObject *kinds_of(const pile *one, uint64_t size, PyObject *types) {
  PyObject *kinds = PyDict_New(), *nothing = PyUnicode_FromString("");
  uint64_t sampled = one->count < SAMPLED ? one->count : SAMPLED;
  bool ok = kinds != NULL && nothing != NULL;
  for (uint64_t i = 0; ok && i < sampled; i++) {
    PyObject *name = type_in_block(one->sample[i], size, types);
    if (name == NULL) name = nothing;
    PyObject *before = PyDict_GetItemWithError(kinds, name);
    PyObject *after = PyErr_Occurred() ? NULL : PyLong_FromLong((before != NULL ? PyLong_AsLong(before) : 0) + 1);
    ok = after != NULL && PyDict_SetItem(kinds, name, after) == 0;
    Py_XDECREF(after);
  }
  Py_XDECREF(nothing);
  if (!ok) Py_CLEAR(kinds);
  return kinds;
}

/* ---- where they were taken ----------------------------------------------------------------------------------------- */

static PyObject *line_row(PyCodeObject *code, int offset) {
#if PY_VERSION_HEX >= 0x030b0000
  PyObject *function = code->co_qualname;
#else
  PyObject *function = code->co_name;
#endif
  return Py_BuildValue("(OiO)", code->co_filename, PyCode_Addr2Line(code, offset), function);
}

static PyObject *lines_of(uint32_t number) {
  uint32_t length;
  const uintptr_t *words = ol_stack_at(&ol_the_watch.lines, number, &length);
  PyObject *rows = PyList_New(0);
  for (uint32_t i = 0; rows != NULL && i < length; i += 2) {
    PyObject *row = line_row((PyCodeObject *)words[i], (int)words[i + 1]);
    if (row == NULL || PyList_Append(rows, row) < 0) Py_CLEAR(rows);
    Py_XDECREF(row);
  }
  return rows;
}

/* (module's path, address as its file counts them, exported symbol at or before it, bytes past that). A return address stands behind its
 * call, which may be the last of its function: the byte before is what is asked about. */
static PyObject *native_row(uintptr_t address) {
  Dl_info found = {0};
  struct link_map *module = NULL;
  uintptr_t call = address - 1;
  if (dladdr1((void *)call, &found, (void **)&module, RTLD_DL_LINKMAP) == 0 || module == NULL)
    return Py_BuildValue("(sKsK)", "", (unsigned long long)call, "", 0ull);
  unsigned long long past = found.dli_saddr != NULL ? call - (uintptr_t)found.dli_saddr : 0;
  PyObject *path = PyUnicode_DecodeFSDefault(found.dli_fname);
  return Py_BuildValue("(NKsK)", path, (unsigned long long)(call - module->l_addr),
                       found.dli_sname != NULL ? found.dli_sname : "", past);
}

static PyObject *natives_of(uint32_t number) {
  uint32_t length;
  const uintptr_t *words = ol_stack_at(&ol_the_watch.native, number, &length);
  PyObject *rows = PyList_New(0);
  for (uint32_t i = 0; rows != NULL && i < length; i++) {
    PyObject *row = native_row(words[i]);
    if (row == NULL || PyList_Append(rows, row) < 0) Py_CLEAR(rows);
    Py_XDECREF(row);
  }
  return rows;
}

/* ---- piles --------------------------------------------------------------------------------------------------------- */

static uint32_t pile_up(pile *piles, ol_stacks *numbers) {
  for (uint32_t i = 0; i < 1u << ol_the_watch.live.bits; i++) {
    ol_live_block *block = (ol_live_block *)ol_the_watch.live.slots.base + i;
    if (block->address == 0) continue;
    const uintptr_t words[] = {block->group, block->stack};
    bool is_new;
    uint32_t number = ol_stacks_number(numbers, words, 2, &is_new);
    pile *one = piles + number;
    one->group = block->group;
    one->stack = block->stack;
    if (one->count < SAMPLED) one->sample[one->count] = block->address;
    one->count++;
    block->group = number; /* from here on */
  }
  return numbers->count;
}

/* The pile that refers to most of these, by the vote that one number decides: who is in the lead when all have voted. */
static void vote(pile *one, uint32_t by) {
  if (one->votes == 0) one->under = by;
  if (one->under == by) one->votes++;
  else one->votes--;
}

/* A reference leads to an object, which may begin behind what the collector needs. Each block is counted once. */
static void refer(pile *piles, const ol_live_block *from, uintptr_t word, uint8_t *seen) {
  for (unsigned before = 0; before <= 32; before += 16) {
    const ol_live_block *to = word > before ? ol_live_at(&ol_the_watch.live, word - before) : NULL;
    if (to == NULL || to == from) continue;
    size_t at = (size_t)(to - (const ol_live_block *)ol_the_watch.live.slots.base);
    if (seen[at]) return;
    seen[at] = 1;
    piles[to->group].referred_to++;
    vote(piles + to->group, from->group);
    return;
  }
}

static bool find_referrers(pile *piles) {
  uint32_t slots = 1u << ol_the_watch.live.bits;
  uint8_t *seen = PyMem_RawCalloc(slots, 1);
  if (seen == NULL) return false;
  for (uint32_t i = 0; i < slots; i++) {
    const ol_live_block *from = (const ol_live_block *)ol_the_watch.live.slots.base + i;
    uint64_t bytes = from->size < READ_BYTES_MAX ? from->size : READ_BYTES_MAX;
    const uintptr_t *words = (const uintptr_t *)from->address;
    for (uint64_t at = 0; words != NULL && at < bytes / sizeof *words; at++)
      if (words[at] % 16 == 0 && words[at] != 0) refer(piles, from, words[at], seen);
  }
  PyMem_RawFree(seen);
  return true;
}

static PyObject *told_pile(const pile *piles, uint32_t number, PyObject *types) {
  const pile *one = piles + number;
  const ol_watch_group *group = (const ol_watch_group *)ol_the_watch.tallies.base + one->group;
  PyObject *lines = lines_of(group->lines), *natives = natives_of(one->stack);
  PyObject *kinds = kinds_of(one, group->size, types), *row = NULL;
  if (lines != NULL && natives != NULL && kinds != NULL)
    row = Py_BuildValue("{s:I,s:I,s:K,s:K,s:K,s:O,s:O,s:O}", "pile", number, "under", one->under, "referred_to",
                        (unsigned long long)one->referred_to, "count", (unsigned long long)one->count, "size",
                        (unsigned long long)group->size, "lines", lines, "native", natives, "kinds", kinds);
  Py_XDECREF(lines);
  Py_XDECREF(natives);
  Py_XDECREF(kinds);
  return row;
}

static PyObject *told_piles(const pile *piles, uint32_t count, uint64_t fewest, PyObject *types) {
  PyObject *rows = PyList_New(0);
  for (uint32_t i = 1; rows != NULL && i < count; i++) {
    if (piles[i].count < fewest) continue;
    PyObject *row = told_pile(piles, i, types);
    if (row == NULL || PyList_Append(rows, row) < 0) Py_CLEAR(rows);
    Py_XDECREF(row);
  }
  return rows;
}

PyObject *ol_tell_allocations(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *types, *rows = NULL;
  unsigned long long fewest;
  if (!PyArg_ParseTuple(args, "O!K", &PyDict_Type, &types, &fewest)) return NULL;
  ol_watch_end();
  if (ol_the_watch.lines.count == 0) return PyErr_Format(PyExc_RuntimeError, "allocations were not watched");
  ol_reserve piles = {0};
  ol_stacks numbers;
  bool ok = ol_stacks_init(&numbers) && ol_reserve_grow(&piles, OL_STACKS_MAX * sizeof(pile));
  if (!ok) (void)PyErr_NoMemory();
  else {
    uint32_t count = pile_up((pile *)piles.base, &numbers);
    if (!find_referrers((pile *)piles.base)) (void)PyErr_NoMemory();
    else rows = told_piles((const pile *)piles.base, count, fewest, types);
  }
  ol_stacks_deinit(&numbers);
  ol_reserve_deinit(&piles);
  if (rows == NULL) return NULL;
  return Py_BuildValue("{s:N,s:K,s:K}", "rows", rows, "seen", (unsigned long long)ol_the_watch.seen, "missed",
                       (unsigned long long)ol_the_watch.missed);
}
