#!/usr/bin/env bash
# A copy installed anywhere is found, linked and run.
set -euo pipefail
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$BUILD_DIRECTORY" --prefix "$prefix" >/dev/null
"$SOURCE_DIRECTORY/tests/package/check_copy.sh" "$prefix"
