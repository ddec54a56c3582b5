#!/usr/bin/env python3
"""Sends a file over TCP or TLS, or receives one. Nothing but its bytes is exchanged; their end is the stream's."""

from __future__ import annotations

import argparse
import asyncio

import aiostate

PIECE = 1 << 20


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("host", help="where to send it, or with --receive where to listen")
    parser.add_argument("port", help="0 with --receive: a free one, which is printed")
    parser.add_argument("--receive", action="store_true", help="write what the first connection sends to the file")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--certificate", metavar="PEM", help="receiver: its certificate and the issuers'")
    parser.add_argument("--key", metavar="PEM", help="receiver: the certificate's key, if it is in a file of its own")
    parser.add_argument("--trust", metavar="PEM", help="sender: certificates to trust instead of the system's")
    parser.add_argument("--insecure", action="store_true", help="sender: trust any receiver")
    return parser.parse_args()


async def send(collection: aiostate.Collection, options: argparse.Namespace) -> None:
    tls = None
    if options.tls:
        tls = aiostate.TlsContext(aiostate.TLS_CLIENT, trust_file=options.trust, verify=not options.insecure)
    state = await collection.connect_tcp(options.host, options.port, tls=tls)
    count = 0
    writing: aiostate.Operation[int] | None = None
    with open(options.file, "rb") as file:
        while piece := file.read(PIECE):  # while the one before goes out
            if writing:
                count += await writing
            writing = state.write(piece)
    if writing:
        count += await writing
    await state.close(linger=30)
    print(f"sent {count} bytes")


async def receive(collection: aiostate.Collection, options: argparse.Namespace) -> None:
    tls = None
    if options.tls:
        tls = aiostate.TlsContext(aiostate.TLS_SERVER, certificate_file=options.certificate, key_file=options.key)
    async with collection.listen_tcp(options.host, options.port, tls=tls) as acceptor:
        print("listening on", acceptor.local_address(), flush=True)
        state = await acceptor.accept()
    count = 0
    with open(options.file, "wb") as file:
        async for piece in state:
            count += file.write(piece)
    await state.close()
    print(f"received {count} bytes")


async def main() -> None:
    options = arguments()
    async with aiostate.Collection() as collection:
        await (receive if options.receive else send)(collection, options)


if __name__ == "__main__":
    asyncio.run(main())
