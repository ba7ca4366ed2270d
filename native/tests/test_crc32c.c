#include "graph/crc32c.h"
#include "tests/expect.h"

int main(void) {
  /* the check value of the Castagnoli polynomial, and the test vectors of RFC 3720 B.4 */
  EXPECT(ol_crc32c(0, "123456789", 9) == 0xe3069283u);
  unsigned char zeros[32] = {0}, ones[32], rising[32];
  for (int i = 0; i < 32; i++) ones[i] = 0xff, rising[i] = (unsigned char)i;
  EXPECT(ol_crc32c(0, zeros, 32) == 0x8a9136aau);
  EXPECT(ol_crc32c(0, ones, 32) == 0x62a8ab43u);
  EXPECT(ol_crc32c(0, rising, 32) == 0x46dd794eu);
  EXPECT(ol_crc32c(ol_crc32c(0, "1234", 4), "56789", 5) == 0xe3069283u);
  EXPECT(ol_crc32c(0, "", 0) == 0);
  return 0;
}
