#!/usr/bin/env python3
"""aiocat with stunnel in between: it adds TLS to a plain server, or takes it off for a plain client."""

import unittest

from peers import BINARY, digest_of, free_port, listening_port, poll
from tls_peers import NAME, TlsTest

MEGABYTES = 4
CONFIGURATION = """
foreground = yes
pid =
output = /dev/stderr
[one]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{to}
{more}
"""


class TestStunnel(TlsTest):
    def stunnel(self, address, *more):
        while True:  # another program may be faster with the port that was free
            port = free_port()
            text = CONFIGURATION.format(port=port, to=address[1], more="\n".join(more))
            stunnel = self.start("stunnel", self.file(text.encode(), f"stunnel-{port}.conf"))
            if poll(lambda: stunnel.ended() or listening_port(stunnel.pid), "stunnel") == port:
                return "127.0.0.1", port
            self.assertIn(b"Address already in use", stunnel.errors)

    def server_side(self, address):
        return self.stunnel(address, f"cert = {self.server_certificate}")

    def client_side(self, address, authority):
        return self.stunnel(
            address, "client = yes", "verifyChain = yes", f"CAfile = {authority}", f"checkHost = {NAME}"
        )

    def test_server_side__a_file_each_way(self):
        large, digest = self.large_file(MEGABYTES)
        plain, secure = self.folder / "plain", self.folder / "secure"
        listener = self.listen("--send", large, "--receive", plain)
        address = self.server_side(listener.address)
        self.expect_status(self.trusting("--send", large, "--receive", secure, *address), 0)
        self.expect_status(listener, 0)
        self.assertEqual([digest_of(plain), digest_of(secure)], [digest, digest])

    def test_client_side__a_file_each_way(self):
        large, digest = self.large_file(MEGABYTES)
        plain, secure = self.folder / "plain", self.folder / "secure"
        listener = self.listen_tls("--send", large, "--receive", secure)
        address = self.client_side(listener.address, self.ca)
        self.expect_status(self.aiocat("--send", large, "--receive", plain, *address), 0)
        self.expect_status(listener, 0)
        self.assertEqual([digest_of(plain), digest_of(secure)], [digest, digest])

    def test_both_sides__between_two_plain_ends(self):
        listener = self.listen("--echo")
        address = self.client_side(self.server_side(listener.address), self.ca)
        self.expect(self.aiocat(*address, stdin=BINARY), BINARY)

    def test_server_side__answer_after_our_end_arrives(self):
        listener = self.listen("--echo")
        self.expect(self.trusting(*self.server_side(listener.address), stdin=BINARY), BINARY)

    def test_server_side__asks_for_a_certificate(self):
        listener = self.listen("--echo", "--keep-open")
        more = (f"cert = {self.server_certificate}", "verifyChain = yes", f"CAfile = {self.ca}")
        address = self.stunnel(listener.address, *more)
        self.expect_tls_failure(self.trusting(*address, stdin=BINARY), "certificate required")
        self.expect(self.trusting("--cert", self.client_certificate, *address, stdin=BINARY), BINARY)

    def test_client_side__refuses_who_is_not_verified(self):
        listener = self.listen_tls("--no-input")
        address = self.client_side(listener.address, self.other_ca)
        self.aiocat(*address).wait()
        self.expect_tls_failure(listener, "alert unknown ca")


if __name__ == "__main__":
    unittest.main()
