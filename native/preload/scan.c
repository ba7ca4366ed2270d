/* Theory of operation of the scan.
 *
 * The question is, of each live block: can the program still free it? It can only if it can still come by the address,
 * and it can come by addresses that stand in its registers, its stacks, its thread-locals and its globals (the *roots*),
 * and from there in whatever these lead to. What no chain of pointers from a root leads to is lost for good.
 *
 * C does not say which words are pointers, so every aligned word that could be one is taken for one. That errs to one
 * side: a number that looks like an address hides a leak, it never invents one. What could invent one is a pointer
 * that we do not see: one kept in pieces, xored, packed at an odd address, on a device, in another process, or in a
 * register of another thread. The first five are accepted, as every such checker does; for the last see look.c. A pointer to
 * the start of a block holds it. A pointer into its middle may be all that the owner kept, or an accident: a block that
 * has no better is *possibly* lost. Some interior pointers are how well-known code holds its blocks, and count as good:
 *
 *   - the interpreter's objects of more than 512 bytes are malloc'd, and are known by the address behind their collector
 *     header (byte 16) or behind that and two words for dict and weak references (byte 32); what the loader asks for
 *     (vectors of thread-local blocks, lists of libraries) it holds as it likes: `has_header`;
 *   - new T[n] with destructors: n stands in the first word, the pointer is to byte 8, n divides the rest;
 *   - a length before its bytes: the first word is size - 8, the pointer is to byte 8 (as sqlite's and others' do);
 *   - any place inside of a block of Python's small-object allocator, whose layout is the interpreter's business.
 *
 * Nodes. Only what is alive is a node: recorded blocks, and the places of Python's pools that are not on a free list. The
 * rest of the heap is neither node nor root: freed memory is full of stale pointers, and reading pools and heaps as a whole
 * is what makes other checkers miss. Where the recorder did not see everything, the heap's gaps must be roots after all
 * (the caller adds them); then the answer is a lower bound and says so.
 *
 * Phases, each linear in the bytes of nodes and roots:
 *
 *   1. held.      Start with the roots, in the order given, each followed until nothing new is found before the next one,
 *                 so that a global is preferred to a stack as the one that is told. A good pointer makes its target held,
 *                 and the target is read in its turn; a poor one marks it `touched`, with the first word that did.
 *   2. possible.  Everything touched and not held is possible; whatever it points to, well or poorly, and is not held, too.
 *   3. lost.      The rest. For each node in order that nobody claimed: it is a root of what it leads to; if it comes upon a root
 *                 of earlier, that one and all that went with it go with the new one. So a chain has its head as root, a
 *                 cycle one of its members, and every group exactly one: invariants: root[n] is lost, lost nodes are
 *                 their own root, and lost blocks + blocks under them == blocks that phases 1 and 2 did not find.
 *
 * Looking a word up must be cheap, for there are 10^8 of them. Two levels of pages: of the top bits, whether anything lives in that
 * gigabyte; of the page, which pool it is of (then the node is a division away) or the first block on it (then
 * a search among at most 257). Words below or above all nodes end at a comparison.
 *
 * All of this runs in a copy of the process made by clone, on memory that does not change. A page that cannot be read
 * (a file that was cut) is passed over and counted: the signal handler jumps back, and reading goes on behind it.
 *
 * Regrets. Interior pointers of multiple inheritance and of old-style C++ strings count as poor ones. A lost cycle that hangs
 * on another lost cycle may be told as two. `touched` remembers one word, not the best.
 */
#define _GNU_SOURCE
#include "preload/scan.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, PAGE_BITS = 12, GIGA_BITS = 30, GIGAS = 1 << 17, PAGES_IN_GIGA = 1 << 18, PRESENCE_FROM = 1 << 18 };
enum { IS_POOL = 0x80000000u, TOUCHED = 0x40, UNCLAIMED = 0x20, CLASS_BITS = 0x0f, NO_NODE = 0xffffffffu };

typedef enum phase { HELD, POSSIBLE, LOST } phase;

