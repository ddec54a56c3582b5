#include "tls_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct tls_peer *peers;
static pthread_t owner;

static void must(int good, const char *what) {
  if (!good) fail_at(HERE, "a peer's TLS: %s", what);
}

/* ---- the wire: OpenSSL would raise SIGPIPE ---- */

static void shut_socket(int *socket, int resets) {
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  if (*socket < 0) return;
  if (resets) setsockopt(*socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(*socket);
  *socket = -1;
}

static int would_block(void) { return errno == EAGAIN || errno == EINTR; }

static int wire_is_cut(const struct tls_peer *peer) {
  return peer->options.wire_limit > 0 && peer->wire_sent >= peer->options.wire_limit;
}

/* The most bytes of ciphertext that may go in one step. */
static size_t wire_portion(const struct tls_peer *peer) {
  size_t portion = peer->wire.end - peer->wire.start;
  const size_t step = peer->options.wire_step, limit = peer->options.wire_limit;
  if (step > 0 && portion > step) portion = step;
  if (limit > 0 && portion > limit - peer->wire_sent) portion = limit - peer->wire_sent;
  return portion;
}

/* Returns whether something moved, or came to an end. */
static int send_held(int *socket, struct held *held, size_t portion) {
  if (*socket < 0 || portion == 0) return 0;
  const ssize_t count = send(*socket, held->bytes + held->start, portion, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0 && would_block()) return 0;
  if (count < 0) {
    shut_socket(socket, 1);
    return 1;
  }
  held->start += (size_t)count;
  if (held->start == held->end) held->start = held->end = 0;
  return 1;
}

static int send_wire(struct tls_peer *peer) {
  const size_t before = peer->wire.end - peer->wire.start;
  const int moved = send_held(&peer->socket, &peer->wire, wire_portion(peer));
  peer->wire_sent += before - (peer->wire.end - peer->wire.start);
  return moved;
}

static int on_write(BIO *bio, const char *bytes, int length) {
  struct tls_peer *peer = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (peer->socket < 0) return -1;
  if (peer->wire.end > 0) {
    BIO_set_retry_write(bio);
    return -1;
  }
  const size_t portion = (size_t)length < sizeof peer->wire.bytes ? (size_t)length : sizeof peer->wire.bytes;
  memcpy(peer->wire.bytes, bytes, portion);
  peer->wire.end = portion;
  if (peer->options.wire_step == 0) send_wire(peer);
  return (int)portion;
}

static int on_read(BIO *bio, char *bytes, int length) {
  struct tls_peer *peer = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (peer->socket < 0) return -1;
  const ssize_t count = recv(peer->socket, bytes, (size_t)length, MSG_DONTWAIT);
  if (count < 0 && would_block()) BIO_set_retry_read(bio);
  return (int)count;
}

static long on_control(BIO *bio, int command, long number, void *pointer) {
  (void)bio, (void)number, (void)pointer;
  return command == BIO_CTRL_FLUSH;
}

static BIO *new_wire(struct tls_peer *peer) {
  static BIO_METHOD *method;
  if (method == NULL) {
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    BIO_meth_set_write(method, on_write);
    BIO_meth_set_read(method, on_read);
    BIO_meth_set_ctrl(method, on_control);
  }
  BIO *bio = BIO_new(method);
  BIO_set_data(bio, peer);
  BIO_set_init(bio, 1);
  return bio;
}

/* ---- moving ---- */

static void fail_peer(struct tls_peer *peer) {
  const unsigned long error = ERR_get_error();
  peer->failed = 1;
  if (error != 0) ERR_error_string_n(error, peer->error_text, sizeof peer->error_text);
}

/* What OpenSSL's call came to: 1 = it did something, 0 = it waits. */
static int judge(struct tls_peer *peer, int result) {
  switch (SSL_get_error(peer->ssl, result)) {
    case SSL_ERROR_NONE:
      return 1;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return 0;
    case SSL_ERROR_ZERO_RETURN:
      return peer->state_ended = 1;
    default:
      fail_peer(peer);
      return 1;
  }
}

static int is_alive(const struct tls_peer *peer) { return !peer->failed && peer->socket >= 0 && !wire_is_cut(peer); }

static int shake_hands(struct tls_peer *peer) {
  if (peer->shook_hands || !is_alive(peer)) return 0;
  ERR_clear_error();
  peer->shook_hands = judge(peer, SSL_do_handshake(peer->ssl)) && !peer->failed;
  return peer->shook_hands || peer->failed;
}

/* The state's plain bytes, behind its close_notify; its end is the connection's. */
static int receive_plain(struct tls_peer *peer) {
  if (peer->socket < 0 || peer->passed_end || peer->to_peer.end > 0) return 0;
  const ssize_t count = recv(peer->socket, peer->to_peer.bytes, sizeof peer->to_peer.bytes, MSG_DONTWAIT);
  if (count < 0 && would_block()) return 0;
  if (count < 0) shut_socket(&peer->socket, 1);
  if (count == 0) peer->passed_end = shutdown(peer->inner, SHUT_WR) == 0;
  if (count > 0) peer->to_peer.end = (size_t)count;
  return 1;
}

static int open_records(struct tls_peer *peer) {
  if (peer->options.detaches && peer->state_ended) return receive_plain(peer);
  if (!peer->shook_hands || !is_alive(peer) || peer->state_ended || peer->to_peer.end > 0) return 0;
  ERR_clear_error();
  const int count = SSL_read(peer->ssl, peer->to_peer.bytes, sizeof peer->to_peer.bytes);
  if (count > 0) peer->to_peer.end = (size_t)count;
  return judge(peer, count);
}

static int take_from_peer(struct tls_peer *peer) {
  if (peer->inner < 0 || peer->peer_ended || peer->to_state.end > 0) return 0;
  const ssize_t count = recv(peer->inner, peer->to_state.bytes, sizeof peer->to_state.bytes, MSG_DONTWAIT);
  if (count < 0 && would_block()) return 0;
  if (count < 0) shut_socket(&peer->inner, 1);
  if (count == 0) peer->peer_ended = 1;
  if (count > 0) peer->to_state.end = (size_t)count;
  return 1;
}

static int seal_records(struct tls_peer *peer) {
  struct held *held = &peer->to_state;
  if (peer->detaching && peer->notified) {
    if (held->end == 0 || peer->wire.end > 0) return 0;
    peer->wire = *held;
    held->start = held->end = 0;
    return 1;
  }
  if (!peer->shook_hands || !is_alive(peer) || held->end == 0) return 0;
  ERR_clear_error();
  const int count = SSL_write(peer->ssl, held->bytes + held->start, (int)(held->end - held->start));
  if (count > 0) held->start += (size_t)count;
  if (held->start == held->end) held->start = held->end = 0;
  return judge(peer, count);
}

static int notify_end(struct tls_peer *peer) {
  if (!(peer->peer_ended || (peer->detaching && !peer->notified))) return 0;
  if (peer->to_state.end > 0 || peer->sent_end || !peer->shook_hands || !is_alive(peer)) return 0;
  ERR_clear_error();
  if (!peer->notified && !peer->options.plain_end) {
    const int result = SSL_shutdown(peer->ssl);
    if (result < 0) return judge(peer, result);
    peer->notified = 1;
  }
  if (!peer->peer_ended) return 1;
  if (peer->wire.end > 0) return 0;
  shutdown(peer->socket, SHUT_WR);
  return peer->sent_end = 1;
}

static int pass_end(struct tls_peer *peer) {
  if (!peer->state_ended || peer->options.detaches || peer->to_peer.end > 0 || peer->passed_end || peer->inner < 0)
    return 0;
  shutdown(peer->inner, SHUT_WR);
  return peer->passed_end = 1;
}

/* A reset would destroy what is on its way. */
static int has_arrived(int socket) {
  int on_its_way = 0;
  return ioctl(socket, SIOCOUTQ, &on_its_way) != 0 || on_its_way == 0;
}

/* Where one of its two connections is gone, the other is reset. */
static int spread_reset(struct tls_peer *peer) {
  const int gone = peer->failed || peer->socket < 0;
  if (peer->inner >= 0 && gone && peer->to_peer.end == 0 && has_arrived(peer->inner)) {
    shut_socket(&peer->inner, 1);
    return 1;
  }
  if (peer->inner >= 0 || peer->socket < 0 || peer->failed) return 0;
  shut_socket(&peer->socket, 1);
  return 1;
}

/* Behind an alert, or at the wire's limit. What still comes is read away: unread, it would make the end a reset. */
static int end_for_good(struct tls_peer *peer) {
  unsigned char unread[4096];
  const int ends = peer->failed ? peer->wire.end == 0 : wire_is_cut(peer) && peer->options.ends_at_limit;
  if (!ends || peer->socket < 0) return 0;
  while (recv(peer->socket, unread, sizeof unread, MSG_DONTWAIT) > 0) continue;
  if (peer->sent_end) return 0;
  shutdown(peer->socket, SHUT_WR);
  return peer->sent_end = 1;
}

/* Both have ended: nothing can move any more. */
static int retire(struct tls_peer *peer) {
  if (!peer->passed_end || !peer->sent_end || peer->options.detaches || peer->socket < 0) return 0;
  shut_socket(&peer->socket, 0);
  shut_socket(&peer->inner, 0);
  return 1;
}

static int step(struct tls_peer *peer) {
  if (peer->socket < 0 && peer->inner < 0) return 0;
  int moved = send_wire(peer);
  moved |= shake_hands(peer);
  moved |= open_records(peer);
  moved |= send_held(&peer->inner, &peer->to_peer, peer->to_peer.end - peer->to_peer.start);
  moved |= take_from_peer(peer);
  moved |= seal_records(peer);
  moved |= notify_end(peer);
  moved |= pass_end(peer);
  moved |= spread_reset(peer);
  moved |= end_for_good(peer);
  moved |= retire(peer);
  return moved;
}

size_t move_tls_peers(void) {
  size_t steps = 0;
  if (peers == NULL || !pthread_equal(owner, pthread_self())) return 0;
  for (struct tls_peer *peer = peers; peer != NULL; peer = peer->next) {
    if (peer->options.wire_step > 0)
      steps += (size_t)step(peer);
    else
      while (step(peer)) steps++;
  }
  ERR_clear_error();
  return steps;
}

void peer_detaches(struct pair *pair) {
  pair->tls->detaching = 1;
  move_tls_peers();
}

void wire_sends(struct pair *pair, const void *bytes, size_t length) {
  struct held *wire = &pair->tls->wire;
  must(length <= sizeof wire->bytes - wire->end, "too much for the wire");
  memcpy(wire->bytes + wire->end, bytes, length);
  wire->end += length;
  move_tls_peers();
}

int tls_peers_exist(void) { return peers != NULL; }

/* ---- making ---- */

static int version_of(int number) { return number == 0 ? 0 : TLS1_1_VERSION + number - 11; }

/* OpenSSL's form of a list: each protocol behind its length. */
static unsigned protocol_list(const char *protocol, unsigned char *list) {
  const size_t length = strlen(protocol);
  list[0] = (unsigned char)length;
  memcpy(list + 1, protocol, length);
  return (unsigned)length + 1;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *offered,
                           unsigned length, void *protocol) {
  unsigned char list[256];
  unsigned char *chosen;
  (void)ssl;
  const unsigned own = protocol_list(protocol, list);
  const int outcome = SSL_select_next_proto(&chosen, out_length, offered, length, list, own);
  *out = chosen; /* in what was offered */
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void set_protocol(SSL_CTX *context, const struct tls_peer_options *options) {
  unsigned char list[256];
  if (options->side == AIO_TLS_SERVER)
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, (void *)(uintptr_t)options->alpn);
  else
    SSL_CTX_set_alpn_protos(context, list, protocol_list(options->alpn, list));
}

static SSL_CTX *new_context(const struct tls_peer_options *options) {
  const int is_server = options->side == AIO_TLS_SERVER;
  const struct identity *identity = options->identity;
  SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
  must(context != NULL, "no context");
  if (identity == NULL && is_server) identity = the_server();
  SSL_CTX_set_security_level(context, 0); /* shows weak certificates too */
  SSL_CTX_set_min_proto_version(context, version_of(options->minimum_version));
  SSL_CTX_set_max_proto_version(context, version_of(options->maximum_version));
  SSL_CTX_set_session_id_context(context, (const unsigned char *)"peer", 4);
  if (identity != NULL) {
    must(SSL_CTX_use_certificate(context, identity->x509), "SSL_CTX_use_certificate");
    must(SSL_CTX_use_PrivateKey(context, identity->private_key), "SSL_CTX_use_PrivateKey");
  }
  if (options->trust != NULL) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), options->trust->x509);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  }
  if (options->alpn != NULL) set_protocol(context, options);
  return context;
}

