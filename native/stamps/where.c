#include "stamps/where.h"

#include <string.h>

#include "stamps/spelling.h"

enum { FRAMES_PASSED_MAX = 1024 };
/* On the number of a row, in a recollection: its file lies in a folder looked through. */
enum { LIBRARY_FLAG = 1 << 30 };

/* ---- code objects that die ---- */

static bool may_remember;

enum { SEEN_BITS = 1 << 16 };
static uint64_t seen_codes[SEEN_BITS / 64]; /* a bit for each code object in a chain, at a hash of its address */

static uint32_t seen_bit(const PyCodeObject *code) {
  return (uint32_t)(((uintptr_t)code >> 4) * 0x9e3779b97f4a7c15ull >> (64 - 16));
}

static void note_code(const PyCodeObject *code) {
  if (code != NULL) seen_codes[seen_bit(code) / 64] |= 1ull << seen_bit(code) % 64;
}

static void forget_codes(void) { memset(seen_codes, 0, sizeof seen_codes); }

static void code_dies(const PyCodeObject *code) {
  if ((seen_codes[seen_bit(code) / 64] >> seen_bit(code) % 64 & 1) == 0) return;
  ol_chains_forget(&ol_stamps_now.chains);
  forget_codes();
}

#if PY_VERSION_HEX >= 0x030c0000
static int code_watcher = -1;

static int code_changes(PyCodeEvent event, PyCodeObject *code) {
  if (event == PY_CODE_EVENT_DESTROY) code_dies(code);
  return 0;
}

static bool watch_codes(void) {
  code_watcher = PyCode_AddWatcher(code_changes);
  if (code_watcher < 0) PyErr_Clear();
  return code_watcher >= 0;
}

static void watch_codes_no_more(void) {
  if (code_watcher >= 0 && PyCode_ClearWatcher(code_watcher) < 0) PyErr_Clear();
  code_watcher = -1;
}
#else
static destructor dealloc_of_codes; /* what we stand before; kept for good */

static void dealloc_code(PyObject *code) {
  code_dies((const PyCodeObject *)code);
  dealloc_of_codes(code);
}

static bool watch_codes(void) {
  if (dealloc_of_codes == NULL) dealloc_of_codes = PyCode_Type.tp_dealloc;
  if (PyCode_Type.tp_dealloc == dealloc_of_codes) PyCode_Type.tp_dealloc = dealloc_code;
  return PyCode_Type.tp_dealloc == dealloc_code;
}

/* Who stands before us by now goes on to call us. */
static void watch_codes_no_more(void) {
  if (PyCode_Type.tp_dealloc == dealloc_code) PyCode_Type.tp_dealloc = dealloc_of_codes;
}
#endif

void ol_where_begin(void) { may_remember = watch_codes(); }

void ol_where_end(void) {
  watch_codes_no_more();
  forget_codes();
}

/* ---- one place in code ---- */

static bool lies_in(const char *file, size_t length, const char *folder) {
  size_t prefix = strlen(folder);
  return prefix > 0 && length > prefix && memcmp(file, folder, prefix) == 0;
}

bool ol_stamps_is_through(const char *file, size_t length) {
  bool found = ol_stamps_now.through_count > 0 && lies_in(file, length, "<frozen ");
  for (uint32_t i = 0; i < ol_stamps_now.through_count && !found; i++)
    found = lies_in(file, length, ol_stamps_now.through[i]);
  return found;
}

static uint32_t learn_site(PyCodeObject *code, int32_t offset, uint32_t check) {
  char file[OL_SITE_TEXT_MAX], function[512];
  ol_sites *sites = &ol_stamps_now.sites;
  size_t file_bytes = ol_spell(code->co_filename, file, sizeof file);
  uint32_t site;
  if (lies_in(file, file_bytes, ol_stamps_now.watcher)) site = OL_SITE_WATCHER;
  else if (lies_in(file, file_bytes, ol_stamps_now.ours)) site = OL_SITE_OURS;
  else {
    int line = PyCode_Addr2Line(code, offset); /* reads the line table; -1 where the compiler gave none */
    if (line < 0) line = code->co_firstlineno;
    size_t function_bytes = ol_spell(ol_code_function(code), function, sizeof function);
    site = ol_sites_make(sites, line < 0 ? 0 : (uint32_t)line, file, file_bytes, function, function_bytes);
    if (site != OL_SITE_UNKNOWN && ol_stamps_is_through(file, file_bytes)) site |= LIBRARY_FLAG;
  }
  ol_sites_remember(sites, (uintptr_t)code, offset, check, site);
  return site;
}

static uint32_t site_of_place(PyCodeObject *code, int32_t offset) {
  uint32_t check = ol_code_check(code);
  uint32_t site = ol_sites_recall(&ol_stamps_now.sites, (uintptr_t)code, offset, check);
  return site != OL_SITE_NOT_SEEN ? site : learn_site(code, offset, check);
}

/* ---- a chain of them ---- */

typedef struct chain {
  uint32_t sites[OL_STAMP_DEPTH_MAX]; /* rows of the depot, innermost first */
  uint32_t site_count;
  uint64_t frames[OL_CHAIN_FRAMES_MAX]; /* all that were looked at */
  uint32_t frame_count;                 /* beyond OL_CHAIN_FRAMES_MAX they are counted only */
} chain;

static void add_frame(chain *c, uint64_t number) {
  if (c->frame_count < OL_CHAIN_FRAMES_MAX) c->frames[c->frame_count] = number;
  c->frame_count++;
}

/* The sites of the innermost frames that are not ours, out to `depth` that are no library's, among `reach` frames.
 * Ours are passed over at the inner end only: outside of the program's frames they, or the watcher, are where its chain
 * of callers ends. */
static void collect(const PyThreadState *thread, uint32_t depth, uint32_t reach, chain *ret) {
  uint32_t counted = 0, passed = 0;
  ret->site_count = ret->frame_count = 0;
  for (const ol_frame *frame = ol_frame_of(thread); frame != NULL; frame = ol_frame_below(frame)) {
    PyCodeObject *code;
    int32_t offset;
    add_frame(ret, ol_frame_number(frame));
    note_code(ol_frame_code(frame));
    if (!ol_frame_place(frame, &code, &offset)) continue;
    uint32_t site = site_of_place(code, offset);
    if (site == OL_SITE_WATCHER || (site == OL_SITE_OURS && ret->site_count > 0)) return;
    if (site != OL_SITE_OURS) {
      if ((site & LIBRARY_FLAG) == 0) counted++;
      ret->sites[ret->site_count++] = site & ~(uint32_t)LIBRARY_FLAG;
    }
    if (++passed == reach || counted == depth || ret->site_count == OL_STAMP_DEPTH_MAX) return;
  }
  add_frame(ret, OL_CHAIN_END);
}

static uint32_t reach_of(const ol_stamps *now) {
  if (now->through_count == 0) return FRAMES_PASSED_MAX;
  return now->depth > OL_THROUGH_FRAMES_MAX ? now->depth : OL_THROUGH_FRAMES_MAX;
}

__attribute__((noinline)) uint32_t ol_where_learn(const PyThreadState *thread) {
  ol_stamps *now = &ol_stamps_now;
  chain found;
  collect(thread, now->depth, reach_of(now), &found);
  uint32_t site = OL_SITE_UNKNOWN;
  for (uint32_t i = found.site_count; i > 0; i--) site = ol_sites_under(&now->sites, found.sites[i - 1], site);
  if (may_remember && found.frame_count <= OL_CHAIN_FRAMES_MAX)
    ol_chains_remember(&now->chains, found.frames, found.frame_count, site);
  return site;
}
