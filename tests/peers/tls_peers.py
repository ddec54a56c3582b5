"""What the tests of TLS share: certificates, made by the openssl command, and peers in Python."""

import contextlib
import functools
import ssl
import subprocess
import threading

from peers import DEADLINE, PeerTest, poll

NAME = "server.example"
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


def openssl(*words):
    done = subprocess.run(("openssl", *map(str, words)), capture_output=True, timeout=DEADLINE)
    if done.returncode != 0:
        raise AssertionError(f"openssl {words[0]}: {done.stderr.decode()}")
    return done.stdout


class TlsTest(PeerTest):
    """Has an authority of its own, and certificates from it, each with its key in the same file."""

    @functools.cached_property
    def ca(self):
        return self._certificate("ca", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    @functools.cached_property
    def other_ca(self):
        return self._certificate("other-ca")

    @functools.cached_property
    def server_certificate(self):
        names = f"subjectAltName=DNS:{NAME},DNS:localhost,IP:127.0.0.1"
        return self._certificate("server", "-CA", self.ca, "-CAkey", self.ca, "-addext", names, *self._LEAF)

    @functools.cached_property
    def client_certificate(self):
        return self._certificate("client", "-CA", self.ca, "-CAkey", self.ca, *self._LEAF)

    _LEAF = ("-addext", "basicConstraints=critical,CA:FALSE")

    def _certificate(self, name, *words):
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        openssl("req", "-x509", *KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", certificate, *words)
        return self.file(certificate.read_bytes() + key.read_bytes(), f"{name}.pem")

    def server_context(self, version="1.3"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = VERSIONS[version]
        context.load_cert_chain(self.server_certificate)
        return context

    def client_context(self, version="1.3"):
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = context.maximum_version = VERSIONS[version]
        return context

    def accept_tls(self, server, context):
        return self._secure(self.accept(server), context, server_side=True)

    def connect_tls(self, address, context, name=NAME, **options):
        return self._secure(self.connect(address), context, server_hostname=name, **options)

    def _secure(self, connection, context, **options):
        """An end without close_notify is an error here too."""
        secured = context.wrap_socket(connection, suppress_ragged_eofs=False, **options)
        self.addCleanup(secured.close)
        return secured

    def trusting(self, *words, **options):
        """An aiocat that knows the authority, and expects the server by its name."""
        return self.aiocat("--tls", "--ca", self.ca, "--server-name", NAME, *words, **options)

    def listen_tls(self, *words, **options):
        return self.listen("--tls", "--cert", self.server_certificate, *words, **options)

    def expect_tls_failure(self, aiocat, message):
        self.expect_status(aiocat, 4)
        self.assertRegex(aiocat.errors.decode(), message)

    def wait_for_size(self, path, size):
        poll(lambda: path.exists() and path.stat().st_size >= size, f"{path.name} of {size} bytes")


@contextlib.contextmanager
def beside(function, *arguments):
    """Runs a function on a thread meanwhile, and raises what it has raised."""
    raised = []

    def run():
        try:
            function(*arguments)
        except Exception as error:  # not lost with the thread
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join(DEADLINE)
    if raised:
        raise raised[0]
