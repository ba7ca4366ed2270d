/* The book of handles and loops. Rows and chains are changed one word at a time, so that a forked child whose parent was
 * just changing them has a whole book: a callback that stands in it must be called. */
#include "preload/loops.h"

#include <sched.h>

#include "preload/loops_libuv.h"
#include "preload/record.h"

ol_loops ol_loops_now;

static bool start_memory(void) {
  ol_loops *all = &ol_loops_now;
  if (all->handles != NULL) return true;
  uint32_t *buckets = ol_own_map(OL_HANDLE_BUCKETS * sizeof *buckets);
  ol_handle *handles = buckets == NULL ? NULL : ol_own_map(OL_HANDLES_MAX * sizeof *handles);
  if (handles == NULL) {
    ol_own_unmap(buckets, OL_HANDLE_BUCKETS * sizeof *buckets);
    return false;
  }
  all->buckets = buckets;
  all->handles = handles;
  return true;
}

/* A handler that has interrupted a holder and ends the process from there would wait for ever: not longer than it takes to
 * write a file. */
bool ol_loops_try_lock(void) {
  enum { TRIES = 1 << 16, TRIES_BEFORE_YIELD = 16 };
  for (int i = 0; i < TRIES; i++) {
    uint32_t open = 0;
    if (atomic_compare_exchange_strong(&ol_loops_now.lock.held, &open, 1)) return true;
    if (i % TRIES_BEFORE_YIELD == TRIES_BEFORE_YIELD - 1) (void)sched_yield();
  }
  return false;
}

bool ol_loops_lock(void) {
  if (!ol_recording() || !ol_is_our_process() || !ol_loops_try_lock()) return false;
  if (start_memory()) return true;
  ol_loops_unlock();
  return false;
}

void ol_loops_unlock(void) { ol_spin_unlock(&ol_loops_now.lock); }
void ol_loops_after_fork(void) {
  ol_spin_unlock(&ol_loops_now.lock);
  ol_libuv_after_fork();
}

static uint32_t *bucket_of(uintptr_t address) {
  return &ol_loops_now.buckets[(address >> 3) * 0x9e3779b97f4a7c15ull >> 52];
}

ol_handle *ol_handle_at(uintptr_t address) {
  ol_handle *rows = ol_loops_now.handles;
  for (uint32_t row = *bucket_of(address); row != OL_NO_ROW; row = rows[row].next)
    if (rows[row].address == address) return &rows[row];
  return NULL;
}

ol_handle *ol_handle_closing_at(uintptr_t address) {
  ol_handle *rows = ol_loops_now.handles;
  for (uint32_t row = *bucket_of(address); row != OL_NO_ROW; row = rows[row].next)
    if (rows[row].address == address && rows[row].state == OL_HANDLE_CLOSING) return &rows[row];
  return NULL;
}

/* Thousands of handles may have had one address, one after the other: the row before is remembered. It is only believed
 * where it fits, for a forked child may have half of a change. */
static void unlink_row(uint32_t wanted) {
  ol_handle *rows = ol_loops_now.handles;
  uint32_t before = rows[wanted].before, next = rows[wanted].next;
  uint32_t *link = before == OL_NO_ROW ? bucket_of(rows[wanted].address) : &rows[before].next;
  if (*link != wanted) link = bucket_of(rows[wanted].address);
  while (*link != OL_NO_ROW && *link != wanted) link = &rows[*link].next;
  if (*link == wanted) *link = next;
  if (next != OL_NO_ROW) rows[next].before = before;
}

/* The next row that is empty, or of a handle that was closed. OL_NO_ROW: all are open. */
static uint32_t room(void) {
  ol_loops *all = &ol_loops_now;
  for (uint32_t tries = 1; tries < OL_HANDLES_MAX; tries++) {
    all->cursor = all->cursor % (OL_HANDLES_MAX - 1) + 1;
    ol_handle *row = &all->handles[all->cursor];
    if (row->state == OL_HANDLE_FREE) return all->cursor;
    if (row->state != OL_HANDLE_CLOSED) continue;
    unlink_row(all->cursor);
    row->state = OL_HANDLE_FREE;
    all->forgotten++;
    return all->cursor;
  }
  all->refused++;
  return OL_NO_ROW;
}

ol_handle *ol_handle_new(uintptr_t address, uintptr_t loop, const char *kind) {
  ol_loops *all = &ol_loops_now;
  ol_handle *old = ol_handle_at(address);
  if (old != NULL && old->state == OL_HANDLE_OPEN) old->state = OL_HANDLE_CLOSED; /* begun anew: it is another one */
  const ol_loop *of = ol_loop_at(loop);
  uint32_t row = room();
  if (row == OL_NO_ROW) return NULL;
  uint32_t *bucket = bucket_of(address);
  all->handles[row] = (ol_handle){.address = address,
                                  .loop = of == NULL ? 0 : of->serial,
                                  .kind = kind,
                                  .serial = ++all->serial,
                                  .next = *bucket,
                                  .pid = ol_recorder_now.pid,
                                  .state = OL_HANDLE_OPEN};
  if (*bucket != OL_NO_ROW) all->handles[*bucket].before = row;
  *bucket = row;
  return &all->handles[row];
}

static ol_loop *youngest_loop(uintptr_t address) {
  ol_loop *found = NULL;
  for (int i = 0; i < OL_LOOPS_MAX; i++) {
    ol_loop *loop = &ol_loops_now.loops[i];
    if (loop->serial != 0 && loop->address == address && (found == NULL || loop->serial > found->serial)) found = loop;
  }
  return found;
}

static bool is_done(const ol_loop *loop) { return loop->serial == 0 || (loop->closing.tick != 0 && loop->result == 0); }

ol_loop *ol_loop_new(uintptr_t address) {
  ol_loop *row = youngest_loop(address);
  bool is_left = row != NULL && row->result != 0;
  if (is_left) row = NULL;
  for (int i = 0; i < OL_LOOPS_MAX && row == NULL; i++)
    if (is_done(&ol_loops_now.loops[i])) row = &ol_loops_now.loops[i];
  if (row == NULL) return NULL;
  *row = (ol_loop){.address = address, .serial = ++ol_loops_now.loop_serial, .pid = ol_recorder_now.pid};
  return row;
}

ol_loop *ol_loop_at(uintptr_t address) {
  ol_loop *found = youngest_loop(address);
  return found != NULL ? found : ol_loop_new(address);
}
