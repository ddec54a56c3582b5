/* What the module's calls of libuv and OpenSSL lead to, for the test that it is not node, which exports both. */
#include <openssl/ssl.h>
#include <uv.h>

typedef void (*function)(void);

extern __attribute__((visibility("default"))) const function aiostate_linked[];
const function aiostate_linked[] = {(function)uv_run, (function)SSL_new};
