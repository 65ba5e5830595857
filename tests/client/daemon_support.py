"""The real daemon as a process, and people who talk there over plain sockets."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from client_support import PATIENCE, ROOT, environment, read_line

#: Why tests with the daemon cannot run; empty when they can.
NO_DAEMON = "" if (ROOT / "twisted" / "plugins" / "twisted_chat_plugin.py").exists() else "the daemon is not there"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Daemon:
    """A daemon with a database in a folder; it can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Daemon:
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "twisted", "chat"),
                    *("--line", f"tcp:{self.port}:interface=127.0.0.1"),
                    *("--database", str(self._folder / "chat.sqlite")),
                    # Those who talk here are quicker than people.
                    *("--flood", "off"),
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env=environment(),
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise AssertionError((self._folder / "log").read_text()) from None
                time.sleep(0.02)

    def kill(self) -> None:
        """As if the power went."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None


class Talker:
    """Someone else in the lobby. Keeps what is said there, in C{lines}."""

    def __init__(self, daemon: Daemon, name: str) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._socket = socket.create_connection(("127.0.0.1", daemon.port), PATIENCE)
        self._socket.settimeout(None)
        self._socket.recv(100)
        self.say(name)
        threading.Thread(target=self._listen, daemon=True).start()
        self.wait_for(f"user [{name}] has entered the room")

    def say(self, *lines: str) -> None:
        self._socket.sendall("".join(f"{line}\n" for line in lines).encode())

    def _listen(self) -> None:
        try:
            while line := read_line(self._socket):
                with self._changed:
                    self.lines.append(line.decode().rstrip("\n"))
                    self._changed.notify_all()
        except OSError:
            pass

    def wait_for(self, line: str) -> None:
        """Wait until someone has said a line, as it is shown."""
        with self._changed:
            if not self._changed.wait_for(lambda: line in self.lines, PATIENCE):
                raise AssertionError(f"{line!r} was not said, but {self.lines[-20:]}")

    def close(self) -> None:
        self._socket.close()
