/* `swarm-tests [--fault NAME]`: runs all of them. */
#include <string.h>

#include "fault.h"
#include "tests.h"

int main(int count, char **words) {
  if (count == 3 && strcmp(words[1], "--fault") == 0 && !fault_throw(words[2])) return 2;
  test_sha1();
  test_bencode();
  test_event_bus();
  test_pieces();
  puts("all tests passed");
  return 0;
}
