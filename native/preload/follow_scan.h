/* Who holds these few blocks right now: the look's own scan (scan.h), in a copy of the process, waited for.
 *
 * Asked in a signal handler, of a thread that was stopped between two instructions. Of that thread everything from its
 * stack pointer up is alive, and of its registers what the place of the stop leaves alive: right after a write all of
 * them; right after a return, by the calling convention, those that a called function must keep, and those that a
 * result comes in; right after free, which has no result, only the former. The handler's own frames are no part of it:
 * they are full of the very addresses that are asked for.
 */
#ifndef OUTLIVE_PRELOAD_FOLLOW_SCAN_H
#define OUTLIVE_PRELOAD_FOLLOW_SCAN_H

#include <stdbool.h>
#include <stdint.h>

enum { OL_ASKED_MAX = 4, OL_LOST_ORIGINS_MAX = 64 };

typedef enum ol_stop { OL_STOP_WRITE, OL_STOP_RETURN, OL_STOP_RETURN_NOTHING, OL_STOP_BORN } ol_stop;

/* Where on the stopped thread a holder stands, if it does. Remainder: after a return, the second register of a result,
 * which most functions do not set but leave something in. */
typedef enum ol_within { OL_WITHIN_MEMORY, OL_WITHIN_REGISTER, OL_WITHIN_RESULT, OL_WITHIN_REMAINDER } ol_within;

typedef struct ol_asked {
  uintptr_t address; /* of the block; 0: not asked */
  uint64_t tick;
  bool answered;        /* false: it is not in the table any more, or there was no answer */
  uint32_t block_class; /* ol_class */
  uint32_t holder_kind; /* ol_holder */
  uint32_t within;      /* ol_within */
  uintptr_t holder;     /* the word that holds it */
  uintptr_t head;       /* lost: the block that it is lost under, if it leads back to that one; else itself */
  uint64_t head_tick;
} ol_asked;

typedef struct ol_question {
  ol_asked asked[OL_ASKED_MAX];
  uint64_t copy_us;           /* processor time that the copy took */
  uint32_t lost_origin_count; /* stacks that asked for blocks that are lost now */
  uint32_t lost_origins[OL_LOST_ORIGINS_MAX];
} ol_question;

/* `question` stands in memory of our own that is shared. `registers`: a ucontext_t. False: no answer could be had. */
bool ol_follow_ask(ol_question *question, void *registers, ol_stop stop);

#endif
