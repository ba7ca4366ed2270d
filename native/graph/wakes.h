/* What code that can run may ever touch, when some of it sleeps: "can anything that is awake reach what would wake it?"
 *
 * A *sleeper* is a task or thread that waits. Its *members* are the nodes that are nothing but itself: the task, its
 * coroutines, the thread's frames. Its *keys* are the nodes that whoever touches one of them may wake it by: the
 * future that a task waits for, the lock that a thread waits for.
 *
 * Theory of operation: a closure from the roots in which a sleeper's members are gates. Reaching a member marks it, and
 * goes on only once its sleeper is awake. Walking a key (to be reached is not enough for a member: a task that sleeps
 * wakes nobody) wakes the sleeper: all its members are walked, reached or not, for what runs needs no holder. What is
 * not awake at the end cannot be woken by anything that is: each of its keys can be touched only by sleepers of the
 * same kind. Sleepers only ever go from asleep to awake, so the order of work changes nothing. Each node is queued
 * once, each pair is looked at twice: linear but for sorting the pairs, which are few.
 */
#ifndef OUTLIVE_GRAPH_WAKES_H
#define OUTLIVE_GRAPH_WAKES_H

#include "graph/graph.h"

enum { OL_ASLEEP_REACHED = 1, OL_WALKED = 2 };

typedef struct ol_sleepers {
  ol_cuts by_member;  /* member << 32 | sleeper */
  ol_cuts by_sleeper; /* sleeper << 32 | member */
  ol_cuts by_key;     /* key << 32 | sleeper */
  uint32_t most;      /* the highest number of a sleeper */
} ol_sleepers;

/* Rows of pairs: node, sleeper, node, sleeper ... A node may belong to several sleepers, and be a key of several.
 * Owns copies. False: no memory; deinit all the same. */
bool ol_sleepers_init(ol_sleepers *sleepers, const uint32_t *members, uint32_t member_count, const uint32_t *keys,
                      uint32_t key_count);
void ol_sleepers_deinit(ol_sleepers *sleepers);

/* `marks`[node_count] becomes 0 (not reached), OL_ASLEEP_REACHED (a member of sleepers only, and something awake refers
 * to it) or OL_WALKED. `extra` are references beside the graph's, source << 32 | target: what a weak reference is of.
 * Nodes in roots, pairs and `extra` must be < node_count; 0 among them is passed over. References in `cuts` are not
 * followed; `extra` is never cut. False: no memory; marks then mean nothing. */
bool ol_find_woken(const ol_graph *graph, const uint32_t *roots, uint32_t root_count, const ol_sleepers *sleepers,
                   const ol_cuts *extra, const ol_cuts *cuts, uint8_t *marks);

#endif
