/* A program against an installed copy: one greeting over a loopback connection. */
#include <aiostate/aiostate.h>
#include <stdio.h>
#include <string.h>

static const char greeting[] = "good morning";

struct meeting {
  aio_collection *collection;
  char heard[sizeof greeting];
  aio_status status;
};

static void on_read(aio_state *state, void *buffer, size_t count, void *user_info) {
  struct meeting *meeting = user_info;
  (void)buffer;
  meeting->status = count == sizeof greeting ? aio_state_read_status(state) : AIO_ERR_INTERNAL;
  aio_collection_stop(meeting->collection);
}

static void on_accept(aio_acceptor *acceptor, aio_state *state, void *user_info) {
  (void)acceptor;
  (void)user_info;
  if (aio_state_write_buffer(state, greeting, sizeof greeting, NULL, NULL) == AIO_OK)
    aio_state_close(state, NULL, &(aio_close_options){.linger = 5});
  aio_state_destroy(state);
}

static void on_connect(aio_state *state, aio_status status, void *user_info) {
  struct meeting *meeting = user_info;
  if (status == AIO_OK)
    status =
        aio_state_read_buffer(state, meeting->heard, sizeof meeting->heard, on_read, &(aio_io_options){.timeout = 5});
  meeting->status = status;
  if (status != AIO_OK) aio_collection_stop(meeting->collection);
}

static aio_status meet(struct meeting *meeting, aio_acceptor **acceptor, aio_state **client) {
  aio_status status = aio_collection_create(NULL, &meeting->collection);
  if (status != AIO_OK) return status;
  status = aio_acceptor_create_tcp(meeting->collection, "127.0.0.1", "0", on_accept, NULL, acceptor);
  if (status != AIO_OK) return status;
  char port[8];
  snprintf(port, sizeof port, "%u", (unsigned)aio_acceptor_local_port(*acceptor));
  status = aio_state_connect_tcp(meeting->collection, "127.0.0.1", port, on_connect,
                                 &(aio_connect_options){.connect_timeout = 5, .user_info = meeting}, client);
  return status == AIO_OK ? aio_collection_run(meeting->collection) : status;
}

int main(void) {
  struct meeting meeting = {.status = AIO_OK};
  aio_acceptor *acceptor = NULL;
  aio_state *client = NULL;
  aio_status status = meet(&meeting, &acceptor, &client);
  aio_state_destroy(client);
  aio_acceptor_destroy(acceptor);
  aio_collection_destroy(meeting.collection);
  if (status == AIO_OK) status = meeting.status;
  if (status == AIO_OK && strcmp(meeting.heard, greeting) != 0) status = AIO_ERR_INTERNAL;
  printf("aiostate %s: %s\n", aio_version(), aio_status_name(status));
  return status != AIO_OK;
}
