/* The recorder: what every call of the malloc family tells, and what is kept of it.
 *
 * Theory of operation. The functions of interpose*.c do what the program asked for and then tell us: a block came, a
 * block goes. For a block that came we note its size, who called (unwind.h), which Python line ran (python_line.h), the
 * thread, a tick and the step. A block is taken from the table *before* it is really freed, and put in *after* it was
 * really made; else another thread could be given the same address in between and lose its row to us.
 *
 * A signal handler may allocate while its thread is inside of the recorder. What it tells is put off in a short queue
 * of that thread, and done when the thread leaves; beyond OL_PUT_OFF_MAX it is counted as not seen. The same holds for
 * calls that the recorder itself would cause.
 *
 * Exact: every block. Sampled: one in about `sample_bytes` bytes (each byte has the same chance); whoever reads the
 * table then knows that most of the heap is not in it.
 *
 * After a fork the child's recorder goes on with the parent's table: what was alive is alive.
 */
#ifndef OUTLIVE_PRELOAD_RECORD_H
#define OUTLIVE_PRELOAD_RECORD_H

#include "preload/python_line.h"
#include "preload/stacks.h"
#include "preload/table.h"
#include "preload/unwind.h"

typedef enum ol_record_mode { OL_RECORD_UNDECIDED, OL_RECORD_OFF, OL_RECORD_EXACT, OL_RECORD_SAMPLED } ol_record_mode;

enum {
  OL_PUT_OFF_MAX = 16,
  OL_FRAMES_IN_INTERPRETER = 4,
  OL_FOLDER_MAX = 1024,
  OL_THREAD_HEAP_BYTES = 64 << 20,
  OL_THREAD_HEAPS_MAX = 4096
};

typedef struct ol_recorder {
  _Atomic int mode;
  uint64_t sample_bytes;
  ol_block_table blocks, mappings;
  ol_native_stacks stacks;
  ol_python_lines lines;
  _Atomic uint64_t tick;
  _Atomic uint32_t step;
  _Atomic uint64_t not_seen; /* blocks that came and were not recorded, for want of room or of a place in a queue */
  _Atomic uint64_t not_forgotten; /* frees that were not recorded */
  _Atomic uint64_t lost_in_fork;  /* rows given up because another thread was changing them when the process forked */
  _Atomic uint32_t heap_count;    /* the allocator's heaps for other threads: 64 MiB, aligned */
  _Atomic uint64_t heaps[OL_THREAD_HEAPS_MAX];
  ol_unwind_edge interpreter; /* where a Python line is known, native callers further out say little */
  int pid;
  char folder[OL_FOLDER_MAX]; /* where looks at the end are written; empty: nowhere */
} ol_recorder;

extern ol_recorder ol_recorder_now;

static inline bool ol_recording(void) {
  return atomic_load_explicit(&ol_recorder_now.mode, memory_order_relaxed) != OL_RECORD_OFF;
}

/* `frame`: the frame pointer of the function the program called. */
void ol_note_block(void *block, size_t size, ol_block_kind kind, const void *frame);
/* True: it was in the table, and is in *ret. */
bool ol_forget_block(void *block, ol_block *ret);
/* A block that was taken out and lives on after all. */
void ol_put_back(const ol_block *block);
/* Is this thread inside of the recorder? */
bool ol_is_inside(void);
/* The row of a live block, which stays. */
bool ol_find_block(uintptr_t address, ol_block *ret);
/* Stack, line, thread, step and tick of this moment, with these frames. False: not now. */
bool ol_describe_frames(const uintptr_t *frames, uint32_t count, ol_block *ret);
void ol_note_mapping(void *start, size_t bytes, const void *frame);
void ol_forget_mapping(void *start, size_t bytes);
/* A recorded mapping that is about to be moved; it is out of the table then. False: not recorded. */
bool ol_take_mapping(void *start, ol_block *ret);
void ol_put_mapping(const ol_block *mapping);

/* For what works beside the recorder with locks of its own: into it, and out again. False: this thread is inside already. */
bool ol_step_in(int *ret_errno);
void ol_step_out(int program_errno);
/* A row with tick, step, thread, stack and site of here and now. Inside only. */
ol_block ol_described(void *address, size_t size, ol_block_kind kind, const void *frame);

/* Who calls, as a row without a block: tick, stack, site. False: this thread is inside of the recorder. */
bool ol_note_call(const void *frame, ol_block *ret);

/* The next block of `size` bytes, or rounded up to `alignment`, that this thread asks for is of this kind, and `frame`
 * asked (operator new, which calls malloc). */
void ol_hint_kind(ol_block_kind kind, size_t size, size_t alignment, const void *frame);
void ol_hint_none(void);

/* Hold everything still, for a look. False: this thread is inside of the recorder; look when it leaves, with this path. */
bool ol_hold_still(void);
void ol_go_on(void);
void ol_look_later(int why);

/* Is this the process that the recorder began in, or a forked child that took over (not one by vfork)? */
bool ol_is_our_process(void);

/* exact, sampled, off; bounds; a folder: "exact,512M,/tmp/x". */
void ol_recorder_configure(const char *settings);

#endif
