/* A thread waits in the kernel with the only pointer to a block in a register; another block is lost; the program ends. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int waits;

static __attribute__((noinline)) uintptr_t hidden_block(void) { return ~(uintptr_t)malloc(777); }

static void *wait_with_it(void *unused) {
  (void)unused;
  uintptr_t hidden = hidden_block();
  waits = 1;
#if defined(__x86_64__)
  register uintptr_t kept __asm__("r12") = ~hidden;
  hidden = 0;
  long pause = SYS_pause, got;
  __asm__ volatile("syscall" : "=a"(got) : "0"(pause), "r"(kept) : "rcx", "r11", "memory");
  __asm__ volatile("" : : "r"(kept));
#else
  register uintptr_t kept __asm__("x20") = ~hidden;
  hidden = 0;
  register long number __asm__("x8") = SYS_ppoll;
  register long a __asm__("x0") = 0, b __asm__("x1") = 0, c __asm__("x2") = 0, d __asm__("x3") = 0;
  __asm__ volatile("svc 0" : "+r"(a) : "r"(number), "r"(b), "r"(c), "r"(d), "r"(kept) : "memory");
  __asm__ volatile("" : : "r"(kept));
#endif
  return NULL;
}

static __attribute__((noinline)) void lose_one(void) {
  volatile char *lost = malloc(333);
  lost[0] = 1;
}

static __attribute__((noinline)) void wipe_stack(void) {
  volatile char wiped[4096];
  for (size_t i = 0; i < sizeof wiped; i++) wiped[i] = 0;
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, wait_with_it, NULL);
  while (!waits) usleep(1000);
  usleep(50000); /* it is in the kernel */
  lose_one();
  wipe_stack();
  return 0;
}
