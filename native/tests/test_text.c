#include <string.h>

#include "graph/text.h"
#include "tests/expect.h"

static void the_same_text_has_the_same_number(void) {
  ol_text_set set = {0};
  char name[32];
  uint32_t number;
  for (uint32_t i = 0; i < 10000; i++) {
    int length = snprintf(name, sizeof name, "app.module.Type%u", i);
    EXPECT(ol_text_set_number(&set, name, (size_t)length, &number) && number == i);
  }
  for (uint32_t i = 0; i < 10000; i++) {
    int length = snprintf(name, sizeof name, "app.module.Type%u", i);
    EXPECT(ol_text_set_number(&set, name, (size_t)length, &number) && number == i);
    size_t known_length;
    const char *known = ol_text_at(&set.texts, i, &known_length);
    EXPECT(known_length == (size_t)length && memcmp(known, name, known_length) == 0);
  }
  ol_text_set_deinit(&set);
}

static void an_empty_text_is_a_text(void) {
  ol_text text = {0};
  size_t length = 7;
  EXPECT(ol_text_append(&text, "", 0) && ol_text_append(&text, "abc", 3));
  (void)ol_text_at(&text, 0, &length);
  EXPECT(length == 0);
  EXPECT(memcmp(ol_text_at(&text, 1, &length), "abc", 3) == 0 && length == 3);
  ol_text_deinit(&text);
}

int main(void) {
  the_same_text_has_the_same_number();
  an_empty_text_is_a_text();
  return 0;
}
