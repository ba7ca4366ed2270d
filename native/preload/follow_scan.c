#define _GNU_SOURCE
#include "preload/follow_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "preload/signals.h"
#include "preload/survey.h"

enum { RED_ZONE = 128, NEAR_MAX = 256 };

#ifndef __WCLONE
#define __WCLONE 0x80000000
#endif

#if defined(__x86_64__)

/* ---- in the copy: only what is alive is left on the stopped thread's stack ---- */

/* The kernel's frame of the signal: registers, what the signal was, the vector registers, then the
 * thread's own stack. */
static uintptr_t leave_what_is_alive(ucontext_t *at, ol_stop stop) {
  static const int dead[] = {REG_RDI, REG_RSI, REG_RCX, REG_R8, REG_R9, REG_R10, REG_R11};
  greg_t *registers = at->uc_mcontext.gregs;
  char *after = (char *)(registers + REG_RIP), *vectors = (char *)at->uc_mcontext.fpregs;
  char *stack = (char *)(uintptr_t)registers[REG_RSP];
  if (stop != OL_STOP_WRITE)
    for (size_t i = 0; i < sizeof dead / sizeof *dead; i++) registers[dead[i]] = 0;
  if (stop == OL_STOP_RETURN_NOTHING) registers[REG_RAX] = registers[REG_RDX] = 0;
  char *until = stop == OL_STOP_WRITE && vectors > after && vectors < stack ? vectors : stack;
  memset(after, 0, (size_t)(until - after));
  return (uintptr_t)registers + RED_ZONE; /* the survey begins a red zone below what it is given */
}

static ol_within within(const ucontext_t *at, ol_stop stop, uintptr_t holder) {
  uintptr_t first = (uintptr_t)at->uc_mcontext.gregs;
  if (holder < first || holder >= (uintptr_t)at->uc_mcontext.gregs[REG_RSP] - RED_ZONE) return OL_WITHIN_MEMORY;
  uintptr_t number = (holder - first) / sizeof(greg_t);
  if (stop != OL_STOP_RETURN) return OL_WITHIN_REGISTER;
  if (number == REG_RDX && at->uc_mcontext.gregs[REG_RAX] != at->uc_mcontext.gregs[REG_RDX]) return OL_WITHIN_REMAINDER;
  return number == REG_RDX || number == REG_RAX ? OL_WITHIN_RESULT : OL_WITHIN_REGISTER;
}

/* ---- in the copy: the answers ---- */

static uint32_t block_of(const ol_scan *scan, uintptr_t word) {
  uint32_t low = 0, high = scan->block_count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (scan->blocks[middle].address <= word) low = middle;
    else high = middle;
  }
  bool inside =
      high > 0 && word >= scan->blocks[low].address && word - scan->blocks[low].address < scan->blocks[low].size;
  return inside ? low : OL_NODES_MAX;
}

/* Does this lost block lead to that other one, over lost blocks? Then both went together, and it is one loss. */
static bool leads_to(const ol_scan *scan, uint32_t from, uint32_t to) {
  static uint32_t reached[NEAR_MAX];
  uint32_t count = 0, read = 0;
  for (reached[count++] = from; read < count; read++) {
    const ol_block *block = &scan->blocks[reached[read]];
    for (uintptr_t at = block->address; at + 8 <= block->address + block->size; at += 8) {
      uint32_t next = block_of(scan, *(const uintptr_t *)at), i = 0;
      if (next == OL_NODES_MAX || scan->classes[next] > OL_CLASS_LOST_UNDER) continue;
      if (next == to) return true;
      while (i < count && reached[i] != next) i++;
      if (i == count && count < NEAR_MAX) reached[count++] = next;
    }
  }
  return false;
}

static void answer(ol_asked *ret, const ol_scan *scan, const ucontext_t *at, ol_stop stop) {
  uint32_t node = block_of(scan, ret->address);
  if (node == OL_NODES_MAX || scan->blocks[node].address != ret->address || scan->blocks[node].tick != ret->tick)
    return;
  ret->block_class = scan->classes[node];
  ret->holder_kind = scan->holder_kind[node];
  ret->holder = scan->holder[node];
  ret->within = within(at, stop, ret->holder);
  uint32_t head = node;
  if (ret->block_class == OL_CLASS_LOST_UNDER && scan->root[node] < scan->block_count &&
      leads_to(scan, node, scan->root[node]))
    head = scan->root[node];
  ret->head = scan->blocks[head].address;
  ret->head_tick = scan->blocks[head].tick;
  ret->answered = true;
}

