/* libevent: the length looked at in the bufferevent's input, the frame then moved to its output. */
#include "server.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

static server_options options;

static void on_read(struct bufferevent *connection, void *argument) {
  struct evbuffer *input = bufferevent_get_input(connection);
  uint32_t header;
  (void)argument;
  while (evbuffer_copyout(input, &header, sizeof header) == (ev_ssize_t)sizeof header) {
    size_t length = sizeof header + ntohl(header);
    if (evbuffer_get_length(input) < length) break;
    evbuffer_remove_buffer(input, bufferevent_get_output(connection), length);
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
