#include "support_tls_scenarios.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "support_network.h"
#include "support_sweep.h"

static const char *const kName = "server.test";

/* A certificate that signed itself, and its key, in PEM; made once. */
static const char *identity(void) {
  enum { kDay = 24 * 60 * 60 };
  static char text[4096];
  if (text[0] != '\0') return text;
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kDay);
  X509_set_pubkey(certificate, key);
  X509_EXTENSION *name = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:server.test");
  X509_add_ext(certificate, name, -1);
  X509_EXTENSION_free(name);
  X509_sign(certificate, key, EVP_sha256());
  BIO *memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, certificate);
  PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL);
  BIO_read(memory, text, sizeof text - 1);
  BIO_free(memory);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return text;
}

static aio_tls_options server_options(void) {
  return (aio_tls_options){.certificate_data = identity(), .certificate_length = strlen(identity()), .alpn = "one,two"};
}

static aio_tls_options client_options(void) {
  return (aio_tls_options){.trust_data = identity(), .trust_length = strlen(identity()), .alpn = "two"};
}

/* NULL if refused. */
static aio_tls_context *server_context(void) {
  const aio_tls_options options = server_options();
  return sweep_context(AIO_TLS_SERVER, &options);
}

static aio_tls_context *client_context(void) {
  const aio_tls_options options = client_options();
  return sweep_context(AIO_TLS_CLIENT, &options);
}

void tls_contexts(void) {
  aio_tls_context *server = server_context(), *other = server_context();
  const aio_tls_options options = server_options();
  if (server == NULL || other == NULL) return;
  accepted(aio_tls_context_add_server_name(server, "*.test", other));
  accepted(aio_tls_context_reload(server, &options));
  accepted(aio_tls_context_add_server_name(server, "server.test", server));
}

/* Twice: in full, and resumed. */
void tls_connect_echo_close(void) {
  aio_tls_context *server = server_context(), *client = client_context();
  if (server == NULL || client == NULL) return;
  aio_collection *collection = sweep_collection();
  const aio_accept_options accepting = {.tls = server};
  const aio_connect_options connecting = {.tls = client, .tls_server_name = kName};
  struct gate *gate = sweep_gate(collection, &accepting, then_echo_sweep);
  for (int i = 0; i < 2; i++) {
    struct step *connect = sweep_connect(collection, "127.0.0.1", gate->port, &connecting);
    sweep_write(connect->end, 1000);
    until_ended(sweep_read(connect->end, 1000, 0));
    sweep_gather(connect->end, 40000);
    until_ended(sweep_read(connect->end, 40000, 0));
    if (i == 0) {
      until_ended(sweep_close(connect->end, 2, AIO_DEFAULT));
    } else {
      until_ended(sweep_shutdown(connect->end));
      until_ended(expecting(sweep_read(connect->end, 1, 0), AIO_EOF));
      until_ended(sweep_close(connect->end, 0, AIO_DEFAULT));
    }
  }
  until_ended(sweep_gate_close(gate));
  until_all_ended();
}

static void exchange(struct end *ends[2], size_t length) {
  for (int i = 0; i < 2; i++) {
    sweep_write(ends[i], length);
    until_ended(sweep_read(ends[1 - i], length, 0));
  }
  until_all_ended();
}

/* In plain, over TLS, and in plain again. */
void tls_attach_detach(void) {
  aio_tls_context *server = server_context(), *client = client_context();
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_TCP, ends);
  exchange(ends, 10);
  sweep_attach_tls(ends[0], client, kName);
  sweep_attach_tls(ends[1], server, NULL);
  until_all_ended();
  exchange(ends, 30000);
  for (int i = 0; i < 2; i++) sweep_detach_tls(ends[i]);
  until_all_ended();
  exchange(ends, 10);
  until_ended(sweep_shutdown(ends[0]));
  until_ended(expecting(sweep_read(ends[1], 1, 0), AIO_EOF));
}

void tls_closed_while_running(void) {
  aio_tls_context *server = server_context(), *client = client_context();
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_NARROW_TCP, ends);
  sweep_attach_tls(ends[0], client, kName);
  sweep_attach_tls(ends[1], server, NULL);
  until_all_ended();
  for (int i = 0; i < 3; i++) expecting(sweep_write(ends[0], 500000), AIO_ERR_CANCELED);
  expecting(sweep_standing_read(ends[1], 1000, SIZE_MAX), AIO_ERR_CANCELED);
  turns(5);
  if (collection != NULL) sweep_destroy_collection(collection);
}
