/* From what the recorder and the kernel know to what the scan wants: nodes, and roots that hold nothing dead. */
#ifndef OUTLIVE_PRELOAD_SURVEY_H
#define OUTLIVE_PRELOAD_SURVEY_H

#include "preload/maps.h"
#include "preload/record.h"
#include "preload/scan.h"
#include "preload/threads.h"

enum { OL_RED_ZONE = 128 }; /* bytes below a stack pointer that are alive, too */

typedef struct ol_survey {
  ol_maps maps;
  ol_scan scan;
  ol_block *blocks;   /* sorted by address; scan.blocks */
  ol_block *mappings; /* sorted by address */
  uint32_t mapping_count;
  uint64_t overlapping;  /* rows dropped: their free was not seen */
  uint64_t alive_places; /* of Python's pools */
  uint32_t arenas, pools_read, pools_unreadable;
  uint32_t stacks_whole; /* threads whose stack is read below the stack pointer too */
  bool gaps_are_roots;
} ol_survey;

/* Needs a process that stands still: a copy of the program, or a program at its end. All memory is our own and stays.
 * `here`: a stack address of the thread that looks; what is above it is alive. False: no memory, or no /proc. */
bool ol_survey_make(ol_survey *ret, ol_recorder *recorder, const ol_thread_places *threads, uintptr_t here);

#endif