/* Words of the stopped thread's stack and registers that lead into a block which only they were said to hold. */
static bool hide_from_stack(const ol_question *question, const ol_scan *scan, uintptr_t from) {
  bool hidden = false;
  for (uint32_t i = 0; i < scan->root_count; i++) {
    const ol_root *root = &scan->roots[i];
    if (root->kind != OL_HOLDER_STACK || from < root->start || from >= root->end) continue;
    for (uintptr_t at = root->start; at + 8 <= root->end; at += 8)
      for (int k = 0; k < OL_ASKED_MAX; k++) {
        const ol_asked *one = &question->asked[k];
        uint32_t node =
            one->answered && one->holder_kind == OL_HOLDER_STACK ? block_of(scan, one->address) : OL_NODES_MAX;
        if (node == OL_NODES_MAX || *(uintptr_t *)at - one->address > scan->blocks[node].size) continue;
        *(uintptr_t *)at = 0;
        hidden = true;
      }
  }
  return hidden;
}

/* A scan tells one holder, and the stack comes before most of the heap. Is there one in memory, too? */
static void prefer_memory(ol_question *question, ol_scan *scan, const ucontext_t *at, ol_stop stop) {
  if (!hide_from_stack(question, scan, (uintptr_t)at->uc_mcontext.gregs)) return;
  for (uint32_t node = 0; node < scan->node_count; node++) {
    scan->classes[node] = scan->classes[node] == OL_CLASS_DEAD ? OL_CLASS_DEAD : 0;
    scan->holder[node] = scan->holder_kind[node] = 0;
  }
  if (!ol_scan_run(scan)) return;
  for (int i = 0; i < OL_ASKED_MAX; i++) {
    ol_asked again = question->asked[i];
    if (!again.answered || again.holder_kind != OL_HOLDER_STACK) continue;
    answer(&again, scan, at, stop);
    if (again.block_class == OL_CLASS_HELD && again.holder_kind != OL_HOLDER_STACK) question->asked[i] = again;
  }
}

static void tell_lost_origins(ol_question *question, const ol_scan *scan) {
  uint32_t count = 0;
  for (uint32_t node = 0; node < scan->block_count && count < OL_LOST_ORIGINS_MAX; node++) {
    if (scan->classes[node] != OL_CLASS_LOST || scan->blocks[node].stack == 0) continue;
    uint32_t i = 0;
    while (i < count && question->lost_origins[i] != scan->blocks[node].stack) i++;
    if (i == count) question->lost_origins[count++] = scan->blocks[node].stack;
  }
  question->lost_origin_count = count;
}

static bool scan_and_answer(ol_question *question, const ol_thread_places *threads, ucontext_t *at, ol_stop stop) {
  static ol_survey survey;
  uintptr_t here = leave_what_is_alive(at, stop);
  struct timespec little = {.tv_nsec = 100000};
  bool others = threads->all_count > 1; /* their places must be read again before they are believed */
  for (int i = 0; others && i < 5000 && !atomic_load(&threads->ready); i++) (void)nanosleep(&little, NULL);
  if (!ol_survey_make(&survey, &ol_recorder_now, threads, here)) return false;
  survey.scan.present_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (survey.gaps_are_roots || !ol_scan_run(&survey.scan)) return false;
  for (int i = 0; i < OL_ASKED_MAX; i++)
    if (question->asked[i].address != 0) answer(&question->asked[i], &survey.scan, at, stop);
  tell_lost_origins(question, &survey.scan);
  prefer_memory(question, &survey.scan, at, stop);
  return true;
}

/* ---- in the program ---- */

static uint64_t us(struct timeval time) { return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec; }

static bool ended_well(ol_question *question, long pid) {
  int status = 0;
  struct rusage used = {0};
  long got;
  do got = syscall(SYS_wait4, pid, &status, (int)__WCLONE, &used);
  while (got == -1 && errno == EINTR);
  question->copy_us = us(used.ru_utime) + us(used.ru_stime);
  return got == pid && status == 0;
}

static bool ask_a_copy(ol_question *question, ol_thread_places *threads, ucontext_t *at, ol_stop stop) {
  if (!ol_hold_still()) return false;
  long pid = syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
  if (pid == 0) {
    ol_signals_let_go();
    bool answered = scan_and_answer(question, threads, at, stop);
    for (;;) (void)syscall(SYS_exit_group, !answered);
  }
  ol_go_on();
  if (pid < 0) return false;
  ol_threads_read_again(threads);
  atomic_store(&threads->ready, 1);
  return ended_well(question, pid);
}

bool ol_follow_ask(ol_question *question, void *registers, ol_stop stop) {
  ol_thread_places *threads = ol_own_map_shared(sizeof *threads);
  if (threads == NULL) return false;
  for (int i = 0; i < OL_ASKED_MAX; i++) question->asked[i].answered = false;
  question->lost_origin_count = 0;
  threads->looker = (uint32_t)syscall(SYS_gettid);
  ol_threads_read(threads);
  bool answered = ask_a_copy(question, threads, registers, stop);
  ol_own_unmap(threads, sizeof *threads);
  return answered;
}

#else

bool ol_follow_ask(ol_question *question, void *registers, ol_stop stop) {
  (void)question, (void)registers, (void)stop;
  return false;
}

#endif
