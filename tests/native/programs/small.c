/* Allocates until memory ends, gives it all back, and goes on: with the recorder as without it. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  for (int round = 0; round < 3; round++) {
    void **last = NULL;
    int count = 0;
    for (void **block; count < 20000 && (block = malloc(4096)) != NULL; count++) *block = last, last = block;
    for (void **next; last != NULL; last = next) next = *last, free(last);
    if (count == 0) return 1;
  }
  return 0;
}
