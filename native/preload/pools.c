#include "preload/pools.h"

#include <string.h>

/* obmalloc's struct pool_header. */
typedef struct pool_header {
  uint32_t alive_count;
  uint32_t unused;
  uintptr_t free_list;
  uintptr_t next, previous;
  uint32_t arena;
  uint32_t size_class;
  uint32_t cut_to, last_cut; /* bytes from the pool's start: the next place never used, and the last there can be */
} pool_header;
_Static_assert(sizeof(pool_header) == 48, "the header of a pool");

enum { SIZE_CLASSES = 32, NEVER_USED = 0xffff };

static bool walk_free_list(const pool_header *header, ol_pool *pool, bool *alive, uint32_t *ret_free) {
  uint32_t free_count = 0;
  for (uintptr_t at = header->free_list; at != 0; free_count++) {
    uintptr_t from_first = at - pool->start;
    uint32_t place = (uint32_t)(from_first / pool->place_bytes);
    bool inside = at >= pool->start && from_first % pool->place_bytes == 0 && place < pool->place_count;
    if (!inside || !alive[place]) return false; /* also when the list comes back to itself */
    alive[place] = false;
    memcpy(&at, (const void *)at, sizeof at);
  }
  *ret_free = free_count;
  return true;
}

ol_pool_is ol_pool_read(const void *base, ol_pool *ret, bool ret_alive[OL_POOL_PLACES_MAX]) {
  pool_header header;
  memcpy(&header, base, sizeof header);
  bool never_used = header.size_class == NEVER_USED || (header.cut_to == 0 && header.last_cut == 0);
  if (header.alive_count == 0 && never_used) return OL_POOL_EMPTY;
  if (header.size_class >= SIZE_CLASSES) return OL_POOL_UNREADABLE;
  uint32_t bytes = (header.size_class + 1) * 16;
  bool sound = header.last_cut == OL_POOL_BYTES - bytes && header.cut_to >= sizeof header &&
               (header.cut_to - sizeof header) % bytes == 0 && header.cut_to <= header.last_cut + bytes;
  if (!sound) return OL_POOL_UNREADABLE;
  *ret = (ol_pool){.start = (uintptr_t)base + sizeof header, .place_bytes = bytes};
  ret->place_count = (header.cut_to - (uint32_t)sizeof header) / bytes;
  for (uint32_t i = 0; i < ret->place_count; i++) ret_alive[i] = true;
  uint32_t free_count;
  if (!walk_free_list(&header, ret, ret_alive, &free_count)) return OL_POOL_UNREADABLE;
  if (header.alive_count + free_count != ret->place_count) return OL_POOL_UNREADABLE;
  return header.alive_count == 0 ? OL_POOL_EMPTY : OL_POOL_READ;
}
