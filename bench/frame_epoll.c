/*
 * The yardstick for frames: bare epoll, one recv of all that is there, the lengths parsed by hand, and one send of all whole
 * frames.
 */
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CAPACITY = 65536 };

typedef struct connection {
  int descriptor;
  size_t have; /* bytes in the buffer */
  char buffer[CAPACITY];
} connection;

static server_options options;
static int poller;

static void close_connection(connection *c) {
  close(c->descriptor);
  free(c);
  server_closed(&options);
}

/* Bytes of whole frames at the beginning of the buffer. */
static size_t whole_frames(const connection *c) {
  size_t at = 0;
  while (c->have - at >= 4) {
    const unsigned char *h = (const unsigned char *)c->buffer + at;
    size_t length = 4 + ((size_t)h[0] << 24 | (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3]);
    if (c->have - at < length) break;
    at += length;
  }
  return at;
}

/* The peers wait for all answers before they send more, so their receive buffers always have room. */
static void echo(connection *c) {
  ssize_t count = recv(c->descriptor, c->buffer + c->have, CAPACITY - c->have, 0);
  if (count <= 0) {
    if (count == 0 || errno != EAGAIN) close_connection(c);
    return;
  }
  c->have += (size_t)count;
  size_t due = whole_frames(c);
  if (due == 0) return;
  if (send(c->descriptor, c->buffer, due, MSG_NOSIGNAL) != (ssize_t)due) {
    close_connection(c);
    return;
  }
  c->have -= due;
  if (c->have) memmove(c->buffer, c->buffer + due, c->have);
}

static void accept_all(int listener) {
  int descriptor;
  while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    connection *c = server_allocate(sizeof *c);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    c->descriptor = descriptor;
    c->have = 0;
    server_set_nodelay(descriptor);
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
    server_opened();
  }
}

int main(int argc, char **argv) {
  struct epoll_event events[1024];
  options = server_arguments(argc, argv);
  poller = epoll_create1(EPOLL_CLOEXEC);
  int listener = server_listen(sizeof(connection));
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(poller, events, 1024, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr)
        echo(events[i].data.ptr);
      else
        accept_all(listener);
    }
  }
}
