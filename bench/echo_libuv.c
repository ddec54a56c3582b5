/*
 * libuv's own streams (uv_tcp_t), the fast way: uv_try_write first, a queued uv_write only for what the kernel did not
 * take. Each message is written by itself. With a timeout one uv_timer per connection is started anew for every read
 * and for every write that has to wait; a write that succeeds at once needs none.
 */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

typedef struct connection {
  uv_tcp_t stream;
  uv_timer_t timer;
  uv_write_t request;
  size_t have;  /* bytes in the buffer */
  size_t taken; /* of these, bytes whose messages have been written or are being written */
  int handles;  /* not closed yet */
  char buffer[];
} connection;

static server_options options;
static size_t capacity;
static uint64_t timeout_milliseconds;

static void on_closed(uv_handle_t *handle) {
  connection *c = handle->data;
  if (--c->handles) return;
  free(c);
  server_closed(&options);
}

static void close_connection(connection *c) {
  if (uv_is_closing((uv_handle_t *)&c->stream)) return;
  uv_close((uv_handle_t *)&c->stream, on_closed);
  uv_close((uv_handle_t *)&c->timer, on_closed);
}

static void on_timeout(uv_timer_t *timer) { close_connection(timer->data); }

static void start_timer(connection *c) {
  if (timeout_milliseconds) uv_timer_start(&c->timer, on_timeout, timeout_milliseconds, 0);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  connection *c = handle->data;
  (void)suggested;
  *buffer = uv_buf_init(c->buffer + c->have, (unsigned)(capacity - c->have));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);
static void on_written(uv_write_t *request, int status);

/* Writes the complete messages one by one, until there is none left (1) or one has to wait (0). */
static int write_messages(connection *c) {
  while (c->have - c->taken >= options.size) {
    uv_buf_t message = uv_buf_init(c->buffer + c->taken, (unsigned)options.size);
    int written = uv_try_write((uv_stream_t *)&c->stream, &message, 1);
    if (written < 0 && written != UV_EAGAIN) {
      close_connection(c);
      return 0;
    }
    c->taken += options.size;
    start_timer(c);
    if (written == (int)options.size) continue;
    size_t done = written > 0 ? (size_t)written : 0;
    message = uv_buf_init(message.base + done, (unsigned)(options.size - done));
    uv_write(&c->request, (uv_stream_t *)&c->stream, &message, 1, on_written);
    return 0;
  }
  c->have -= c->taken;
  if (c->have) memmove(c->buffer, c->buffer + c->taken, c->have);
  c->taken = 0;
  return 1;
}

static void on_written(uv_write_t *request, int status) {
  connection *c = request->data;
  if (status)
    close_connection(c);
  else if (write_messages(c))
    uv_read_start((uv_stream_t *)&c->stream, give_buffer, on_read), start_timer(c);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
  connection *c = stream->data;
  (void)buffer;
  if (count < 0) {
    close_connection(c);
    return;
  }
  c->have += (size_t)count;
  if (!write_messages(c)) uv_read_stop(stream);
}

static void on_connection(uv_stream_t *listener, int status) {
  connection *c = server_allocate(sizeof *c + capacity);
  memset(c, 0, sizeof *c);
  uv_tcp_init(listener->loop, &c->stream);
  uv_timer_init(listener->loop, &c->timer);
  c->stream.data = c->timer.data = c->request.data = c;
  c->handles = 2;
  server_opened();
  if (status || uv_accept(listener, (uv_stream_t *)&c->stream)) {
    close_connection(c);
    return;
  }
  uv_tcp_nodelay(&c->stream, 1);
  uv_read_start((uv_stream_t *)&c->stream, give_buffer, on_read);
  start_timer(c);
}

int main(int argc, char **argv) {
  uv_tcp_t listener;
  options = server_arguments(argc, argv);
  capacity = server_capacity(options.size);
  timeout_milliseconds = (uint64_t)(options.timeout * 1000);
  uv_tcp_init(uv_default_loop(), &listener);
  uv_tcp_open(&listener, server_listen(capacity));
  uv_listen((uv_stream_t *)&listener, SOMAXCONN, on_connection);
  return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
