/* aiocat: the TLS that the command line asks for. */
#include "secure.h"

#include "outcome.h"

bool secure_context(const struct options *options, aio_tls_context **out) {
  const struct tls_words *words = &options->tls;
  const aio_tls_options tls = {
      .certificate_file = words->certificate_file,
      .key_file = words->key_file,
      .trust_file = words->ca_file,
      .verify = words->insecure ? AIO_NO : AIO_YES,
      .alpn = words->alpn,
  };
  aio_status status = aio_tls_context_create(AIO_TLS_CLIENT, &tls, out);
  if (status == AIO_OK) return true;
  const char *text = aio_last_error_text(); /* the status speaks of the peer's certificate where this is about ours */
  complain("--tls", *text ? text : aio_status_message(status));
  return false;
}
