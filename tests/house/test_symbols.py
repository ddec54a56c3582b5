#!/usr/bin/env python3
"""The checked-in list, the functions declared in the headers and the library's exported symbols are the same."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(os.environ["SOURCE_DIRECTORY"])
LIBRARY = os.environ["LIBRARY"]
LIST = ROOT / "src/capi/aiostate.symbols"
MAJOR = re.search(r"AIO_VERSION_MAJOR (\d+)", (ROOT / "include/aiostate/version.h").read_text())[1]


def declared():
    for header in (ROOT / "include/aiostate").glob("*.h"):
        yield from re.findall(r"^AIO_API\s[^;]*?\bAIO_CALL\s+(\w+)\(", header.read_text(), re.MULTILINE)


def exported():
    table = subprocess.run(
        ["nm", "--dynamic", "--defined-only", "--with-symbol-versions", LIBRARY],
        check=True, capture_output=True, text=True,
    ).stdout
    for name in (line.split()[-1] for line in table.splitlines()):
        symbol, at, version = name.partition("@@")
        if not at:
            if name != f"AIOSTATE_{MAJOR}":
                yield name + " (without a version)"
        else:
            yield symbol if version.startswith("AIOSTATE_") else name


def differences(what, names, listed):
    names, listed = set(names), set(listed)
    yield from (f"{what}, not listed: {name}" for name in sorted(names - listed))
    yield from (f"listed, not {what}: {name}" for name in sorted(listed - names))


def main():
    listed = LIST.read_text().split()
    errors = [] if listed == sorted(set(listed)) else [f"{LIST.name} is not sorted, or names a symbol twice"]
    errors += differences("declared", declared(), listed)
    errors += differences("exported", exported(), listed)
    print("\n".join(errors) or f"{len(listed)} symbols")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
