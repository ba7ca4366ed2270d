/* SIGTRAP between us and the program; see follow_signal.c. */
#ifndef OUTLIVE_PRELOAD_FOLLOW_SIGNAL_H
#define OUTLIVE_PRELOAD_FOLLOW_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

/* Tokens say whose they are in their upper half. */
#define OL_TRAP_OURS 0x6f75746c00000000ull
static inline bool ol_trap_token_is_ours(uint64_t token) { return (token & 0xffffffff00000000ull) == OL_TRAP_OURS; }

/* `late`: the signal was held back, and the registers are not those of the instruction. */
typedef void ol_trap_told(uint64_t token, bool late, void *registers);

/* `stepped`: after an instruction of a thread that runs with the trap flag. */
typedef void ol_trap_stepped(void *registers);
bool ol_trap_signal_begin(ol_trap_told *handler, ol_trap_stepped *stepped);
bool ol_trap_signal_is_ours(void);

#endif
