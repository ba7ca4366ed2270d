// Marks its steps in C++; each loses one array.
#include <outlive.h>

struct Pool {
  __attribute__((noinline)) void take(int step) {
    volatile int *block = new int[10];
    block[0] = step;
  }
};

int main(int argc, char **argv) {
  Pool pool;
  for (int step = 0; argc > 1 && step < atoi(argv[1]); step++) {
    OUTLIVE_STEP(step);
    pool.take(step);
  }
  return 0;
}
