#!/usr/bin/env bash
# The shared library asks for libuv and the C library alone: no C++ run-time library.
set -euo pipefail
needed=$(readelf -d "$LIBRARY" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^ld-linux' | sort | xargs)
echo "$needed"
[ "$needed" = 'libc.so.6 libm.so.6 libuv.so.1' ]
