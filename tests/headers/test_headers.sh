#!/usr/bin/env bash
# Each public header compiles alone, as C and as C++, by gcc and clang, and beside the system's <aio.h> in either order.
set -euo pipefail
include=$SOURCE_DIRECTORY/include

compile() { # compiler language standard file...
  local compiler=$1 language=$2 standard=$3
  shift 3
  { printf '#include <%s>\n' "$@" && echo 'typedef int not_an_empty_file;'; } |
    "$compiler" -x "$language" -std="$standard" -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$include" -
}

cd "$include"
for header in aiostate/*.h; do
  for files in "$header" "aio.h $header" "$header aio.h"; do
    for compiler in gcc clang; do
      for language in "c c99" "c++ c++17"; do
        # shellcheck disable=SC2086
        compile $compiler $language $files || { echo "$compiler, $language: $files" >&2 && exit 1; }
      done
    done
  done
done
