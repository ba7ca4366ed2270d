/* Which blocks are worth following: one after the other of each origin, sooner those that were seen to be lost.
 *
 *   origin      the stack that asked for a block
 *   preferred   a scan of this run, or the list of an earlier run, has found a block of this origin lost
 *   pair        a stack that freed, and the origin of a block that what it freed pointed to
 *
 * Of what turns out well the next is followed after twice as many as before: a program that does no harm is left alone.
 */
#ifndef OUTLIVE_PRELOAD_FOLLOW_ORIGINS_H
#define OUTLIVE_PRELOAD_FOLLOW_ORIGINS_H

#include "preload/stacks.h"

/* `list`: a file of hexadecimal numbers, one a line, or NULL. The number is that of the innermost four callers, by
 * their offsets in their modules (capture/loss_events.py makes the same). */
bool ol_origins_begin(const char *list);
/* A block was born of this origin: is it the turn of this one? */
bool ol_origin_is_due(uint32_t origin);
void ol_origin_followed(uint32_t origin);
uint32_t ol_origin_times_followed(uint32_t origin);
bool ol_origin_is_preferred(uint32_t origin);
void ol_origin_prefer(uint32_t origin);

/* Is it the turn of this pair? Asked for each of its frees. */
bool ol_pair_is_due(uint32_t freer, uint32_t origin);
void ol_pair_followed(uint32_t freer, uint32_t origin);
/* A scan has found such a block held by something else, after what held it had been freed. */
void ol_pair_acquit(uint32_t freer, uint32_t origin);
bool ol_pair_is_acquitted(uint32_t freer, uint32_t origin);

#endif
