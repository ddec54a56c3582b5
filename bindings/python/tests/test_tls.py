"""TLS from the first byte, and in the middle of a stream."""

import aiostate
from support import CERTIFICATES, LOCAL, Case, echo


def server_context():
    return aiostate.TlsContext(aiostate.TLS_SERVER, certificate_file=str(CERTIFICATES / "server.pem"),
                               key_file=str(CERTIFICATES / "server.key"))


def client_context():
    return aiostate.TlsContext(aiostate.TLS_CLIENT, trust_file=str(CERTIFICATES / "ca.pem"))


class Tls(Case):
    def test_tls_names(self):
        acceptor = self.collection.listen_tcp(LOCAL, 0, lambda acceptor, state: echo(state), tls=server_context())

        def connect(context, name):
            return self.collection.connect_tcp(LOCAL, acceptor.local_port(), tls=context, tls_server_name=name)

        state = self.result(connect(client_context(), "localhost"))
        self.assertEqual((state.tls_version(), state.tls_side()), ("TLSv1.3", aiostate.TLS_CLIENT))
        self.assertIn("BEGIN CERTIFICATE", state.tls_peer_certificate())
        state.write(b"hello")
        self.assertEqual(self.result(state.read(5)), b"hello")
        self.assertTrue(self.fails(aiostate.ERR_TLS_HOST_NAME, connect(client_context(), "other.example")).text)
        self.fails(aiostate.ERR_TLS_CERTIFICATE, connect(aiostate.TlsContext(aiostate.TLS_CLIENT), "localhost"))

    def test_tls_errors_are_told(self):
        told = []
        acceptor = self.collection.listen_tcp(LOCAL, 0, tls=server_context(),
                                              tls_error_callback=lambda acceptor, *failure: told.append(failure))
        plain = self.result(self.collection.connect_tcp(LOCAL, acceptor.local_port()))
        plain.write(b"this is not TLS\r\n")
        self.until(lambda: told)
        self.assertEqual(told[0][0], aiostate.ERR_TLS)
        self.assertTrue(told[0][1])

    def test_starttls(self):
        client, server = self.pair()
        self.exchange_lines(client, server)
        attaching = [client.attach_tls(client_context(), server_name="localhost"), server.attach_tls(server_context())]
        self.finish(attaching)
        self.assertEqual(client.tls_version(), "TLSv1.3")
        self.exchange_lines(client, server)
        self.finish([client.detach_tls(), server.detach_tls(timeout=5)])
        self.assertEqual(client.tls_side(), 0)
        self.exchange_lines(client, server)

    def exchange_lines(self, client, server):
        for one, other in (client, server), (server, client):
            one.write(b"a line\n")
            self.assertEqual(self.result(other.read_until(b"\n")), b"a line\n")

    def finish(self, operations):
        for operation in operations:
            self.result(operation)

    def test_context_refusals(self):
        self.refuses(aiostate.ERR_NOT_FOUND, aiostate.TlsContext, aiostate.TLS_CLIENT, trust_file="/there/is/none")
        context = server_context()
        context.reload()
        context.add_server_name("*.example", server_context())
        with self.assertRaises(TypeError):
            aiostate.TlsContext(aiostate.TLS_CLIENT, trust="all")
