#!/usr/bin/env bash
# The Debian packages name what they need, and unpacked they are a working copy.
# usage: check_debs.sh DIRECTORY
set -euo pipefail

directory=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

unpack() { # package, and the packages that it must depend on, sorted
  local deb depends
  deb=$(echo "$directory/$1"_*.deb)
  depends=$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | awk '{ print $1 }' | sort | xargs)
  [ "$depends" = "$2" ] || { echo "$1 depends on $depends, not on $2" >&2 && exit 1; }
  dpkg-deb -x "$deb" "$root"
  test -s "$root/usr/share/doc/$1/copyright"
}

unpack libaiostate0 'libc6 libssl3 libuv1'
unpack libaiostate-dev 'libaiostate0 libssl-dev libuv1-dev'
unpack aiocat 'libaiostate0 libc6 libssl3'

PKG_CONFIG_SYSROOT_DIR=$root "$here/check_copy.sh" "$root/usr"
LD_LIBRARY_PATH=$(dirname "$root"/usr/lib/*/libaiostate.so.0) "$root/usr/bin/aiocat" --version
test -s "$root/usr/share/man/man1/aiocat.1"
