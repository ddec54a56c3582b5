#include "server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static size_t open_connections;

/* The field that `--name` without a value sets. */
static int *flag(server_options *options, const char *name) {
  struct {
    const char *name;
    int *field;
  } flags[] = {
      {"--gather", &options->gather}, {"--once", &options->once}, {"--batched", &options->batched},
      {"--single", &options->single}, {"--tls", &options->tls},   {"--low-memory", &options->low_memory},
  };
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (!strcmp(name, flags[i].name)) return flags[i].field;
  return NULL;
}

server_options server_arguments(int argc, char **argv) {
  server_options options = {.size = 64};
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    int *field = flag(&options, argv[i]);
    if (field)
      *field = 1;
    else if (!strcmp(argv[i], "--size"))
      options.size = strtoul(value, NULL, 10), i++;
    else if (!strcmp(argv[i], "--answer"))
      options.answer = strtoul(value, NULL, 10), i++;
    else if (!strcmp(argv[i], "--timeout"))
      options.timeout = strtod(value, NULL), i++;
    else
      options.size = 0;
  }
  if (!options.answer) options.answer = options.size;
  if (!options.size) {
    fprintf(stderr,
            "usage: %s [--size BYTES] [--answer BYTES] [--timeout SECONDS] [--gather] [--once] [--batched] [--single]\n"
            "       [--tls [--low-memory]]\n",
            argv[0]);
    exit(2);
  }
  return options;
}

int server_listen(size_t own_bytes) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, SOMAXCONN) ||
      getsockname(listener, (struct sockaddr *)&address, &length)) {
    perror("listen");
    exit(1);
  }
  printf("port %d own %zu\n", ntohs(address.sin_port), own_bytes);
  fflush(stdout);
  return listener;
}

int server_bind_udp(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &(int){1 << 20}, sizeof(int));
  if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, length) ||
      getsockname(descriptor, (struct sockaddr *)&address, &length)) {
    perror("bind");
    exit(1);
  }
  printf("port %d own 0\n", ntohs(address.sin_port));
  fflush(stdout);
  return descriptor;
}

void server_set_nodelay(int descriptor) { setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); }

void server_opened(void) { open_connections++; }

void server_closed(const server_options *options) {
  if (--open_connections == 0 && options->once) exit(0);
}

size_t server_longest(const server_options *options) {
  return options->size > options->answer ? options->size : options->answer;
}

size_t server_capacity(size_t message_size) { return message_size > 16384 ? message_size * 4 : 65536; }

void *server_allocate(size_t size) {
  void *memory = calloc(1, size);
  if (!memory) {
    perror("malloc");
    exit(1);
  }
  return memory;
}
