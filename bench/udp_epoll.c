/*
 * The yardstick for datagrams: bare epoll with recvmmsg and sendmmsg of up to 32 at a time, or with --single one recvfrom
 * and one sendto per event.
 */
#include "server.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { BATCH = 32, LONGEST = 2048 };

static char bytes[BATCH][LONGEST];
static struct sockaddr_in senders[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static void echo_batch(int descriptor) {
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){bytes[i], LONGEST};
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &senders[i], .msg_namelen = sizeof senders[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  int count = recvmmsg(descriptor, messages, BATCH, 0, NULL);
  for (int i = 0; i < count; i++) vectors[i].iov_len = messages[i].msg_len;
  for (int sent = 0; sent < count;) {
    int more = sendmmsg(descriptor, messages + sent, (unsigned)(count - sent), 0);
    if (more <= 0) break;
    sent += more;
  }
}

static void echo_one(int descriptor) {
  socklen_t length = sizeof senders[0];
  ssize_t count = recvfrom(descriptor, bytes[0], LONGEST, 0, (struct sockaddr *)&senders[0], &length);
  if (count >= 0) sendto(descriptor, bytes[0], (size_t)count, 0, (struct sockaddr *)&senders[0], length);
}

int main(int argc, char **argv) {
  server_options options = server_arguments(argc, argv);
  int poller = epoll_create1(EPOLL_CLOEXEC);
  int descriptor = server_bind_udp();
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
  for (;;) {
    if (epoll_wait(poller, &event, 1, -1) != 1) continue;
    if (options.single)
      echo_one(descriptor);
    else
      echo_batch(descriptor);
  }
}
