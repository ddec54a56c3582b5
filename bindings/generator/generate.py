#!/usr/bin/env python3
"""Makes from the public headers what SWIG and the layers are built on.

usage: generate.py HEADERS OUTPUT
"""

import sys
from pathlib import Path

import facade
import headers
import java_layer
import javascript_layer
import lua_layer
import python_layer
import ruby_layer


def main():
    api = headers.parse(sys.argv[1])
    output = Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    (output / "aiostate.hpp").write_text(facade.write(api))
    (output / "constants.i").write_text(facade.constants(api))
    (output / "functions.txt").write_text(facade.functions(api))
    (output / "lua" / "aiostate").mkdir(parents=True, exist_ok=True)
    (output / "lua" / "aiostate" / "operations.lua").write_text(lua_layer.Writer(api).write())
    (output / "python").mkdir(exist_ok=True)
    (output / "python" / "operations.py").write_text(python_layer.Writer(api).write())
    java = output / "java" / "org" / "aiostate"
    java.mkdir(parents=True, exist_ok=True)
    for name, text in java_layer.files(api):
        (java / name).write_text(text)
    (output / "javascript").mkdir(exist_ok=True)
    (output / "javascript" / "operations.d.ts").write_text(javascript_layer.Writer(api).write())
    (output / "ruby" / "aiostate").mkdir(parents=True, exist_ok=True)
    (output / "ruby" / "aiostate" / "operations.rb").write_text(ruby_layer.Writer(api).write())
    python_layer.write(api, output / "python")


if __name__ == "__main__":
    main()
