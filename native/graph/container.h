/* The container: one file, named columns, each where the header says, each with its checksum.
 *
 *   bytes 0..63    header: magic, version, byte-order mark, file size, where the directory stands, checksums
 *   then           columns, each beginning at a multiple of 64, raw little-endian arrays that may be mapped as they are
 *   at the end     directory: one fixed row a column
 *
 * The header is written last: a file whose writing was cut short has no magic and is refused. The reader is
 * src/outlive/capture/container.py; docs/reference/snapshot-format.md describes both for others.
 */
#ifndef OUTLIVE_GRAPH_CONTAINER_H
#define OUTLIVE_GRAPH_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OL_CONTAINER_MAJOR = 1, OL_CONTAINER_MINOR = 4, OL_CONTAINER_COLUMNS_MAX = 64, OL_CONTAINER_ALIGN = 64 };

typedef struct ol_container_header {
  char magic[8]; /* "OUTLIVE\x1a" */
  uint16_t major, minor;
  uint32_t byte_order; /* 0x01020304 as the writer's machine stores it */
  uint64_t file_bytes;
  uint64_t directory_offset;
  uint32_t directory_rows;
  uint32_t directory_crc;
  uint8_t reserved[20];
  uint32_t header_crc; /* of the 60 bytes before it */
} ol_container_header;

typedef struct ol_container_row {
  char name[24];  /* zero-padded */
  char dtype[4];  /* "u1", "u2", "u4", "u8" */
  uint32_t codec; /* 0: raw, 1: zstd */
  uint64_t count; /* elements */
  uint64_t offset;
  uint64_t stored_bytes, raw_bytes;
  uint32_t crc; /* CRC-32C of the stored bytes */
  uint32_t reserved;
} ol_container_row;

typedef struct ol_container_writer {
  int fd; /* owned by the caller */
  uint64_t offset;
  uint32_t row_count;
  int error; /* errno of the first failed write; all later calls do nothing */
  ol_container_row rows[OL_CONTAINER_COLUMNS_MAX];
} ol_container_writer;

/* `fd` is an empty file open for writing. No call allocates. */
void ol_container_begin(ol_container_writer *writer, int fd);
void ol_container_add(ol_container_writer *writer, const char *name, const char *dtype, const void *data,
                      uint64_t count);
/* Writes directory and header. False: see writer->error. */
bool ol_container_finish(ol_container_writer *writer);

#endif
