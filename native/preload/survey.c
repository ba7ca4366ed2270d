/* Roots are cut out of what is mapped: writable data of modules, stacks from their pointers up, thread-locals, and anonymous
 * memory, less what is ours, less the allocator's heaps and large chunks, less Python's arenas. Whatever is left over
 * of anonymous memory that we know nothing of is a root: nobody is accused for what a stranger's allocator holds.
 */
#include "preload/survey.h"

#include <string.h>

#include "preload/interpose.h"
#include "preload/pools.h"
#include "preload/sorting.h"

enum { CHUNK_MAPPED = 2, CHUNK_OTHER_ARENA = 4, CHUNK_FLAGS = 7, STACK_MAX = 1 << 28 };
enum { CONTROL_BYTES = 0x900 }; /* sizeof(struct pthread), about */

typedef struct work {
  ol_survey *survey;
  ol_recorder *recorder;
  const ol_thread_places *threads;
  uintptr_t here;
  ol_root *roots;
  uint32_t root_count, root_room;
  ol_region *holes; /* what is no root, sorted */
  uint32_t hole_count, hole_room;
  uint32_t python_module, own_module, allocator_module;
} work;

/* ---- blocks ---- */

static bool copy_blocks(work *w) {
  ol_survey *s = w->survey;
  uint64_t count = ol_table_count(&w->recorder->blocks), bytes = (count + 1) * sizeof(ol_block);
  s->blocks = ol_own_map(bytes);
  ol_block *scratch = ol_own_map(bytes);
  if (s->blocks == NULL || scratch == NULL || count >= OL_NODES_MAX) return false;
  count = ol_table_copy(&w->recorder->blocks, s->blocks, count);
  ol_sort_by_first_word(s->blocks, scratch, count, sizeof(ol_block));
  ol_own_unmap(scratch, bytes);
  uint64_t kept = 0;
  for (uint64_t i = 0; i < count; i++) {
    ol_block *last = kept > 0 ? &s->blocks[kept - 1] : NULL;
    if (last == NULL || last->address + last->size <= s->blocks[i].address) {
      s->blocks[kept++] = s->blocks[i];
      continue;
    }
    s->overlapping++; /* the older of the two was freed */
    if (s->blocks[i].tick > last->tick) *last = s->blocks[i];
  }
  s->scan.blocks = s->blocks;
  s->scan.block_count = (uint32_t)kept;
  return true;
}

static bool copy_mappings(work *w) {
  ol_survey *s = w->survey;
  uint64_t count = ol_table_count(&w->recorder->mappings), bytes = (count + 1) * sizeof(ol_block);
  s->mappings = ol_own_map(bytes);
  ol_block *scratch = ol_own_map(bytes);
  if (s->mappings == NULL || scratch == NULL) return false;
  count = ol_table_copy(&w->recorder->mappings, s->mappings, count);
  ol_sort_by_first_word(s->mappings, scratch, count, sizeof(ol_block));
  ol_own_unmap(scratch, bytes);
  s->mapping_count = 0;
  for (uint64_t i = 0; i < count; i++)
    if (ol_maps_at(&s->maps, s->mappings[i].address) != NULL) s->mappings[s->mapping_count++] = s->mappings[i];
  return true;
}

static uintptr_t first_caller(const work *w, uint32_t stack) {
  const ol_native_stacks *stacks = &w->recorder->stacks;
  if (stack == 0 || stack >= stacks->count) return 0;
  return stacks->frames[stacks->ends[stack - 1]];
}

static bool is_loader(const char *path) { return path != NULL && strstr(path, "/ld-") != NULL; }

/* Blocks that the interpreter or the loader asked for, by the module of who called. Of each stack once. */
static bool mark_headers(work *w) {
  ol_survey *s = w->survey;
  uint8_t *of_stack = ol_own_map(w->recorder->stacks.count + 1);
  uint8_t *marks = ol_own_map(s->scan.block_count + 1);
  if (of_stack == NULL || marks == NULL) return false;
  for (uint32_t stack = 1; stack < w->recorder->stacks.count; stack++) {
    uint32_t module = ol_maps_module_at(&s->maps, first_caller(w, stack));
    if (module == OL_NO_MODULE) continue;
    if (module == w->python_module) of_stack[stack] = OL_HEADER_PYTHON;
    else if (is_loader(s->maps.modules[module].path)) of_stack[stack] = OL_HEADER_ANY;
  }
  /* without a stack (put off in a signal handler, or no room) it is not known who asked, and how it is held */
  of_stack[0] = OL_HEADER_ANY;
  for (uint32_t i = 0; i < s->scan.block_count; i++)
    marks[i] = of_stack[s->blocks[i].stack < w->recorder->stacks.count ? s->blocks[i].stack : 0];
  s->scan.has_header = marks;
  return true;
}

