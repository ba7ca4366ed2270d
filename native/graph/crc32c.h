/* CRC-32C (Castagnoli): the checksum of the container's columns. */
#ifndef OUTLIVE_GRAPH_CRC32C_H
#define OUTLIVE_GRAPH_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continue from `crc` (0 to begin). Uses the processor's own instruction where there is one. */
uint32_t ol_crc32c(uint32_t crc, const void *bytes, size_t length);

#endif
