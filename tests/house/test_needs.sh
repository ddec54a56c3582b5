#!/usr/bin/env bash
# The shared library asks for libuv, OpenSSL and the C library alone: no C++ run-time library.
set -euo pipefail
needed=$(readelf -d "$LIBRARY" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
echo "$needed"
! grep -vE '^(libuv\.so\.1|libssl\.so\.3|libcrypto\.so\.3|libc\.so\.6|libm\.so\.6|libpthread\.so\.0|ld-linux.*)$' <<<"$needed"
