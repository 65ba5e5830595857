"""What the integration tests share: the real daemon as a process, and simple clients that block."""

from __future__ import annotations

import argparse
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from twisted.trial.unittest import TestCase

ROOT = Path(__file__).resolve().parents[2]
LOCAL = "tcp:0:interface=127.0.0.1"

#: Seconds after which something that should have happened counts as not happening.
PATIENCE = 20.0

Address = tuple[str, int] | str


def environment() -> dict[str, str]:
    """The environment of the daemon: it runs the package that the tests import, installed or in the checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    found = find_spec("twisted_chat")
    installed = found is not None and Path(str(found.origin)).resolve().parent != ROOT / "twisted_chat"
    return kept if installed else {**kept, "PYTHONPATH": str(ROOT)}


def script(name: str) -> str:
    """A program of the environment that runs the tests."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name) or name


def wait_for(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Come back as soon as a condition holds. @raise AssertionError: it does not."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {patience:.0f} s: not {what}")
        time.sleep(0.01)


class Daemon:
    """C{twistd -n chat} in a folder of its own; stopped and started again it has the same database."""

    def __init__(
        self, folder: Path, *options: str, lines: tuple[str, ...] = (LOCAL,), program: str | None = None
    ) -> None:
        """
        @param options: further options of C{chat}.
        @param lines: the endpoints of the line protocol; those of C{--irc} among the options come after them.
        @param program: the C{twistd} of another environment, which has the package installed.
        """
        self.folder = folder
        self.environment = environment()
        if program is not None:
            self.environment.pop("PYTHONPATH", None)
        self.command = [program or script("twistd"), "-n", "--pidfile=", "chat"]
        for line in lines:
            self.command += ["--line", line]
        # The crowds of the tests are machines; a later --flood among the options counts.
        self.command += ["--flood", "off", *options]
        self.output = folder / "output"
        self._ports = len(lines) + options.count("--irc")
        self.process: subprocess.Popen[bytes] | None = None
        self.addresses: list[Address] = []

    def start(self) -> Daemon:
        with self.output.open("ab") as output:
            began = output.tell()
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

        def listening() -> bool:
            text = self.output.read_bytes()[began:].decode()
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon ended with status {self.process.returncode}:\n{text}")
            found = re.findall(r"listening on (.+); join with: .*\n", text)
            self.addresses = [_address(where) for where in found]
            return len(found) == self._ports

        try:
            wait_for(listening, "listening")
        except AssertionError:
            self.kill()
            raise
        return self

    @property
    def address(self) -> Address:
        return self.addresses[0]

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log(self) -> str:
        return self.output.read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL, when it still runs; comes back when it is gone."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()

    def terminate(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def wait(self, patience: float = PATIENCE) -> int:
        """Wait for its end. @return: the exit status."""
        assert self.process is not None
        return self.process.wait(patience)

    def memory_from_here(self) -> int:
        """What it takes now, in bytes. From here on C{VmHWM} is what it has taken at most since."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.memory()

    def memory(self, field: str = "VmRSS") -> int:
        """In bytes; with C{VmHWM} the most it ever was, or since L{memory_from_here}."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) << 10

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def limit_files(self, size: int) -> None:
        """From now on it can write no file beyond that size: its disk is full."""
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _address(where: str) -> Address:
    if where.startswith("/"):
        return where
    host, _, port = where.rpartition(":")
    return host.strip("[]"), int(port)


@contextmanager
def temporary(*options: str, folder: str | None = None) -> Iterator[Daemon]:
    """A daemon in a new folder, which are both gone afterwards.

    @param folder: where that is made; by default where all temporary files are.
    """
    with tempfile.TemporaryDirectory(prefix="twisted-chat-", dir=folder) as own:
        daemon = Daemon(Path(own), *options)
        try:
            yield daemon.start()
        finally:
            daemon.kill()


def add_folder(parser: argparse.ArgumentParser) -> None:
    """The option of a script that measures."""
    parser.add_argument(
        "--folder",
        help="where the database is made: what is answered waits for what is written before, and only in memory"
        " (/dev/shm) is the time that of the daemon alone",
    )


class Client:
    """One connection that says a line and waits for what should come. Every wait ends after L{PATIENCE}."""

    def __init__(self, address: Address | socket.socket, name: str | None = None) -> None:
        """
        @param address: where to connect, or a socket that is.
        @param name: log in with this name, and read everything that comes at first.
        """
        self.socket = address if isinstance(address, socket.socket) else connect(address)
        self.socket.settimeout(PATIENCE)
        self._received = bytearray()
        self._pings = 0
        if name is not None:
            self.login(name)

    def login(self, name: str) -> list[str]:
        """@return: the lines from the join to the end of what is replayed."""
        self.until("Login Id: ")
        self.send(name)
        text = self.until("/help lists the commands.\n")
        return text.splitlines() + self.read()

    def send(self, *lines: str) -> None:
        self.socket.sendall("".join(line + "\n" for line in lines).encode())

    def until(self, wanted: str) -> str:
        """Read on to a text. @return: everything up to its end."""
        end, searched = wanted.encode(), 0
        while (found := self._received.find(end, searched)) < 0:
            searched = max(0, len(self._received) - len(end))
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                raise AssertionError(f"{wanted!r} did not come, but {self._tail()}") from None
            if not data:
                raise AssertionError(f"closed before {wanted!r}; there was {self._tail()}")
            self._received += data
        text = self._received[: found + len(end)].decode()
        del self._received[: found + len(end)]
        return text

    def line(self) -> str:
        return self.until("\n")[:-1]

    def read(self) -> list[str]:
        """The lines that the daemon has for us: a C{/ping} finds where they end."""
        self._pings += 1
        self.send(f"/ping {self._pings}")
        return self.until(f"-- pong {self._pings}\n").splitlines()[:-1]

    def history(self) -> list[str]:
        """Everything that happened in the current room, without the times."""
        self.send("/history 1000000")
        lines = self.until("-- End of the history of ").split("\n")[:-1]
        self.line()
        return [line.split(" ", 3)[3] for line in lines if line.startswith("~ ")]

    def rest(self) -> str:
        """Everything to the end of the connection."""
        try:
            while data := self.socket.recv(1 << 16):
                self._received += data
        except ConnectionError:
            pass
        except TimeoutError:
            raise AssertionError(f"the connection is not closed; there was {self._tail()}") from None
        text = self._received.decode()
        self._received.clear()
        return text

    def close(self) -> None:
        self.socket.close()

    def _tail(self) -> str:
        return repr(bytes(self._received[-1000:]).decode(errors="replace"))


def connect(address: Address, receive_buffer: int = 0) -> socket.socket:
    """@param receive_buffer: when not 0, how much the system may take for us while we do not read, about."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(PATIENCE)
    connection.connect(address)
    return connection


class Program:
    """A client that is a program: what is typed into it, and what it shows."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._name = command[0]
        self._shown = ""
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment(), "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def until(self, wanted: str) -> str:
        """Wait until it shows a text. @return: everything up to its end."""
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        deadline = time.monotonic() + PATIENCE
        while wanted not in self._shown:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(descriptor, 1 << 16) if ready else b""
            if not data:
                raise AssertionError(f"{self._name} did not show {wanted!r}, but {self._shown!r}")
            self._shown += data.decode()
        text, found, self._shown = self._shown.partition(wanted)
        return text + found

    def end(self) -> int:
        """Wait for its end. @return: the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class DaemonCase(TestCase):
    """A test that has daemons and clients; all of them are gone when it ends."""

    timeout = 110

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chat-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def daemon(self, *options: str, lines: tuple[str, ...] = (LOCAL,)) -> Daemon:
        """A daemon that is listening."""
        daemon = Daemon(self.folder, *options, lines=lines)
        self.addCleanup(daemon.kill)
        return daemon.start()

    def client(self, where: Daemon | Address | socket.socket, name: str | None = None) -> Client:
        client = Client(where.address if isinstance(where, Daemon) else where)
        self.addCleanup(client.close)
        if name is not None:
            client.login(name)
        return client

    def program(self, *command: str) -> Program:
        program = Program(list(command), self.folder)
        self.addCleanup(program.kill)
        return program
