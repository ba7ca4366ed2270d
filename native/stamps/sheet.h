/* The sheet: one stamp for every 16 bytes of address space that ever held an object. Knows no Python.
 *
 * Theory of operation. Objects begin on 16-byte granules and no two share one, so a stamp needs no key: it stands at
 * the granule's place. The address space is cut into chunks of 1 MB; a chunk that has held an object has 65,536 places
 * of 8 bytes (512 KB of address space, of which only touched pages cost memory). A small hash finds a chunk's places;
 * neighbouring objects share its cache line.
 *
 *     address = chunk (28 bits) | granule in the chunk (16 bits) | 4 bits always zero
 *     stamp   = tick (32 bits) | site (32 bits); 0: never stamped
 *
 * A freed object's stamp stays until its place is stamped again: whoever reads asks for living objects only. Places are
 * mapped, never malloc'd, and never move; so writing a stamp takes no lock. Making a chunk's places needs the GIL.
 * Bounds: OL_CHUNKS_MAX chunks; beyond that an object has no stamp, and is counted.
 */
#ifndef OUTLIVE_STAMPS_SHEET_H
#define OUTLIVE_STAMPS_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/reserve.h"

enum { OL_CHUNK_BITS = 20, OL_CHUNK_GRANULES = 1 << (OL_CHUNK_BITS - 4) };
enum { OL_SHEET_SLOTS = 1 << 17, OL_CHUNKS_MAX = OL_SHEET_SLOTS * 3 / 4 };
enum { OL_PIECE_CHUNKS = 16, OL_PIECES_MAX = OL_CHUNKS_MAX / OL_PIECE_CHUNKS };

typedef struct ol_sheet_chunk {
  uint64_t number;  /* address >> OL_CHUNK_BITS; 0: empty. Written last */
  uint64_t *places; /* uint64_t[OL_CHUNK_GRANULES] */
} ol_sheet_chunk;

typedef struct ol_sheet {
  ol_reserve chunks; /* ol_sheet_chunk[OL_SHEET_SLOTS] */
  uint32_t chunk_count;
  ol_reserve pieces[OL_PIECES_MAX]; /* places of OL_PIECE_CHUNKS chunks each */
} ol_sheet;

/* False: no memory. A zeroed sheet is as after deinit. */
bool ol_sheet_init(ol_sheet *sheet);
void ol_sheet_deinit(ol_sheet *sheet);

/* Address space taken, in bytes: to be taken off what the program has mapped. */
uint64_t ol_sheet_mapped_bytes(const ol_sheet *sheet);

/* The slow road: makes the chunk's places. NULL: no memory, or too many chunks. Needs the GIL. */
uint64_t *ol_sheet_make_place(ol_sheet *sheet, uintptr_t address);

static inline uint32_t ol_sheet_slot_of(uint64_t number) { return (uint32_t)(number * 0x9e3779b1u) >> (32 - 17); }

/* The place of `address`, or NULL when nothing in its chunk was ever stamped. Takes no lock. */
static inline uint64_t *ol_sheet_place(const ol_sheet *sheet, uintptr_t address) {
  uint64_t number = address >> OL_CHUNK_BITS;
  const ol_sheet_chunk *chunks = (const ol_sheet_chunk *)sheet->chunks.base;
  for (uint32_t slot = ol_sheet_slot_of(number);; slot = (slot + 1) & (OL_SHEET_SLOTS - 1)) {
    uint64_t found = __atomic_load_n(&chunks[slot].number, __ATOMIC_ACQUIRE);
    if (found == number) return chunks[slot].places + ((address >> 4) & (OL_CHUNK_GRANULES - 1));
    if (found == 0) return NULL;
  }
}

#endif
