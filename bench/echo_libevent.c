/*
 * libevent's bufferevents, with their own timeouts: called when a whole message is there, which is then moved from the
 * input to the output without copying (that took less time than bufferevent_read and bufferevent_write).
 */
#include "server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

static server_options options;

static void on_read(struct bufferevent *connection, void *argument) {
  struct evbuffer *input = bufferevent_get_input(connection);
  (void)argument;
  while (evbuffer_get_length(input) >= options.size) {
    evbuffer_remove_buffer(input, bufferevent_get_output(connection), options.size);
  }
}

static void on_event(struct bufferevent *connection, short events, void *argument) {
  (void)events, (void)argument;
  bufferevent_free(connection);
  server_closed(&options);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t descriptor, struct sockaddr *address,
                          int length, void *argument) {
  struct timeval timeout = {.tv_sec = (long)options.timeout};
  struct bufferevent *connection =
      bufferevent_socket_new(evconnlistener_get_base(listener), descriptor, BEV_OPT_CLOSE_ON_FREE);
  (void)address, (void)length, (void)argument;
  server_set_nodelay(descriptor);
  bufferevent_setcb(connection, on_read, NULL, on_event, NULL);
  bufferevent_setwatermark(connection, EV_READ, options.size, 0);
  if (options.size > 16384) { /* libevent's default, which would cut large messages into several system calls */
    bufferevent_set_max_single_read(connection, options.size);
    bufferevent_set_max_single_write(connection, options.size);
  }
  if (options.timeout > 0) bufferevent_set_timeouts(connection, &timeout, &timeout);
  bufferevent_enable(connection, EV_READ | EV_WRITE);
  server_opened();
}

int main(int argc, char **argv) {
  options = server_arguments(argc, argv);
  struct event_base *base = event_base_new();
  evconnlistener_new(base, on_connection, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, server_listen(0));
  return event_base_dispatch(base);
}
