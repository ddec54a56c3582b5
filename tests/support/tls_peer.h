/*
 * A peer that speaks TLS, by OpenSSL alone: it stands between a state and the pair's plain descriptor, so that everything the
 * peer does in the plain vocabulary (sends, ends, closes, resets) reaches the state over TLS, and the reverse. An end is a
 * close_notify and a FIN; what ends without close_notify, or breaks the protocol, is a reset.
 *
 * It has no thread: it moves what it can whenever the test drives or the peer does something.
 */
#ifndef TLS_PEER_H
#define TLS_PEER_H

#include <openssl/ssl.h>

#include "certificates.h"
#include "support.h"

struct tls_peer_options {
  int32_t side;                         /* the peer's: AIO_TLS_CLIENT or AIO_TLS_SERVER */
  int minimum_version, maximum_version; /* 11, 12 or 13; 0 = any */
  const struct identity *identity;      /* what it shows; NULL = a server: the_server, a client: nothing */
  const struct identity *trust;         /* it wants a certificate by this issuer; NULL = it verifies nothing */
  const char *alpn;                     /* one protocol, offered or chosen */
  const char *server_name;              /* a client's SNI */
  SSL_SESSION *session;                 /* a client's, to be resumed; stays the caller's */
  const struct tls_peer *same_as;       /* it is the server that this peer was, and knows its sessions */
  int detaches;                         /* the state's close_notify is not its end: plain bytes may follow */
  int plain_end;                        /* ends without close_notify */
  size_t wire_step;                     /* most bytes of ciphertext it sends at a time; 0 = all */
  size_t wire_limit;                    /* it stops behind so many bytes of ciphertext; 0 = never */
  int ends_at_limit;                    /* with a FIN; or else falls silent */
};

/* One direction's bytes that are taken and not moved on yet. */
struct held {
  unsigned char bytes[1 << 15];
  size_t start, end;
};

struct tls_peer {
  struct tls_peer *next;
  struct tls_peer_options options;
  SSL *ssl;
  int socket;                         /* towards the state; -1 once closed */
  int inner;                          /* towards pair->peer; -1 once closed */
  struct held wire;                   /* ciphertext for the state */
  struct held to_state, to_peer;      /* plaintext */
  size_t wire_sent;                   /* ciphertext, so far */
  int shook_hands;                    /* its side of the handshake is done */
  int peer_ended, notified, sent_end; /* the plain peer's end: seen; close_notify written; FIN sent */
  int state_ended, passed_end;        /* the state's close_notify: seen; passed on */
  int detaching;                      /* it goes on in plain: behind its close_notify, and behind the state's */
  int failed;                         /* TLS is broken, or the state closed without close_notify */
  char error_text[128];               /* why */
};

/* Puts one between the pair's peer and a new descriptor, which becomes pair->peer. */
struct tls_peer *put_tls_between(struct pair *pair, enum link link, const struct tls_peer_options *options);

/* The peer sends close_notify and goes on in plain, in both directions behind the close_notify of each. */
void peer_detaches(struct pair *pair);

/* Ciphertext, or what is none, straight to the state behind what was sealed. */
void wire_sends(struct pair *pair, const void *bytes, size_t length);

/* Moves what all of them can move; returns how many steps that took. */
size_t move_tls_peers(void);
int tls_peers_exist(void);

#endif