static struct {
  ol_scan *scan;
  uint32_t **gigas; /* [GIGAS] of uint32_t[PAGES_IN_GIGA]: 0 nothing, IS_POOL | pool, or block + 1 */
  uintptr_t lowest, highest;
  uint32_t *pending;               /* nodes found and not yet read */
  volatile uint32_t pending_count; /* volatile: right at every read, for a read may jump */
  phase now;
  uint32_t claimer;
  bool in_allocator;    /* the words that are read now are the C library's data */
  uint8_t reading_kind; /* what holds the words that are read now */
} the;

/* Where reading stands: the signal handler's jump comes back to it. */
static volatile uintptr_t at_page, at_end;
static sigjmp_buf unreadable;
static volatile sig_atomic_t may_jump;

static void on_fault(int signal_number) {
  if (may_jump) siglongjmp(unreadable, 1);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

/* ---- the map from words to nodes ---- */

static bool note_pages(uintptr_t start, uintptr_t end, uint32_t entry) {
  for (uintptr_t page = start >> PAGE_BITS; page <= (end - 1) >> PAGE_BITS; page++) {
    uintptr_t giga = page >> (GIGA_BITS - PAGE_BITS);
    if (giga >= GIGAS) return true; /* no address of a program */
    if (the.gigas[giga] == NULL && (the.gigas[giga] = ol_own_map(PAGES_IN_GIGA * sizeof(uint32_t))) == NULL)
      return false;
    uint32_t *slot = &the.gigas[giga][page & (PAGES_IN_GIGA - 1)];
    if (*slot == 0) *slot = entry;
  }
  return true;
}

static void widen(uintptr_t start, uintptr_t end) {
  if (start < the.lowest) the.lowest = start;
  if (end > the.highest) the.highest = end;
}

static uintptr_t extent(const ol_block *block) { return block->size == 0 ? 1 : block->size; }

static bool make_map(const ol_scan *scan) {
  the.lowest = ~(uintptr_t)0;
  the.highest = 0;
  for (uint32_t i = 0; i < scan->pool_count; i++) {
    const ol_pool *pool = &scan->pools[i];
    uintptr_t end = pool->start + (uintptr_t)pool->place_bytes * pool->place_count;
    if (!note_pages(pool->start, end, IS_POOL | i)) return false;
    widen(pool->start, end);
  }
  for (uint32_t i = 0; i < scan->block_count; i++) {
    uintptr_t end = scan->blocks[i].address + extent(&scan->blocks[i]);
    if (!note_pages(scan->blocks[i].address, end, i + 1)) return false;
    widen(scan->blocks[i].address, end);
  }
  return true;
}

static uint32_t block_at(uintptr_t word, uint32_t first) {
  const ol_scan *scan = the.scan;
  uint32_t low = first, high = scan->block_count - first > 258 ? first + 258 : scan->block_count;
  if (word < scan->blocks[low].address) return NO_NODE;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (scan->blocks[middle].address <= word) low = middle;
    else high = middle;
  }
  return word < scan->blocks[low].address + extent(&scan->blocks[low]) ? low : NO_NODE;
}

static inline uint32_t node_at(uintptr_t word) {
  if (word < the.lowest || word >= the.highest) return NO_NODE;
  const uint32_t *pages = the.gigas[word >> GIGA_BITS];
  if (pages == NULL) return NO_NODE;
  uint32_t entry = pages[word >> PAGE_BITS & (PAGES_IN_GIGA - 1)];
  if (entry == 0) return NO_NODE;
  if ((entry & IS_POOL) == 0) return block_at(word, entry - 1);
  const ol_pool *pool = &the.scan->pools[entry & ~IS_POOL];
  if (word < pool->start) return NO_NODE;
  uint32_t place = (uint32_t)(word - pool->start) / pool->place_bytes;
  return place < pool->place_count ? pool->first_node + place : NO_NODE;
}

/* ---- is a pointer a good one? ---- */

static bool is_array_with_count(const ol_block *block, uintptr_t inside) {
  if (inside != 8 || block->size <= 8) return false;
  uint64_t first = *(const uint64_t *)block->address;
  return first == block->size - 8 || (first > 0 && first <= block->size - 8 && (block->size - 8) % first == 0 &&
                                      (block->kind == OL_KIND_NEW_ARRAY));
}

