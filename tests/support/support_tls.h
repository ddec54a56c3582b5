/* The vocabulary for TLS: contexts, attaching and detaching, and peers that speak TLS. */
#ifndef SUPPORT_TLS_H
#define SUPPORT_TLS_H

#include "certificates.h"
#include "support.h"
#include "support_network.h"
#include "tls_peer.h"

/* ---- contexts; tear_down destroys them ---- */

#define new_context(side, ...) new_context_at(HERE, side, &(aio_tls_options){__VA_ARGS__})
aio_tls_context *new_context_at(struct place place, int32_t side, const aio_tls_options *options);

/* A client that trusts the_authority, and a server that is the_server; with these options besides. */
#define client_context(...) new_client_at(HERE, &(aio_tls_options){__VA_ARGS__})
#define server_context(...) new_server_at(HERE, &(aio_tls_options){__VA_ARGS__})
aio_tls_context *new_client_at(struct place place, const aio_tls_options *options);
aio_tls_context *new_server_at(struct place place, const aio_tls_options *options);

/* In an initializer of aio_tls_options: */
#define SHOWING(identity) .certificate_data = (identity)->both, .certificate_length = strlen((identity)->both)
#define TRUSTING(identity) .trust_data = (identity)->certificate, .trust_length = strlen((identity)->certificate)

/* ---- on a state ---- */

#define start_attach(pair, context, ...) started(HERE, try_attach(pair, context, __VA_ARGS__))
#define try_attach(pair, context, ...) submit_attach(pair, context, &(aio_attach_options){__VA_ARGS__})
struct completion *submit_attach(struct pair *pair, aio_tls_context *context, const aio_attach_options *options);
#define start_detach(pair, timeout) started(HERE, submit_detach(pair, timeout))
struct completion *submit_detach(struct pair *pair, double timeout);

/* A pair whose peer speaks TLS, or is about to; these options are the peer's. */
#define speaks_tls(pair, ...) put_tls_between(pair, LINK_TCP, &(struct tls_peer_options){__VA_ARGS__})

/* The fixture's pair, with TLS on both sides: a state that is a client or a server. */
struct tls_peer *become_client(struct pair *pair, int version);
struct tls_peer *become_server(struct pair *pair, int version);

/* A new pair beside the fixture's: its state attaches as a client (a server) and meets a peer with these options. The
 * completion is the attaching's. */
#define client_meets(fixture, context, name, ...) \
  meet_server(fixture, context, name, &(struct tls_peer_options){.side = AIO_TLS_SERVER, __VA_ARGS__})
#define server_meets(fixture, context, ...) \
  meet_client(fixture, context, &(struct tls_peer_options){.side = AIO_TLS_CLIENT, __VA_ARGS__})
struct completion *meet_server(struct pair *fixture, aio_tls_context *context, const char *name,
                               const struct tls_peer_options *options);
struct completion *meet_client(struct pair *fixture, aio_tls_context *context, const struct tls_peer_options *options);

/* Whether this is the certificate that the peer was shown; that the state was shown. */
int peer_saw(const struct pair *pair, const struct identity *identity);
int state_saw(const struct pair *pair, const struct identity *identity);

/* Attaches, and has the peer shake hands, until both are done. */
#define secure(pair, context, name) secure_at(HERE, pair, context, name)
void secure_at(struct place place, struct pair *pair, aio_tls_context *context, const char *name);

/* A new pair beside the fixture's, of each kind in turn: a server and a client of TLS 1.2, and of 1.3. */
enum { TLS_KINDS = 4 };
struct pair *secured_pair(struct pair *fixture, int kind);
#define for_each_kind(pair, fixture)           \
  for (int kind = 0; kind < TLS_KINDS; kind++) \
    for (struct pair *pair = secured_pair(fixture, kind); pair != NULL; pair = NULL)

/* Bytes go both ways, so the connection works. */
#define expect_talk(pair) expect_talk_at(HERE, pair)
void expect_talk_at(struct place place, struct pair *pair);

/* A connect over TLS to a listener, whose end of the connection is a peer with these options. */
#define start_tls_connect(pair, listener, context, ...)                                                             \
  start_connect_with(pair, (listener)->host, (listener)->service, .tls = (context), .tls_server_name = "localhost", \
                     __VA_ARGS__)
#define accepts_tls(connect, listener, ...) \
  accept_tls_peer(connect, listener, &(struct tls_peer_options){.side = AIO_TLS_SERVER, __VA_ARGS__})
struct tls_peer *accept_tls_peer(struct completion *connect, struct listener *listener,
                                 const struct tls_peer_options *options);

/* A peer that connects to an acceptor over TLS; its pair has no state until meet_tls. */
#define dial_tls(acceptor, ...) dial_tls_peer(acceptor, &(struct tls_peer_options){.side = AIO_TLS_CLIENT, __VA_ARGS__})
struct pair *dial_tls_peer(struct acceptor *acceptor, const struct tls_peer_options *options);
/* And what the acceptor hands out for it. */
#define meet_tls(acceptor, ...) meet_tls_peer(acceptor, &(struct tls_peer_options){.side = AIO_TLS_CLIENT, __VA_ARGS__})
struct pair *meet_tls_peer(struct acceptor *acceptor, const struct tls_peer_options *options);

#endif
