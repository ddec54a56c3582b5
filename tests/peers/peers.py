"""The vocabulary of these tests: programs that are started, told something and waited for, and sockets to meet them."""

import contextlib
import hashlib
import os
import pathlib
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

DEADLINE = 30  # seconds within which everything that is waited for must have happened
END = time.monotonic() + 55  # when all tests of a file must be over

# Every byte value, in runs and out of order, and no power of two in length.
BINARY = bytes(range(256)) * 3 + bytes(1000) + random.Random(1).randbytes(300_001)


def poll(look, what):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        answer = look()
        if answer:
            return answer
        time.sleep(0.005)
    raise AssertionError(f"still waiting: {what}")


def digest_of(file):
    digest = hashlib.sha256()
    with open(file, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def free_port():
    """A port that nobody uses now, and nobody will unless by chance."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def udp_port(pid):
    """The UDP port to which a process is bound, or None."""
    return bound_port(pid, ("/proc/net/udp", "/proc/net/udp6"), "07")


def listening_port(pid):
    """The TCP port on which a process listens, or None."""
    return bound_port(pid, ("/proc/net/tcp", "/proc/net/tcp6"), "0A")


def bound_port(pid, tables, state):
    inodes = set()
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            inodes.update(re.findall(r"^socket:\[(\d+)\]$", os.readlink(link)))
    for table in tables:
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == state and fields[9] in inodes:
                return int(fields[1].rpartition(":")[2], 16)
    return None


def peak_memory(pid):
    """The most memory that a running process has had, in bytes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024


def receive_all(connection):
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def reset(connection):
    """Closes with a reset instead of a FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def fill_backlog(test, server):
    """Connects until the system queues no more for this server, so that further connects get no answer at all."""
    while True:
        client = socket.socket()
        test.addCleanup(client.close)
        client.setblocking(False)
        client.connect_ex(server.getsockname())
        if not select.select([], [client], [], 0.3)[1]:
            return


class Program:
    """A running program. It is fed, and its output is gathered, by threads, so that nobody blocks."""

    def __init__(self, command, stdin=b"", listens=False, reads_output=True, reads_errors=True, **options):
        self.name = os.path.basename(command[0])
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if isinstance(stdin, bytes) else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            **options,
        )
        self.pid = self.process.pid
        self.stdin = self.process.stdin
        self._gathered = {"output": bytearray(), "errors": bytearray()}
        self.address = self._read_address() if listens else None
        self._helpers = []
        if isinstance(stdin, bytes):
            self._beside(self._feed, stdin)
        if reads_output:
            self._beside(self._gather, "output", self.process.stdout)
        if reads_errors:
            self._beside(self._gather, "errors", self.process.stderr)

    def _read_address(self):
        line = self.process.stderr.readline().decode()
        found = re.fullmatch(r"listening on (?:\[?(.+?)\]?:(\d+)|(.+))\n", line)
        if not found:
            self.kill()
            raise AssertionError(f"{self.name} does not listen but says: {line!r}")
        return found[3] or (found[1], int(found[2]))

    def _beside(self, function, *arguments):
        helper = threading.Thread(target=function, args=arguments)
        helper.start()
        self._helpers.append(helper)

    def _feed(self, content):
        with contextlib.suppress(BrokenPipeError), self.stdin:
            view = memoryview(content)
            while view:
                view = view[self.stdin.write(view) :]

    def _gather(self, name, stream):
        with stream:
            for block in iter(lambda: stream.read(1 << 16), b""):
                self._gathered[name] += block

    @property
    def output(self):
        """What it has written so far."""
        return bytes(self._gathered["output"])

    @property
    def errors(self):
        return bytes(self._gathered["errors"])

    def wait(self):
        """Its exit status, once it has ended by itself."""
        status = self.process.wait(DEADLINE)
        for helper in self._helpers:
            helper.join(DEADLINE)
        return status

    def ended(self):
        return self.process.poll() is not None and self.wait() is not None

    def port(self):
        """Where it listens, as soon as it does."""
        return poll(lambda: listening_port(self.pid), f"{self.name} to listen")

    def catches(self, number):
        """Whether it has a handler for a signal by now."""
        caught = re.search(r"SigCgt:\s*(\w+)", pathlib.Path(f"/proc/{self.pid}/status").read_text())[1]
        return int(caught, 16) >> (number - 1) & 1

    def signal(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream and stream.close()


class PeerTest(unittest.TestCase):
    """Starts programs and sockets that are gone when the test is over."""

    def setUp(self):
        signal.signal(signal.SIGALRM, self._too_late)
        signal.alarm(max(1, int(END - time.monotonic())))
        self.addCleanup(signal.alarm, 0)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="aiocat-"))
        self.addCleanup(shutil.rmtree, self.folder)

    @staticmethod
    def _too_late(number, frame):
        raise AssertionError("the tests of this file take too long")

    def start(self, *command, **options):
        program = Program([str(word) for word in command], **options)
        self.addCleanup(program.kill)
        return program

    def aiocat(self, *words, **options):
        return self.start(os.environ["AIOCAT"], *words, **options)

    def listen(self, *words, port=("127.0.0.1", 0), **options):
        return self.aiocat("--listen", *words, *port, listens=True, **options)

    def listen_at(self, path, *words, **options):
        return self.aiocat("--listen", "--unix", *words, path, listens=True, **options)

    def expect_status(self, program, status):
        actual = program.wait()
        self.assertEqual(actual, status, f"{program.name} says: {program.errors.decode(errors='replace')}")

    def expect(self, program, output):
        """Ends well and has written just this."""
        self.expect_status(program, 0)
        size, right = len(program.output), len(output)
        self.assertTrue(program.output == output, f"{program.name} wrote {size} bytes, not the right {right}")

    def file(self, content, name="content"):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def large_file(self, megabytes):
        """A file without repetitions that are easy to miss, and its digest."""
        path = self.folder / "large"
        block = bytearray(random.Random(2).randbytes(1 << 20))
        digest = hashlib.sha256()
        with open(path, "wb") as file:
            for number in range(megabytes):
                block[:8] = number.to_bytes(8, "little")
                file.write(block)
                digest.update(block)
        return path, digest.hexdigest()

    def server(self, host="127.0.0.1", backlog=16):
        server = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=backlog
        )
        server.settimeout(DEADLINE)
        self.addCleanup(server.close)
        return server

    def datagram_socket(self, address=("127.0.0.1", 0)):
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(address)
        datagrams.settimeout(DEADLINE)
        self.addCleanup(datagrams.close)
        return datagrams

    def accept(self, server):
        connection, _ = server.accept()
        connection.settimeout(DEADLINE)
        self.addCleanup(connection.close)
        return connection

    def connect(self, address):
        connection = socket.create_connection(address, timeout=DEADLINE)
        self.addCleanup(connection.close)
        return connection
