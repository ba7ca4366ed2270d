#include "reading.h"

void reading_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret) {
  static char buffer[64 * 1024];
  (void)handle, (void)suggested;
  *ret = uv_buf_init(buffer, sizeof buffer);
}
