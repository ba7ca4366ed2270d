/* What is mapped in this process, by /proc/self/maps, and which of it belongs to which program or library.
 *
 * A module is a file whose first page, mapped, is an ELF header; its name, load bias, extent and build id are read from
 * there and from its program headers, without the loader, whose lock another thread may hold in the moment of a look.
 */
#ifndef OUTLIVE_PRELOAD_MAPS_H
#define OUTLIVE_PRELOAD_MAPS_H

#include <stdbool.h>
#include <stdint.h>

enum { OL_MODULES_MAX = 4096, OL_NO_MODULE = 0xffffffffu, OL_BUILD_ID_MAX = 32 };

typedef struct ol_mapping {
  uintptr_t start, end;
  bool readable, writable, shared;
  const char *name; /* "", "[heap]", a path; ends with a zero */
  uint32_t module;  /* OL_NO_MODULE */
} ol_mapping;

typedef struct ol_module {
  uintptr_t start, end; /* all of its segments, .bss too */
  uintptr_t bias;
  uintptr_t relro_start, relro_end; /* made read-only once it was relocated: may hold pointers */
  uint64_t thread_bytes;            /* of its thread-local variables */
  const char *path;
  uint8_t build_id[OL_BUILD_ID_MAX];
  uint32_t build_id_bytes;
} ol_module;

typedef struct ol_maps {
  ol_mapping *rows; /* by address */
  uint32_t count;
  ol_module *modules;
  uint32_t module_count;
} ol_maps;

/* All of it stands in memory of our own, which is never given back: only a child that ends soon asks. */
bool ol_maps_read(ol_maps *ret);

const ol_mapping *ol_maps_at(const ol_maps *maps, uintptr_t address);
/* OL_NO_MODULE: it is in none. */
uint32_t ol_maps_module_at(const ol_maps *maps, uintptr_t address);

#endif