static bool is_good(uint32_t node, uintptr_t word) {
  if (node >= the.scan->block_count) return true;
  const ol_block *block = &the.scan->blocks[node];
  uintptr_t inside = word - block->address;
  if (inside == 0) return true;
  if (the.scan->has_header[node] == OL_HEADER_ANY) return true;
  if ((inside == 16 || inside == 32) && the.scan->has_header[node] == OL_HEADER_PYTHON) return true;
  return is_array_with_count(block, inside);
}

/* The C library keeps free chunks in lists that begin in its data. A chunk's header overlaps the last word of the block before
 * it, when that was asked for to the last byte: such a word of the C library's says nothing about that block. */
static bool is_header_of_next(uint32_t node, uintptr_t word) {
  if (node >= the.scan->block_count) return false;
  const ol_block *block = &the.scan->blocks[node];
  return word % 16 == 0 && word < block->address + block->size && word + 8 >= block->address + block->size;
}

/* ---- what a word does in each phase ---- */

static void push(uint32_t node) { the.pending[the.pending_count++] = node; }

static void note_holder(uint32_t node, uintptr_t where) {
  the.scan->holder[node] = where;
  the.scan->holder_kind[node] = the.reading_kind;
}

static void found_in_held(uint32_t node, uintptr_t word, uintptr_t where) {
  uint8_t *class = &the.scan->classes[node];
  if ((*class & CLASS_BITS) == OL_CLASS_HELD) return;
  if (is_good(node, word)) {
    *class = OL_CLASS_HELD;
    note_holder(node, where);
    push(node);
  } else if ((*class & TOUCHED) == 0 && !(the.in_allocator && is_header_of_next(node, word))) {
    *class |= TOUCHED;
    note_holder(node, where);
  }
}

static void found_in_possible(uint32_t node, uintptr_t where) {
  uint8_t *class = &the.scan->classes[node];
  if ((*class & CLASS_BITS) != OL_CLASS_LOST) return;
  if ((*class & TOUCHED) == 0) note_holder(node, where);
  *class = OL_CLASS_POSSIBLE;
  push(node);
}

/* A root of earlier was read already: what it led to follows it through root[], and it need not be read again. */
static void found_in_lost(uint32_t node, uintptr_t where) {
  ol_scan *scan = the.scan;
  bool unclaimed = scan->classes[node] == (OL_CLASS_LOST | UNCLAIMED);
  bool another_root = scan->classes[node] == OL_CLASS_LOST && node != the.claimer;
  if (!unclaimed && !another_root) return;
  scan->classes[node] = OL_CLASS_LOST_UNDER;
  scan->root[node] = the.claimer;
  note_holder(node, where);
  if (unclaimed) push(node);
}

static inline void read_word(uintptr_t where) {
  uintptr_t word = *(const uintptr_t *)where;
  uint32_t node = node_at(word);
  if (node == NO_NODE || (the.scan->classes[node] & CLASS_BITS) == OL_CLASS_DEAD) return;
  if (the.now == HELD) found_in_held(node, word, where);
  else if (the.now == POSSIBLE) found_in_possible(node, where);
  else found_in_lost(node, where);
}

/* ---- reading ---- */

/* Bit 63: in memory, bit 62: swapped out. A page that is neither was never written. */
static bool is_present(uintptr_t page) {
  static uint64_t known[512];
  static uintptr_t known_from = 1;
  uintptr_t number = page >> PAGE_BITS, from = number & ~(uintptr_t)511;
  if (known_from != from) {
    known_from = from;
    if (pread(the.scan->present_fd, known, sizeof known, (off_t)(from * 8)) != sizeof known)
      memset(known, 0xff, sizeof known);
  }
  return known[number & 511] >> 62 != 0;
}

static void read_pages(bool ask_presence) {
  while (at_page < at_end) {
    uintptr_t page_end = (at_page & ~(uintptr_t)(PAGE - 1)) + PAGE, end = page_end < at_end ? page_end : at_end;
    if (!ask_presence || is_present(at_page))
      for (uintptr_t where = at_page; where + 8 <= end; where += 8) read_word(where);
    at_page = end;
  }
}

static void read_range(uintptr_t start, uintptr_t end) {
  at_page = (start + 7) & ~(uintptr_t)7;
  at_end = end;
  read_pages(the.scan->present_fd >= 0 && end - start >= PRESENCE_FROM);
}

