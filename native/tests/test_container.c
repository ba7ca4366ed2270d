#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "graph/container.h"
#include "graph/crc32c.h"
#include "tests/expect.h"

static int empty_file(void) {
  char name[] = "/tmp/outlive-test-XXXXXX";
  int fd = mkstemp(name);
  EXPECT(fd >= 0 && unlink(name) == 0);
  return fd;
}

static void what_is_written_stands_where_the_directory_says(void) {
  int fd = empty_file();
  uint32_t numbers[] = {1, 2, 3};
  ol_container_writer writer;
  ol_container_begin(&writer, fd);
  ol_container_add(&writer, "numbers", "u4", numbers, 3);
  ol_container_add(&writer, "nothing", "u8", NULL, 0);
  EXPECT(ol_container_finish(&writer));
  ol_container_header header;
  EXPECT(pread(fd, &header, sizeof header, 0) == sizeof header);
  EXPECT(memcmp(header.magic, "OUTLIVE\x1a", 8) == 0 && header.directory_rows == 2);
  EXPECT(header.header_crc == ol_crc32c(0, &header, 60));
  EXPECT((uint64_t)lseek(fd, 0, SEEK_END) == header.file_bytes);
  ol_container_row rows[2];
  EXPECT(pread(fd, rows, sizeof rows, (off_t)header.directory_offset) == sizeof rows);
  uint32_t back[3];
  EXPECT(rows[0].count == 3 && rows[0].offset % OL_CONTAINER_ALIGN == 0);
  EXPECT(pread(fd, back, sizeof back, (off_t)rows[0].offset) == sizeof back && memcmp(back, numbers, sizeof back) == 0);
  EXPECT(rows[0].crc == ol_crc32c(0, numbers, sizeof numbers));
  close(fd);
}

static void an_unfinished_file_has_no_magic(void) {
  int fd = empty_file();
  uint64_t number = 7;
  ol_container_writer writer;
  ol_container_begin(&writer, fd);
  ol_container_add(&writer, "one", "u8", &number, 1);
  char magic[8] = "x";
  EXPECT(pread(fd, magic, 8, 0) == 8 && magic[0] == 0);
  close(fd);
}

static void a_full_disk_is_an_error_and_not_a_crash(void) {
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {100, 100};
  EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  int fd = empty_file();
  static uint64_t numbers[1000];
  ol_container_writer writer;
  ol_container_begin(&writer, fd);
  ol_container_add(&writer, "many", "u8", numbers, 1000);
  ol_container_add(&writer, "more", "u8", numbers, 1000);
  EXPECT(!ol_container_finish(&writer) && writer.error == EFBIG);
  close(fd);
}

int main(void) {
  what_is_written_stands_where_the_directory_says();
  an_unfinished_file_has_no_magic();
  a_full_disk_is_an_error_and_not_a_crash();
  return 0;
}
