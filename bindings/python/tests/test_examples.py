"""The examples, as they are run."""

import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import CERTIFICATES, DEADLINE, LOCAL

SEND_FILE = Path(__file__).parent.parent / "examples" / "send_file.py"


class SendFile(unittest.TestCase):
    def setUp(self):
        self.directory = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def start(self, *words):
        environment = {**os.environ, "PYTHONDEVMODE": ""}  # in which asyncio reports what takes long
        return subprocess.Popen([sys.executable, SEND_FILE, *words], stdout=subprocess.PIPE, text=True, env=environment)

    def arrives(self, data, receiver_options=(), sender_options=()):
        sent, received = self.directory / "sent", self.directory / "received"
        sent.write_bytes(data)
        with self.start("--receive", *receiver_options, received, LOCAL, "0") as receiver:
            port = receiver.stdout.readline().strip().rpartition(":")[2]
            with self.start(*sender_options, sent, LOCAL, port) as sender:
                self.assertEqual(sender.communicate(timeout=DEADLINE)[0], f"sent {len(data)} bytes\n")
            self.assertEqual(receiver.communicate(timeout=DEADLINE)[0], f"received {len(data)} bytes\n")
        self.assertEqual((sender.returncode, receiver.returncode), (0, 0))
        self.assertTrue(received.read_bytes() == data)

    def test_send_file(self):
        for size in 0, 1, 5_000_000:
            with self.subTest(size=size):
                self.arrives(random.Random(size).randbytes(size))

    def test_send_file_under_tls(self):
        receiver = "--tls", "--certificate", CERTIFICATES / "server.pem", "--key", CERTIFICATES / "server.key"
        data = random.Random(3).randbytes(5_000_000)
        self.arrives(data, receiver, ["--tls", "--trust", CERTIFICATES / "ca.pem"])
        self.arrives(data, receiver, ["--tls", "--insecure"])