static void read_pending(void) {
  while (the.pending_count > 0) {
    uint32_t node = the.pending[--the.pending_count];
    the.reading_kind = node < the.scan->block_count ? OL_HOLDER_BLOCK : OL_HOLDER_PYTHON;
    uintptr_t start = ol_scan_address(the.scan, node);
    read_range(start, start + ol_scan_size(the.scan, node));
  }
}

/* The program's thread of this file: each phase remembers in `the` how far it is, so that a jump loses one page. */
static volatile uint32_t root_at, node_at_work;

static void finish_interrupted_range(void) {
  if (at_page < at_end) read_pages(false);
}

static void phase_held(void) {
  the.now = HELD;
  finish_interrupted_range();
  read_pending();
  while (root_at < the.scan->root_count) {
    const ol_root *root = &the.scan->roots[root_at++];
    the.reading_kind = (uint8_t)root->kind;
    the.in_allocator = root->of_allocator;
    read_range(root->start, root->end);
    the.in_allocator = false;
    read_pending();
  }
}

static void phase_possible(void) {
  the.now = POSSIBLE;
  finish_interrupted_range();
  read_pending();
  while (node_at_work < the.scan->node_count) {
    uint32_t node = node_at_work++;
    if (the.scan->classes[node] != (OL_CLASS_LOST | TOUCHED)) continue;
    the.scan->classes[node] = OL_CLASS_POSSIBLE;
    push(node);
    read_pending();
  }
}

static void phase_lost(void) {
  the.now = LOST;
  finish_interrupted_range();
  read_pending();
  while (node_at_work < the.scan->node_count) {
    uint32_t node = node_at_work++;
    if (the.scan->classes[node] != (OL_CLASS_LOST | UNCLAIMED)) continue;
    the.scan->classes[node] = OL_CLASS_LOST;
    the.scan->root[node] = the.claimer = node;
    push(node);
    read_pending();
  }
}

static void run_phase(void (*phase_)(void)) {
  root_at = node_at_work = 0;
  at_page = at_end = 0;
  if (sigsetjmp(unreadable, 1) != 0) {
    the.scan->unreadable_pages++;
    at_page = (at_page & ~(uintptr_t)(PAGE - 1)) + PAGE;
  }
  may_jump = 1;
  phase_();
  may_jump = 0;
}

static void follow_roots(ol_scan *scan) {
  for (uint32_t node = 0; node < scan->node_count; node++) {
    if (scan->classes[node] != OL_CLASS_LOST_UNDER) continue;
    uint32_t root = scan->root[node];
    while (scan->root[root] != root) root = scan->root[root];
    for (uint32_t at = node, next; scan->root[at] != root; at = next) next = scan->root[at], scan->root[at] = root;
  }
}

static void catch_faults(struct sigaction *kept) {
  struct sigaction catch = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
  sigaction(SIGSEGV, &catch, &kept[0]);
  sigaction(SIGBUS, &catch, &kept[1]);
}

bool ol_scan_run(ol_scan *scan) {
  memset(&the, 0, sizeof the);
  the.scan = scan;
  the.gigas = ol_own_map(GIGAS * sizeof *the.gigas);
  the.pending = ol_own_map(((uint64_t)scan->node_count + 1) * sizeof *the.pending);
  bool room = the.gigas != NULL && the.pending != NULL && make_map(scan);
  struct sigaction kept[2];
  if (room) {
    catch_faults(kept);
    run_phase(phase_held);
    run_phase(phase_possible);
    for (uint32_t node = 0; node < scan->node_count; node++)
      if (scan->classes[node] == OL_CLASS_LOST) scan->classes[node] |= UNCLAIMED;
    run_phase(phase_lost);
    sigaction(SIGSEGV, &kept[0], NULL);
    sigaction(SIGBUS, &kept[1], NULL);
    follow_roots(scan);
  }
  for (uintptr_t i = the.lowest >> GIGA_BITS; the.gigas != NULL && i < GIGAS && i <= the.highest >> GIGA_BITS; i++)
    ol_own_unmap(the.gigas[i], PAGES_IN_GIGA * sizeof(uint32_t));
  ol_own_unmap(the.gigas, GIGAS * sizeof *the.gigas);
  ol_own_unmap(the.pending, ((uint64_t)scan->node_count + 1) * sizeof *the.pending);
  return room;
}
