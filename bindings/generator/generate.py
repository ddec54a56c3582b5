#!/usr/bin/env python3
"""Makes from the public headers what SWIG and the layers are built on.

usage: generate.py HEADERS OUTPUT
"""

import shutil
import sys
from pathlib import Path

import facade
import headers
import java_layer
import javascript_layer
import lua_layer
import python_layer
import ruby_layer

LAYERS = (java_layer, javascript_layer, lua_layer, python_layer, ruby_layer)


def main():
    api = headers.parse(sys.argv[1])
    output = Path(sys.argv[2])
    shutil.rmtree(output, ignore_errors=True)  # with what an earlier version has made
    for maker in (facade, *LAYERS):
        for name, text in maker.files(api):
            path = output / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    (output / "stamp").touch()


if __name__ == "__main__":
    main()
