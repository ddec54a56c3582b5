#!/usr/bin/env python3
"""Includes go down only, foreign headers stay on their floor, and platform conditions in their files."""

import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ["SOURCE_DIRECTORY"])
FLOORS = ["base", "net", "tls", "core", "capi"]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*\b(_WIN32|_WIN64|__linux__|__APPLE__|__unix__|__\w+BSD__)\b")

# The only floor that may include a header.
HOME = {
    re.compile(r"uv\.h|uv/.*"): "net",
    re.compile(r"openssl/.*"): "tls",
    re.compile(r"(sys/(socket|un|uio|epoll|event|ioctl)|netinet/.*|arpa/.*|net/.*|netdb|poll|fcntl|unistd)\.h"): "net",
    re.compile(r"(winsock2|ws2tcpip|mswsock|windows|afunix)\.h"): "net",
}


def platform_file(path):
    return path.stem.endswith(("_posix", "_windows")) or path == ROOT / "include/aiostate/export.h"


def include_error(floor, bracket, header):
    for pattern, home in HOME.items():
        if pattern.fullmatch(header) and floor != home:
            return f"<{header}> belongs to {home}"
    first, slash, _ = header.partition("/")
    if slash and first in FLOORS:
        return f"{header} lies above {floor}" if FLOORS.index(first) > FLOORS.index(floor) else None
    return f'"{header}" does not begin with a floor' if bracket == '"' else None


def errors_in(path):
    floor = path.parent.name if path.is_relative_to(ROOT / "src") else None
    if floor and floor not in FLOORS:
        yield 1, f"{floor} is no floor"
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        error = include_error(floor, *include.groups()) if include and floor else None
        if error:
            yield number, error
        condition = CONDITION.match(line)
        if condition and not platform_file(path):
            yield number, f"{condition[1]} belongs into export.h or a pair of _posix and _windows files"


def main():
    sources = sorted(path for folder in ("include", "src") for path in (ROOT / folder).rglob("*.[ch]*"))
    errors = [
        f"{path.relative_to(ROOT)}:{number}: {error}" for path in sources for number, error in errors_in(path)
    ]
    print("\n".join(errors) or f"{len(sources)} files keep the rules")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