static void free_peer(void *argument) {
  struct tls_peer *peer = argument;
  shut_socket(&peer->socket, 0);
  shut_socket(&peer->inner, 0);
  SSL_free(peer->ssl);
  peers = NULL; /* all go together */
}

/* OpenSSL's own macro casts the const away, which clang refuses. */
static void set_server_name(SSL *ssl, const char *name) {
  char copy[256] = "";
  strncpy(copy, name, sizeof copy - 1);
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, copy);
}

static SSL *new_ssl(struct tls_peer *peer) {
  const struct tls_peer *same = peer->options.same_as;
  SSL_CTX *context = same != NULL ? SSL_get_SSL_CTX(same->ssl) : new_context(&peer->options);
  if (same != NULL) SSL_CTX_up_ref(context);
  SSL *ssl = SSL_new(context);
  SSL_CTX_free(context);
  must(ssl != NULL, "no connection");
  BIO *wire = new_wire(peer);
  SSL_set_bio(ssl, wire, wire);
  SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (peer->options.server_name != NULL) set_server_name(ssl, peer->options.server_name);
  if (peer->options.session != NULL) SSL_set_session(ssl, peer->options.session);
  if (peer->options.side == AIO_TLS_SERVER)
    SSL_set_accept_state(ssl);
  else
    SSL_set_connect_state(ssl);
  return ssl;
}

struct tls_peer *put_tls_between(struct pair *pair, enum link link, const struct tls_peer_options *options) {
  int sockets[2];
  struct tls_peer *peer = fixture_memory(sizeof *peer);
  connected_sockets(link, sockets);
  peer->options = *options;
  peer->socket = pair->peer;
  peer->inner = sockets[0];
  peer->ssl = new_ssl(peer);
  pair->peer = sockets[1];
  pair->tls = peer;
  must(fcntl(pair->peer, F_SETFL, O_NONBLOCK) == 0, "fcntl");
  owner = pthread_self();
  peer->next = peers;
  peers = peer;
  at_tear_down(free_peer, peer);
  return peer;
}
