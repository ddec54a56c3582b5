/*
 * libevent's bufferevents, with their own timeouts: called when a whole message is there, which is then moved from the
 * input to the output without copying (that took less time than bufferevent_read and bufferevent_write). With --tls the
 * bufferevent is one of libevent's OpenSSL.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "server.h"
#include "tls.h"

static server_options options;
static SSL_CTX *context;
static const char *answer; /* where it is not the message itself */

static void on_read(struct bufferevent *connection, void *argument) {
  struct evbuffer *input = bufferevent_get_input(connection);
  (void)argument;
  while (evbuffer_get_length(input) >= options.size) {
    if (!answer) {
      evbuffer_remove_buffer(input, bufferevent_get_output(connection), options.size);
      continue;
    }
    evbuffer_drain(input, options.size);
    evbuffer_add_reference(bufferevent_get_output(connection), answer, options.answer, NULL, NULL);
  }
}

static void on_event(struct bufferevent *connection, short events, void *argument) {
  (void)argument;
  if (events & BEV_EVENT_CONNECTED) return;
  if (context) SSL_shutdown(bufferevent_openssl_get_ssl(connection));
  bufferevent_free(connection);
  server_closed(&options);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t descriptor, struct sockaddr *address,
                          int length, void *argument) {
  struct timeval timeout = {.tv_sec = (long)options.timeout};
  struct event_base *base = evconnlistener_get_base(listener);
  struct bufferevent *connection =
      context ? bufferevent_openssl_socket_new(base, descriptor, SSL_new(context), BUFFEREVENT_SSL_ACCEPTING,
                                               BEV_OPT_CLOSE_ON_FREE)
              : bufferevent_socket_new(base, descriptor, BEV_OPT_CLOSE_ON_FREE);
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
  if (options.tls) context = tls_server_context(&options);
  if (options.answer != options.size) answer = server_allocate(options.answer);
  evconnlistener_new(base, on_connection, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, server_listen(0));
  return event_base_dispatch(base);
}
