#!/usr/bin/env python3
"""Every public struct, and each of its fields, stands in the table of test_layout.c."""

import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ["SOURCE_DIRECTORY"])
STRUCT = re.compile(r"typedef struct (\w+) \{(.*?)\} \1;", re.DOTALL)
FIELD = re.compile(r"(\w+)(?:\[\w+\])?\s*[,;]")


def lines_wanted():
    for header in sorted((ROOT / "include/aiostate").glob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
        for name, body in STRUCT.findall(text):
            yield f"SIZE({name}, "
            yield from (f"FIELD({name}, {field}, " for field in FIELD.findall(body))


def main():
    table = (ROOT / "tests/house/test_layout.c").read_text()
    wanted = list(lines_wanted())
    missing = [line for line in wanted if line not in table]
    print("\n".join(f"missing: {line}...)" for line in missing) or f"{len(wanted)} lines")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
