"""What the client's tests share: servers that speak like the real ones, and the client as a process."""

from __future__ import annotations

import os
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Seconds after which something that should have happened counts as not happening.
PATIENCE = 20.0


def environment(**changes: str) -> dict[str, str]:
    """The environment for a client of a test: nothing of the person who runs the test is read or written."""
    home = tempfile.gettempdir() + "/twisted-chat-no-home"
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_STATE_HOME": home,
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        **changes,
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "twisted_chat.client", *arguments]


def run_client(*arguments: str, input: bytes = b"", **changes: str) -> subprocess.CompletedProcess[bytes]:
    """Run the client in pipes until it ends."""
    return subprocess.run(
        command(*arguments),
        input=input,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        cwd=ROOT,
        env=environment(**changes),
    )


class _Threaded(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


class _OneAtATime(socketserver.TCPServer):
    allow_reuse_address = True


class _OriginalHandler(socketserver.BaseRequestHandler):
    """No line ends anywhere; each recv() is one message; an empty one breaks the connection."""

    def handle(self) -> None:
        server = self.server.owner
        self.request.send(b"Login Id: ")
        name = self.request.recv(1024).decode().strip()
        server.users[name] = self.request
        server.tell(f"user [{name}] has entered the room")
        try:
            while data := self.request.recv(1024):
                message = data.decode()
                server.messages.append(message)
                if message[0] != "/":
                    server.tell(f"[{name}] {message}")
                elif message.strip() == "/quit":
                    break
        finally:
            del server.users[name]
            self.request.close()
            server.tell(f"user [{name}] left the room")


class FakeServer:
    """A server in a thread, on a port of its own; a context manager."""

    handler: type[socketserver.BaseRequestHandler]

    def __init__(self, base: type[socketserver.TCPServer] = _Threaded) -> None:
        self._server = base(("127.0.0.1", 0), self.handler)
        self._server.owner = self
        self.port: int = self._server.server_address[1]
        self.address = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        # Not waited for: a handler that serves one at a time may be in the middle of it.
        threading.Thread(target=self._server.shutdown, daemon=True).start()
        self._server.server_close()


class OriginalServer(FakeServer):
    """Says on the wire what the server says that the chat began with, and breaks where that breaks."""

    handler = _OriginalHandler

    def __init__(self, one_at_a_time: bool = True) -> None:
        super().__init__(_OneAtATime if one_at_a_time else _Threaded)
        self.users: dict[str, socket.socket] = {}
        self.messages: list[str] = []

    def tell(self, text: str) -> None:
        for connection in list(self.users.values()):
            connection.send(text.encode())


class _ScriptHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.server.owner.script(self.request)


class ScriptServer(FakeServer):
    """Runs a function for each connection, in a thread; it gets the socket."""

    handler = _ScriptHandler

    def __init__(self, script) -> None:
        super().__init__()
        self.script = script


def read_line(connection: socket.socket) -> bytes:
    """Read up to LF, or to the end of the stream."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            break
        line += byte
    return line
