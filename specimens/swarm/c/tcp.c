#include "tcp.h"

#include <string.h>

#include "fault.h"
#include "must.h"
#include "reading.h"

static void on_closed(uv_handle_t *handle) {
  struct tcp *tcp = handle->data;
  tcp->events->closed(tcp->owner, tcp->status);
  free(handle);
  free(tcp);
}

void tcp_close(struct tcp *tcp) {
  uv_handle_t *handle = (uv_handle_t *)tcp->handle;
  if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

static void end(struct tcp *tcp, int status) {
  tcp->status = status == UV_EOF ? 0 : status;
  tcp_close(tcp);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
  struct tcp *tcp = stream->data;
  if (length < 0) {
    end(tcp, (int)length);
  } else if (length > 0) {
    tcp->events->received(tcp->owner, (const uint8_t *)buffer->base, (size_t)length);
  }
}

static void free_handle(uv_handle_t *handle) { free(handle); }

/* No connection was made. */
static void on_refused(struct tcp *tcp, int status) {
  if (fault(FAULT_FAILED_DIAL_WRAPPER)) {
    /* "Nothing is open yet: the handle goes, and the owner hears of it at once." The wrapper stays behind. */
    uv_close((uv_handle_t *)tcp->handle, free_handle);
    tcp->events->closed(tcp->owner, status);
    return;
  }
  end(tcp, status);
}

static void on_connected(uv_connect_t *request, int status) {
  struct tcp *tcp = request->handle->data;
  free(request);
  if (status == UV_ECANCELED) return; /* closed while it was dialling; `closed` comes */
  if (status < 0) {
    on_refused(tcp, status);
    return;
  }
  uv_read_start((uv_stream_t *)tcp->handle, reading_buffer, on_read);
  tcp->events->opened(tcp->owner);
}

struct tcp *tcp_dial(struct loop *loop, const struct address *to, const struct tcp_events *events, void *owner) {
  struct tcp *tcp = must(calloc(1, sizeof *tcp));
  tcp->handle = must(calloc(1, sizeof *tcp->handle));
  tcp->wrapper.on_left = on_closed;
  tcp->events = events;
  tcp->owner = owner;
  uv_tcp_init(&loop->uv, tcp->handle);
  uv_tcp_nodelay(tcp->handle, 1);
  tcp->handle->data = tcp;
  struct sockaddr_in socket = address_socket(to);
  uv_connect_t *request = must(calloc(1, sizeof *request));
  int status = uv_tcp_connect(request, tcp->handle, (const struct sockaddr *)&socket, on_connected);
  if (status < 0) { /* the callback will not be called */
    free(request);
    end(tcp, status);
  }
  return tcp;
}

struct sending {
  uv_write_t request;
  uint8_t data[];
};

static void on_sent(uv_write_t *request, int status) {
  struct tcp *tcp = request->handle->data;
  free(request->data);
  if (status < 0 && status != UV_ECANCELED) end(tcp, status);
}

void tcp_send(struct tcp *tcp, const void *data, size_t length) {
  if (uv_is_closing((uv_handle_t *)tcp->handle)) return;
  struct sending *sending = must(malloc(sizeof *sending + length));
  memcpy(sending->data, data, length);
  sending->request.data = sending;
  uv_buf_t buffer = uv_buf_init((char *)sending->data, (unsigned)length);
  int status = uv_write(&sending->request, (uv_stream_t *)tcp->handle, &buffer, 1, on_sent);
  if (status < 0) {
    free(sending);
    end(tcp, status);
  }
}
