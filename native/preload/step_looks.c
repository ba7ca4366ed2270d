/* Which step marks deserve a look.
 *
 * Whoever judges growth per step wants as many looks in each doubling of the steps (judge/growth.py: windows that double
 * with the run), wherever the program may end. So the next look is due when the steps have grown by one `per`-th: 1, 2,
 * 3 … per, and from there on per · ln 2 in each doubling. A million steps have some 300 looks.
 *
 * The program waits for an earlier look's scan before the next is taken: one copy at a time. What the waits and copies
 * cost is held to a share of the program's time, beyond a few seconds that any check may cost; a look that would
 * cost more is put off until a later mark.
 */
#define _GNU_SOURCE
#include "preload/step_looks.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "preload/look.h"

enum { FREE_US = 6000000, SHARE = 2 };

static _Atomic uint64_t due = UINT64_MAX; /* never, and while a thread looks */
static uint64_t per, began_us, spent_us;

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("OUTLIVE_BLOCKS_STEP_LOOKS");
  long wanted = text == NULL ? 0 : strtol(text, NULL, 10);
  if (wanted <= 0) return;
  per = (uint64_t)wanted;
  began_us = now_us();
  atomic_store(&due, 0);
}

void ol_look_at_step(uint64_t step) {
  uint64_t at = atomic_load_explicit(&due, memory_order_relaxed);
  if (step < at || at == UINT64_MAX) return;
  if (!atomic_compare_exchange_strong(&due, &at, UINT64_MAX)) return;
  uint64_t began = now_us(), next = step + 1;
  if (spent_us <= FREE_US + (began - began_us) / SHARE) {
    (void)outlive_blocks_wait();
    if (ol_look_into_folder(OL_LOOK_WRITTEN) == 0) next += step / per;
    spent_us += now_us() - began;
  }
  atomic_store(&due, next);
}
