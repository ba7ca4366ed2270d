#include "udp.h"

#include "must.h"
#include "reading.h"

static void on_received(uv_udp_t *handle, ssize_t length, const uv_buf_t *buffer, const struct sockaddr *from,
                        unsigned flags) {
  struct udp *udp = handle->data;
  if (length > 0 && from != NULL && (flags & UV_UDP_PARTIAL) == 0)
    udp->on_datagram(udp->owner, (const uint8_t *)buffer->base, (size_t)length);
}

struct udp *udp_open(struct loop *loop, void (*on_datagram)(void *, const uint8_t *, size_t), void *owner) {
  struct udp *udp = must(calloc(1, sizeof *udp));
  udp->handle = must(calloc(1, sizeof *udp->handle));
  udp->on_datagram = on_datagram;
  udp->owner = owner;
  uv_udp_init(&loop->uv, udp->handle);
  udp->handle->data = udp;
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  uv_udp_bind(udp->handle, (const struct sockaddr *)&any, 0);
  uv_udp_recv_start(udp->handle, reading_buffer, on_received);
  return udp;
}

void udp_send(struct udp *udp, const struct address *to, const void *data, size_t length) {
  struct sockaddr_in socket = address_socket(to);
  uv_buf_t buffer = uv_buf_init((char *)data, (unsigned)length);
  uv_udp_try_send(udp->handle, &buffer, 1, (const struct sockaddr *)&socket);
}

void udp_stop(struct udp *udp) { uv_udp_recv_stop(udp->handle); }

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
  free(handle);
}

void udp_close(struct udp *udp) { uv_close((uv_handle_t *)udp->handle, on_closed); }
