#include "stamps/sheet.h"

bool ol_sheet_init(ol_sheet *sheet) { return ol_reserve_grow(&sheet->chunks, OL_SHEET_SLOTS * sizeof(ol_sheet_chunk)); }

void ol_sheet_deinit(ol_sheet *sheet) {
  ol_reserve_deinit(&sheet->chunks);
  for (uint32_t i = 0; i < OL_PIECES_MAX; i++) ol_reserve_deinit(&sheet->pieces[i]);
  sheet->chunk_count = 0;
}

uint64_t ol_sheet_mapped_bytes(const ol_sheet *sheet) {
  uint64_t bytes = sheet->chunks.bytes;
  for (uint32_t i = 0; i < OL_PIECES_MAX && sheet->pieces[i].base != NULL; i++) bytes += sheet->pieces[i].bytes;
  return bytes;
}

uint64_t *ol_sheet_make_place(ol_sheet *sheet, uintptr_t address) {
  uint64_t number = address >> OL_CHUNK_BITS;
  if (number == 0 || sheet->chunk_count == OL_CHUNKS_MAX) return NULL;
  ol_reserve *piece = &sheet->pieces[sheet->chunk_count / OL_PIECE_CHUNKS];
  if (!ol_reserve_grow(piece, (size_t)OL_PIECE_CHUNKS * OL_CHUNK_GRANULES * sizeof(uint64_t))) return NULL;
  ol_sheet_chunk *chunks = (ol_sheet_chunk *)sheet->chunks.base;
  uint32_t slot = ol_sheet_slot_of(number);
  while (chunks[slot].number != 0) slot = (slot + 1) & (OL_SHEET_SLOTS - 1);
  chunks[slot].places = (uint64_t *)piece->base + (size_t)(sheet->chunk_count % OL_PIECE_CHUNKS) * OL_CHUNK_GRANULES;
  sheet->chunk_count++;
  __atomic_store_n(&chunks[slot].number, number, __ATOMIC_RELEASE);
  return ol_sheet_place(sheet, address);
}
