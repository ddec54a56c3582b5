/*
 * The yardstick: bare epoll, level-triggered, one read and one write per event. With --gather it reads whatever is there
 * and answers all complete messages with one write, which is the least that pipelined messages can cost. With --tls the same
 * by SSL_read and SSL_write on the descriptor; as these stop after each record, a long message takes several in a row.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"
#include "tls.h"

typedef struct connection {
  int descriptor;
  SSL *ssl;    /* NULL = plain */
  size_t have; /* bytes in the buffer */
  size_t due;  /* of these, bytes of complete messages that are being written; 0 = reading */
  size_t sent; /* of these, bytes written */
  int waiting; /* for the socket to take more */
  char buffer[];
} connection;

static server_options options;
static SSL_CTX *context;
static size_t capacity; /* of a connection's buffer */
static size_t wanted;   /* bytes to read before anything is answered */
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
    c->descriptor = descriptor;
    if (context && (!(c->ssl = SSL_new(context)) || !SSL_set_fd(c->ssl, descriptor))) exit(1);
    if (context) SSL_set_accept_state(c->ssl);
    server_set_nodelay(descriptor);
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
    server_opened();
  }
}

static int close_connection(connection *c) {
  if (c->ssl && SSL_is_init_finished(c->ssl)) SSL_shutdown(c->ssl);
  SSL_free(c->ssl);
  close(c->descriptor);
  free(c);
  server_closed(&options);
  return 0;
}

/* Both return 1 when the connection may go on at once, 0 when it has to wait or is closed. */
static int write_due(connection *c) {
  ssize_t count;
  do {
    const char *rest = c->buffer + c->sent;
    size_t length = c->due - c->sent;
    count = c->ssl ? tls_send(c->ssl, rest, length) : send(c->descriptor, rest, length, MSG_NOSIGNAL);
    c->sent += count > 0 ? (size_t)count : 0;
  } while (c->ssl && count > 0 && c->sent < c->due);
  if (count < 0 && errno != EAGAIN) return close_connection(c);
  int waiting = c->sent < c->due;
  if (waiting != c->waiting) watch(c, EPOLL_CTL_MOD, waiting ? EPOLLOUT : EPOLLIN);
  c->waiting = waiting;
  if (waiting) return 0;
  c->have -= options.gather ? c->due : options.size;
  if (c->have) memmove(c->buffer, c->buffer + c->due, c->have);
  c->due = c->sent = 0;
  return 1;
}

static int read_some(connection *c) {
  ssize_t count;
  do {
    char *rest = c->buffer + c->have;
    size_t room = wanted - c->have;
    count = c->ssl ? tls_receive(c->ssl, rest, room) : recv(c->descriptor, rest, room, 0);
    c->have += count > 0 ? (size_t)count : 0;
  } while (c->ssl && count > 0 && c->have < wanted);
  if (count == 0 || (count < 0 && errno != EAGAIN)) return close_connection(c);
  if (c->have < options.size) return 0;
  c->due = options.gather ? c->have - c->have % options.size : options.answer;
  return write_due(c);
}

static void serve(connection *c) {
  int goes_on;
  do {
    goes_on = c->due ? write_due(c) : read_some(c);
  } while (goes_on && c->ssl && SSL_has_pending(c->ssl)); /* epoll knows nothing of that */
}

int main(int argc, char **argv) {
  struct epoll_event events[1024];
  options = server_arguments(argc, argv);
  wanted = options.gather ? server_capacity(options.size) : options.size;
  capacity = options.gather ? wanted : server_longest(&options);
  if (options.tls) context = tls_server_context(&options);
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
      else
        serve(c);
    }
  }
}