/* ---- holes and roots ---- */

static bool add_hole(work *w, uintptr_t start, uintptr_t end) {
  if (w->hole_count == w->hole_room) return false;
  w->holes[w->hole_count++] = (ol_region){start, end};
  return true;
}

static void add_root(work *w, uintptr_t start, uintptr_t end, ol_holder kind) {
  if (start >= end || w->root_count == w->root_room) return;
  w->roots[w->root_count++] = (ol_root){.start = start, .end = end, .kind = kind};
}

/* The range less the holes in it. */
static void add_root_around_holes(work *w, uintptr_t start, uintptr_t end, ol_holder kind) {
  uint32_t low = 0, high = w->hole_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (w->holes[middle].end <= start) low = middle + 1;
    else high = middle;
  }
  for (; low < w->hole_count && w->holes[low].start < end; low++) {
    if (w->holes[low].start > start) add_root(w, start, w->holes[low].start, kind);
    if (w->holes[low].end > start) start = w->holes[low].end;
  }
  add_root(w, start, end, kind);
}

/* Chunks that stand in mappings of their own. Where all of the heap is known, heaps are no roots as a whole. */
static bool add_block_holes(work *w) {
  const ol_survey *s = w->survey;
  for (uint32_t i = 0; i < s->scan.block_count; i++) {
    const ol_block *block = &s->blocks[i];
    const uint64_t *size_word = (const uint64_t *)(block->address - 8);
    const ol_mapping *row = ol_maps_at(&s->maps, block->address - 8);
    if (row == NULL || !row->readable) continue;
    if (!s->gaps_are_roots && ((*size_word & CHUNK_OTHER_ARENA) || strcmp(row->name, "[heap]") == 0)) continue;
    bool own_mapping = (block->address & 15) == 0 && (*size_word & CHUNK_MAPPED) && !(*size_word & CHUNK_OTHER_ARENA);
    uintptr_t end = block->address + block->size;
    if (own_mapping && (*size_word & ~(uint64_t)CHUNK_FLAGS) >= block->size)
      end = block->address - 16 + (*size_word & ~(uint64_t)CHUNK_FLAGS);
    if (!add_hole(w, block->address - 16, end)) return false;
  }
  return true;
}

static bool add_heap_holes(work *w) {
  uint32_t heaps = w->recorder->heap_count < OL_THREAD_HEAPS_MAX ? w->recorder->heap_count : OL_THREAD_HEAPS_MAX;
  for (uint32_t i = 0; i < heaps; i++)
    if (!add_hole(w, w->recorder->heaps[i], w->recorder->heaps[i] + OL_THREAD_HEAP_BYTES)) return false;
  return true;
}

static bool add_own_holes(work *w) {
  for (int i = 0; i < OL_OWN_REGIONS_MAX; i++) {
    ol_region region = ol_own_regions()[i];
    if (region.start != 0 && !add_hole(w, region.start, region.end)) return false;
  }
  const ol_sites *sites = &w->recorder->lines.sites;
  const ol_reserve *reserves[] = {&sites->recollections,     &sites->rows,
                                  &sites->row_slots,         &sites->texts.slots,
                                  &sites->texts.texts.bytes, &sites->texts.texts.ends};
  for (size_t i = 0; i < sizeof reserves / sizeof *reserves; i++)
    if (reserves[i]->base != NULL &&
        !add_hole(w, (uintptr_t)reserves[i]->base, (uintptr_t)reserves[i]->base + reserves[i]->bytes))
      return false;
  return true;
}

