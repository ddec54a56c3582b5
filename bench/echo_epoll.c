/*
 * The yardstick: bare epoll, level-triggered, one read and one write per event. With --gather it reads whatever is there
 * and answers all complete messages with one write, which is the least that pipelined messages can cost.
 */
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct connection {
  int descriptor;
  size_t have; /* bytes in the buffer */
  size_t due;  /* of these, bytes of complete messages that are being written; 0 = reading */
  size_t sent; /* of these, bytes written */
  int waiting; /* for the socket to take more */
  char buffer[];
} connection;

static server_options options;
static size_t capacity;
static int poller;

static void watch(connection *c, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  if (epoll_ctl(poller, operation, c->descriptor, &event)) {
    perror("epoll_ctl");
    exit(1);
  }
}

static void accept_all(int listener) {
  int descriptor;
  while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    connection *c = server_allocate(sizeof *c + capacity);
    memset(c, 0, sizeof *c);
    c->descriptor = descriptor;
    server_set_nodelay(descriptor);
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
    server_opened();
  }
}

static void close_connection(connection *c) {
  close(c->descriptor);
  free(c);
  server_closed(&options);
}

static void write_due(connection *c) {
  ssize_t count = send(c->descriptor, c->buffer + c->sent, c->due - c->sent, MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN) {
    close_connection(c);
    return;
  }
  c->sent += count > 0 ? (size_t)count : 0;
  int waiting = c->sent < c->due;
  if (waiting != c->waiting) watch(c, EPOLL_CTL_MOD, waiting ? EPOLLOUT : EPOLLIN);
  c->waiting = waiting;
  if (waiting) return;
  c->have -= c->due;
  if (c->have) memmove(c->buffer, c->buffer + c->due, c->have);
  c->due = c->sent = 0;
}

static void read_some(connection *c) {
  ssize_t count = recv(c->descriptor, c->buffer + c->have, capacity - c->have, 0);
  if (count <= 0) {
    if (count == 0 || errno != EAGAIN) close_connection(c);
    return;
  }
  c->have += (size_t)count;
  if (c->have < options.size) return;
  c->due = c->have - c->have % options.size;
  write_due(c);
}

int main(int argc, char **argv) {
  struct epoll_event events[1024];
  options = server_arguments(argc, argv);
  capacity = options.gather ? server_capacity(options.size) : options.size;
  poller = epoll_create1(EPOLL_CLOEXEC);
  int listener = server_listen(sizeof(connection) + capacity);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(poller, events, 1024, -1);
    for (int i = 0; i < count; i++) {
      connection *c = events[i].data.ptr;
      if (!c)
        accept_all(listener);
      else if (c->due)
        write_due(c);
      else
        read_some(c);
    }
  }
}
