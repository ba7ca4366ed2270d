#include "bencode.h"

#include <string.h>

#include "tests.h"

static struct slice text(const char *from) { return (struct slice){(const uint8_t *)from, strlen(from)}; }

static void finds_what_is_there(void) {
  struct slice value, rest, item;
  int64_t number;
  expect(bencode_find_number(text("d1:ai-7e1:bli1ei2eee"), "a", &number) && number == -7);
  expect(bencode_find(text("d1:ai-7e1:bli1ei2eee"), "b", &value) && bencode_items(value, &rest));
  expect(bencode_next(&rest, &item) && bencode_number(item, &number) && number == 1);
  expect(bencode_next(&rest, &item) && !bencode_next(&rest, &item));
  expect(bencode_find_bytes(text("d3:onel3:twoe3:two3:yese"), "two", &value) && memcmp(value.at, "yes", 3) == 0);
}

static void refuses_what_is_broken(void) {
  static const char *const broken[] = {"", "i", "ie", "i12", "5:abcd", "l", "d1:a", "99999999999999999999:a", "x"};
  struct slice value;
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) expect(!bencode_value(text(broken[i]), &value));
  char deep[128];
  memset(deep, 'l', 64), memset(deep + 64, 'e', 63), deep[127] = '\0';
  expect(!bencode_value(text(deep), &value));
}

void test_bencode(void) {
  finds_what_is_there();
  refuses_what_is_broken();
}
