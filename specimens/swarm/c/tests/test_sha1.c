#include "sha1.h"

#include <string.h>

#include "tests.h"

static void expect_digest(const char *text, const char *wanted) {
  uint8_t digest[SHA1_SIZE];
  char hex[2 * SHA1_SIZE + 1];
  sha1(text, strlen(text), digest);
  for (int i = 0; i < SHA1_SIZE; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
  expect(strcmp(hex, wanted) == 0);
}

/* The vectors of FIPS 180, and a text that needs a second last chunk. */
void test_sha1(void) {
  expect_digest("", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  expect_digest("abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
  expect_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}
