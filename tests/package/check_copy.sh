#!/usr/bin/env bash
# Builds and runs a program against an installed copy by pkg-config and CMake, with each library.
# usage: check_copy.sh PREFIX
set -euo pipefail

prefix=$1
consumer=$(cd "$(dirname "$0")" && pwd)/consumer
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

pc=$(find "$prefix" -name aiostate.pc)
libraries=${pc%/*/*}
export PKG_CONFIG_PATH=${pc%/*}
compile="cc -std=c99 -pedantic -Wall -Wextra -Werror $consumer/main.c"

fail() { echo "$*" >&2 && exit 1; }

quietly() { "$@" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"; }

run() { # library program: it runs, and needs libaiostate.so.0 if and only if that is what it was linked with
  local needs=static
  if readelf -d "$2" | grep -q 'NEEDED.*\[libaiostate\.so\.0\]'; then needs=shared; fi
  [ "$needs" = "$1" ] || fail "$2 is $needs, not $1"
  echo "${2##*/}: $(LD_LIBRARY_PATH=$libraries "$2")"
}

# shellcheck disable=SC2046,SC2086
$compile -o "$scratch/pkgconfig_shared" $(pkg-config --cflags --libs aiostate)
run shared "$scratch/pkgconfig_shared"
[ "$(pkg-config --libs-only-l aiostate | xargs)" = -laiostate ] || fail 'aiostate.pc publishes private requirements'

# Alone, since a linker prefers the shared library beside it.
mkdir "$scratch/lib" && cp "$libraries/libaiostate.a" "$scratch/lib"
# shellcheck disable=SC2046,SC2086
$compile -o "$scratch/pkgconfig_static" $(pkg-config --cflags aiostate) \
  -L"$scratch/lib" $(pkg-config --static --libs-only-l aiostate)
run static "$scratch/pkgconfig_static"

quietly cmake -S "$consumer" -B "$scratch/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
quietly cmake --build "$scratch/build"
run shared "$scratch/build/cmake_shared"
run static "$scratch/build/cmake_static"
