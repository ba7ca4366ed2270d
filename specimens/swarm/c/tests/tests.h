/* The specimen's own tests: each file has one entry; `expect` ends the run at what does not hold. */
#ifndef SWARM_TESTS_H
#define SWARM_TESTS_H

#include <stdio.h>
#include <stdlib.h>

#define expect(condition)                                                          \
  do {                                                                             \
    if (condition) break;                                                          \
    fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
    exit(1);                                                                       \
  } while (0)

void test_sha1(void);
void test_bencode(void);
void test_event_bus(void);
void test_pieces(void);

#endif