/* Holes must not overlap for the search; sorted by start they are melted together. */
static bool settle_holes(work *w) {
  ol_region *scratch = ol_own_map((w->hole_count + 1ull) * sizeof *scratch);
  if (scratch == NULL) return false;
  ol_sort_by_first_word(w->holes, scratch, w->hole_count, sizeof *scratch);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < w->hole_count; i++) {
    if (kept > 0 && w->holes[i].start <= w->holes[kept - 1].end) {
      if (w->holes[i].end > w->holes[kept - 1].end) w->holes[kept - 1].end = w->holes[i].end;
    } else w->holes[kept++] = w->holes[i];
  }
  w->hole_count = kept;
  return true;
}

/* ---- Python's arenas ---- */

static bool is_arena(const work *w, const ol_block *mapping) {
  const ol_mapping *row = ol_maps_at(&w->survey->maps, mapping->address);
  return mapping->size == OL_ARENA_BYTES && w->python_module != OL_NO_MODULE && row != NULL && row->writable &&
         mapping->address + OL_ARENA_BYTES <= row->end &&
         ol_maps_module_at(&w->survey->maps, first_caller(w, mapping->stack)) == w->python_module;
}

typedef void visit_pool(work *w, const void *pool);

static void for_each_pool(work *w, const ol_block *arena, visit_pool *visit) {
  uintptr_t at = (arena->address + OL_POOL_BYTES - 1) & ~(uintptr_t)(OL_POOL_BYTES - 1);
  for (; at + OL_POOL_BYTES <= arena->address + OL_ARENA_BYTES; at += OL_POOL_BYTES) visit(w, (const void *)at);
}

static void read_pool(work *w, const void *at) {
  static bool alive[OL_POOL_PLACES_MAX];
  ol_survey *s = w->survey;
  ol_pool pool;
  ol_pool_is is = ol_pool_read(at, &pool, alive);
  if (is == OL_POOL_UNREADABLE) {
    s->pools_unreadable++;
    add_root(w, (uintptr_t)at, (uintptr_t)at + OL_POOL_BYTES, OL_HOLDER_POOL);
  }
  if (is != OL_POOL_READ) return;
  pool.first_node = s->scan.node_count;
  s->scan.node_count += pool.place_count;
  ((ol_pool *)s->scan.pools)[s->scan.pool_count++] = pool;
  for (uint32_t i = 0; i < pool.place_count; i++) {
    s->alive_places += alive[i];
    s->scan.classes[pool.first_node + i] = alive[i] ? OL_CLASS_LOST : OL_CLASS_DEAD;
  }
  s->pools_read++;
}

static bool read_arenas(work *w) {
  ol_survey *s = w->survey;
  uint64_t most_nodes = s->scan.block_count;
  for (uint32_t i = 0; i < s->mapping_count; i++) s->arenas += is_arena(w, &s->mappings[i]);
  most_nodes += (uint64_t)s->arenas * (OL_ARENA_BYTES / 16);
  if (most_nodes >= OL_NODES_MAX) return false;
  s->scan.pools = ol_own_map((uint64_t)(s->arenas + 1) * (OL_ARENA_BYTES / OL_POOL_BYTES) * sizeof(ol_pool));
  s->scan.classes = ol_own_map(most_nodes + 1);
  s->scan.holder_kind = ol_own_map(most_nodes + 1);
  s->scan.holder = ol_own_map((most_nodes + 1) * sizeof(uint64_t));
  s->scan.root = ol_own_map((most_nodes + 1) * sizeof(uint32_t));
  if (s->scan.pools == NULL || s->scan.classes == NULL || s->scan.holder_kind == NULL || s->scan.holder == NULL ||
      s->scan.root == NULL)
    return false;
  s->scan.node_count = s->scan.block_count;
  for (uint32_t i = 0; i < s->mapping_count; i++)
    if (is_arena(w, &s->mappings[i])) for_each_pool(w, &s->mappings[i], read_pool);
  return true;
}

static bool add_arena_holes(work *w) {
  const ol_survey *s = w->survey;
  for (uint32_t i = 0; i < s->mapping_count; i++)
    if (is_arena(w, &s->mappings[i]) && !add_hole(w, s->mappings[i].address, s->mappings[i].address + OL_ARENA_BYTES))
      return false;
  return true;
}

/* ---- stacks and thread-locals ---- */

