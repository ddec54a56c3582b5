/* libuv: uv_udp_try_send for each datagram received; with --batched it receives by recvmmsg. */
#include "server.h"

#include <stdlib.h>
#include <uv.h>

enum { BATCH = 32, LONGEST = 65536 };

static char room[BATCH * LONGEST];
static size_t room_size = LONGEST;

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)handle, (void)suggested;
  *buffer = uv_buf_init(room, (unsigned)room_size);
}

static void on_message(uv_udp_t *server, ssize_t count, const uv_buf_t *buffer, const struct sockaddr *sender,
                       unsigned flags) {
  (void)flags;
  if (count < 0) exit(1);
  if (!sender) return;
  uv_buf_t answer = uv_buf_init(buffer->base, (unsigned)count);
  uv_udp_try_send(server, &answer, 1, sender);
}

int main(int argc, char **argv) {
  uv_udp_t server;
  server_options options = server_arguments(argc, argv);
  if (options.batched) room_size = sizeof room;
  uv_udp_init_ex(uv_default_loop(), &server, AF_UNSPEC | (options.batched ? UV_UDP_RECVMMSG : 0));
  uv_udp_open(&server, server_bind_udp());
  uv_udp_recv_start(&server, give_buffer, on_message);
  return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
