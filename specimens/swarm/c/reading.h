/* Where bytes arrive. One buffer for all sockets: libuv fills it and hands it over within one call, on one thread,
 * and nobody may keep it. */
#ifndef SWARM_READING_H
#define SWARM_READING_H

#include <uv.h>

void reading_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret);

#endif