/* The C library's control block of a thread points to itself in its words 0 and 2, and stands at the top of the thread's
 * stack; the thread's variables stand right below. 0: not found. What comes behind may be anybody's: the kernel melts
 * mappings that touch. */
static uintptr_t control_block(uintptr_t from, uintptr_t to) {
  for (uintptr_t at = (from + 63) & ~(uintptr_t)63; at + CONTROL_BYTES <= to && at - from < STACK_MAX; at += 64)
    if (((const uintptr_t *)at)[0] == at && ((const uintptr_t *)at)[2] == at) return at;
  return 0;
}

static uint64_t thread_variable_bytes(const ol_maps *maps) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < maps->module_count; i++) bytes += maps->modules[i].thread_bytes;
  return bytes;
}

/* Is the mapping below a guard, so that all from its start up to the stack pointer is stack? */
static bool has_guard_below(const ol_maps *maps, const ol_mapping *row) {
  return row > maps->rows && row[-1].end == row->start && !row[-1].readable && !row[-1].writable;
}

static void add_main_stack(work *w, const ol_mapping *row, uintptr_t start) {
  add_root(w, start, row->end, OL_HOLDER_STACK);
  (void)add_hole(w, row->start, row->end);
}

/* False: what of it is stack cannot be told, and it is left to be read as a whole. */
static bool add_stack(work *w, uintptr_t sp) {
  const ol_maps *maps = &w->survey->maps;
  const ol_mapping *row = ol_maps_at(maps, sp);
  if (row == NULL || !row->readable || !row->writable || row->module != OL_NO_MODULE) return false;
  uintptr_t start = sp > row->start + OL_RED_ZONE ? (sp - OL_RED_ZONE) & ~(uintptr_t)7 : row->start;
  if (strcmp(row->name, "[stack]") == 0) {
    add_main_stack(w, row, start);
    return true;
  }
  uintptr_t control = control_block(start, row->end);
  if (control == 0) return false;
  uintptr_t end = (control + CONTROL_BYTES + 4095) & ~(uintptr_t)4095;
  uintptr_t locals = control - thread_variable_bytes(maps);
  if (locals < start || locals > control) locals = start;
  if (end > row->end) end = row->end;
  add_root(w, locals, end, OL_HOLDER_THREAD);
  add_root(w, start, locals, OL_HOLDER_STACK);
  return add_hole(w, has_guard_below(maps, row) ? row->start : start, end);
}

static void add_stacks(work *w) {
  const ol_thread_places *threads = w->threads;
  w->survey->stacks_whole = threads->all_count - threads->count + !add_stack(w, w->here);
  for (uint32_t i = 0; i < threads->count; i++) {
    const ol_thread_place *thread = &threads->rows[i];
    if (thread->id != threads->looker && !(thread->settled && add_stack(w, thread->sp))) w->survey->stacks_whole++;
    uintptr_t registers = (uintptr_t)thread->registers;
    if (thread->register_count > 0) add_root(w, registers, registers + 8ull * thread->register_count, OL_HOLDER_STACK);
  }
}

static bool add_python_stack(void *context, uintptr_t start, uintptr_t live_end, uintptr_t end) {
  work *w = context;
  const ol_mapping *row = ol_maps_at(&w->survey->maps, start);
  if (row == NULL || !row->writable || end > row->end) return true;
  add_root(w, start, live_end, OL_HOLDER_PYTHON);
  return add_hole(w, start, end);
}

/* ---- everything else that is mapped ---- */

static bool is_special(const char *name) {
  return strncmp(name, "[v", 2) == 0 ||
         (strncmp(name, "/dev/", 5) == 0 && strncmp(name, "/dev/shm/", 9) != 0 && strncmp(name, "/dev/zero", 9) != 0);
}

static void add_module_data(work *w, const ol_mapping *row) {
  const ol_module *module = &w->survey->maps.modules[row->module];
  uintptr_t start = row->start, end = row->end;
  if (row->module == w->own_module) return;
  if (!row->writable) {
    if (start < module->relro_start) start = module->relro_start & ~(uintptr_t)4095;
    if (end > module->relro_end) end = module->relro_end;
  }
  if (end > module->end) { /* the .bss melted with somebody's mapping behind it */
    add_root_around_holes(w, module->end, end, OL_HOLDER_MAPPING);
    end = module->end;
  }
  uint32_t before = w->root_count;
  add_root_around_holes(w, start, end, OL_HOLDER_GLOBAL);
  for (uint32_t i = before; i < w->root_count; i++) w->roots[i].of_allocator = row->module == w->allocator_module;
}

