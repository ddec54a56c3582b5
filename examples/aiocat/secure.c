/* aiocat: the TLS that the command line asks for. */
#include "secure.h"

#include "outcome.h"

#include <stdio.h>
#include <string.h>

static bool create(struct secure *self, int32_t side, const aio_tls_options *options) {
  aio_status status = aio_tls_context_create(side, options, &self->context);
  if (status == AIO_OK) return true;
  const char *text = aio_last_error_text(); /* the status speaks of the peer's certificate where this is about ours */
  complain("--tls", *text ? text : aio_status_message(status));
  return false;
}

static bool create_with_own_certificate(struct secure *self, const char *host, aio_tls_options *options) {
  struct certificate certificate;
  if (!certificate_make(&certificate, host)) {
    complain("--tls", "A certificate could not be made.");
    return false;
  }
  options->certificate_data = certificate.pem;
  options->certificate_length = certificate.length;
  bool done = create(self, AIO_TLS_SERVER, options);
  if (done) memcpy(self->fingerprint, certificate.fingerprint, sizeof self->fingerprint);
  certificate_free(&certificate);
  return done;
}

bool secure_prepare(struct secure *self, const struct options *options) {
  const struct tls_words *words = &options->tls;
  const bool verifies = options->listen ? words->ca_file != NULL : !words->insecure;
  aio_tls_options tls = {
      .certificate_file = words->certificate_file,
      .key_file = words->key_file,
      .trust_file = words->ca_file,
      .verify = verifies ? AIO_YES : AIO_NO,
      .alpn = words->alpn,
  };
  if (!words->wanted) return true;
  if (!options->listen) return create(self, AIO_TLS_CLIENT, &tls);
  if (words->certificate_file) return create(self, AIO_TLS_SERVER, &tls);
  return create_with_own_certificate(self, options->transport == TRANSPORT_UNIX ? NULL : options->host, &tls);
}

void secure_tell(const struct secure *self) {
  if (*self->fingerprint) fprintf(stderr, "certificate made for this run, SHA-256 %s\n", self->fingerprint);
}
