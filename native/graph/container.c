#define _GNU_SOURCE
#include "graph/container.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "graph/crc32c.h"

_Static_assert(sizeof(ol_container_header) == 64, "the header is 64 bytes");
_Static_assert(sizeof(ol_container_row) == 72, "a directory row is 72 bytes");

static void write_all(ol_container_writer *writer, const void *data, uint64_t bytes) {
  const char *next = data;
  while (bytes > 0 && writer->error == 0) {
    size_t chunk = bytes > (1u << 30) ? (1u << 30) : (size_t)bytes;
    ssize_t written = pwrite(writer->fd, next, chunk, (off_t)writer->offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      writer->error = written < 0 ? errno : EIO;
      return;
    }
    next += written;
    bytes -= (uint64_t)written;
    writer->offset += (uint64_t)written;
  }
}

static void pad(ol_container_writer *writer) {
  writer->offset = (writer->offset + OL_CONTAINER_ALIGN - 1) & ~(uint64_t)(OL_CONTAINER_ALIGN - 1);
}

void ol_container_begin(ol_container_writer *writer, int fd) {
  memset(writer, 0, sizeof *writer);
  writer->fd = fd;
  writer->offset = sizeof(ol_container_header);
}

void ol_container_add(ol_container_writer *writer, const char *name, const char *dtype, const void *data,
                      uint64_t count) {
  if (writer->error != 0) return;
  if (writer->row_count == OL_CONTAINER_COLUMNS_MAX || strlen(name) >= sizeof writer->rows->name) {
    writer->error = EINVAL;
    return;
  }
  pad(writer);
  ol_container_row *row = &writer->rows[writer->row_count++];
  strcpy(row->name, name);
  strncpy(row->dtype, dtype, sizeof row->dtype);
  row->count = count;
  row->offset = writer->offset;
  row->stored_bytes = row->raw_bytes = count * (uint64_t)(dtype[1] - '0');
  row->crc = ol_crc32c(0, data, row->raw_bytes);
  write_all(writer, data, row->raw_bytes);
}

bool ol_container_finish(ol_container_writer *writer) {
  pad(writer);
  uint64_t rows_bytes = writer->row_count * sizeof(ol_container_row);
  ol_container_header header = {.major = OL_CONTAINER_MAJOR, .minor = OL_CONTAINER_MINOR, .byte_order = 0x01020304};
  memcpy(header.magic, "OUTLIVE\x1a", 8);
  header.directory_offset = writer->offset;
  header.directory_rows = writer->row_count;
  header.directory_crc = ol_crc32c(0, writer->rows, rows_bytes);
  write_all(writer, writer->rows, rows_bytes);
  header.file_bytes = writer->offset;
  header.header_crc = ol_crc32c(0, &header, offsetof(ol_container_header, header_crc));
  if (writer->error == 0 && pwrite(writer->fd, &header, sizeof header, 0) != (ssize_t)sizeof header)
    writer->error = errno != 0 ? errno : EIO;
  return writer->error == 0;
}