static void add_mapped(work *w, bool modules) {
  const ol_maps *maps = &w->survey->maps;
  for (uint32_t i = 0; i < maps->count; i++) {
    const ol_mapping *row = &maps->rows[i];
    bool of_module = row->module != OL_NO_MODULE;
    bool file = row->name[0] == '/' && !row->writable;
    if (!row->readable || is_special(row->name) || of_module != modules || (file && !of_module)) continue;
    if (of_module) add_module_data(w, row);
    else if (strcmp(row->name, "[heap]") != 0) add_root_around_holes(w, row->start, row->end, OL_HOLDER_MAPPING);
    else if (w->survey->gaps_are_roots) add_root_around_holes(w, row->start, row->end, OL_HOLDER_UNRECORDED);
  }
}

static void add_early_store(work *w) {
  size_t bytes;
  const char *store = ol_early_store(&bytes);
  add_root(w, (uintptr_t)store, (uintptr_t)store + bytes, OL_HOLDER_UNRECORDED);
}

static bool make_room(work *w) {
  const ol_survey *s = w->survey;
  w->hole_room =
      s->scan.block_count + s->mapping_count + OL_OWN_REGIONS_MAX + OL_THREAD_HEAPS_MAX + OL_THREADS_MAX + 64;
  w->root_room = 2 * (s->maps.count + w->hole_room + s->arenas * (OL_ARENA_BYTES / OL_POOL_BYTES));
  w->holes = ol_own_map((uint64_t)w->hole_room * sizeof *w->holes);
  w->roots = ol_own_map((uint64_t)w->root_room * sizeof *w->roots);
  return w->holes != NULL && w->roots != NULL;
}

static bool count_arenas_first(work *w) {
  for (uint32_t i = 0; i < w->survey->mapping_count; i++) w->survey->arenas += is_arena(w, &w->survey->mappings[i]);
  bool room = make_room(w);
  w->survey->arenas = 0;
  return room;
}

bool ol_survey_make(ol_survey *ret, ol_recorder *recorder, const ol_thread_places *threads, uintptr_t here) {
  memset(ret, 0, sizeof *ret);
  work w = {.survey = ret, .recorder = recorder, .threads = threads, .here = here};
  if (!ol_maps_read(&ret->maps)) return false;
  uintptr_t python = ol_python_code_address();
  w.python_module = python == 0 ? OL_NO_MODULE : ol_maps_module_at(&ret->maps, python);
  w.own_module = ol_maps_module_at(&ret->maps, (uintptr_t)&ol_survey_make);
  w.allocator_module = ol_maps_module_at(&ret->maps, ol_allocator_address());
  ret->gaps_are_roots = recorder->mode != OL_RECORD_EXACT || recorder->not_seen > 0 || recorder->lost_in_fork > 0;
  if (!copy_blocks(&w) || !copy_mappings(&w) || !mark_headers(&w) || !count_arenas_first(&w)) return false;
  add_stacks(&w); /* as roots they come first, and their mappings are holes for what follows */
  if (!ol_python_stacks(&recorder->lines, add_python_stack, &w)) return false;
  uint32_t stack_roots = w.root_count;
  if (!add_own_holes(&w) || !add_block_holes(&w) || !add_arena_holes(&w)) return false;
  if (!ret->gaps_are_roots && !add_heap_holes(&w)) return false;
  if (!settle_holes(&w)) return false;
  add_mapped(&w, true);
  uint32_t module_roots = w.root_count - stack_roots;
  ol_root *in_order = ol_own_map((uint64_t)w.root_room * sizeof *in_order);
  if (in_order == NULL) return false;
  memcpy(in_order, w.roots + stack_roots, module_roots * sizeof *in_order);
  memcpy(in_order + module_roots, w.roots, stack_roots * sizeof *in_order);
  w.roots = in_order;
  add_mapped(&w, false);
  add_early_store(&w);
  if (!read_arenas(&w)) return false;
  ret->scan.roots = w.roots;
  ret->scan.root_count = w.root_count;
  return true;
}
