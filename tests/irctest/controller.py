"""How irctest (github.com/progval/irctest) starts this daemon.

    cd irctest
    PYTHONPATH=/path/to/twisted-chat/tests/irctest:/path/to/twisted-chat python -m pytest --controller controller \
        -m "not Ergo and not deprecated and not strict and not services"

The Python that runs irctest needs what the daemon needs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar

from irctest.basecontrollers import BaseServerController, DirectoryBasedController
from irctest.runner import NotImplementedByController
from irctest.specifications import Capabilities, OptionalBehaviors

NAME = "My.Little.Server"
MAX_LINE = 512
OPERATOR, OPERATOR_PASSWORD = "operuser", "operpassword"
ADMIN = "from twisted_chat.admin import main; raise SystemExit(main())"
# Made once; every daemon starts from a copy.
_prepared: Path | None = None


def script(name: str) -> str:
    """A program that was installed beside this Python."""
    return str(Path(sys.executable).with_name(name))


class TwistedChatController(BaseServerController, DirectoryBasedController):
    """One daemon for each test, in a folder of its own. Where there is faketime, time goes as a test wants it."""

    software_name = "twisted-chat"
    _port_wait_interval = 0.02
    supported_sasl_mechanisms: ClassVar[set[str]] = {"PLAIN", "SCRAM-SHA-256"}
    supports_sts = False
    extban_mute_char = "m"
    capabilities = frozenset(Capabilities) - {Capabilities.STS}
    optional_behaviors = frozenset(
        {
            OptionalBehaviors.CAP_REQ_MINUS,
            OptionalBehaviors.METADATA_BEFORE_CONNECT,
            OptionalBehaviors.SASL_AFTER_REGISTRATION,
            OptionalBehaviors.SASL_REAUTHENTICATION,
        }
    )
    isupport: ClassVar[dict[str, Any]] = {
        "BOT": "B",
        "CASEMAPPING": "ascii",
        "CHANTYPES": "#",
        "MONITOR": "100",
        "NAMELEN": "150",
        "NETWORK": NAME,
        "PREFIX": "(ov)@+",
    }

    def run(
        self,
        hostname: str,
        port: int,
        *,
        password: str | None,
        ssl: bool,
        run_services: bool,
        faketime: str | None,
        websocket_hostname: str | None,
        websocket_port: int | None,
    ) -> None:
        """Start the daemon on this address."""
        if faketime is not None and shutil.which("faketime") is None:
            raise NotImplementedByController("another time, without the program faketime")
        if self.test_config.account_registration_requires_email:
            raise NotImplementedByController("accounts with an email address")
        if password is not None:
            raise NotImplementedByController("a password for the whole server")
        if ssl:
            raise NotImplementedByController("TLS")
        if websocket_hostname is not None or websocket_port is not None:
            raise NotImplementedByController("WebSocket")
        self.create_config()
        self.port, self.hostname = port, hostname
        database = Path(self.directory) / "chat.sqlite"
        shutil.copy(_prepare(), database)
        address = hostname.replace(":", "\\:")
        self.faketime_enabled = faketime is not None
        self.proc = self.execute(
            [
                *(["faketime", "-f", faketime] if faketime and self.faketime_enabled else []),
                script("twistd"), "-n", "--pidfile=", "--logfile=" + str(Path(self.directory) / "log"),
                "chat", "--name", NAME, "--database", str(database), "--irc", f"tcp:{port}:interface={address}",
                "--line", f"unix:{self._line_socket}", "--shortest-password", "1",
            ],
            cwd=self.directory,
        )  # fmt: skip

    def kill_proc(self) -> None:
        """Under faketime the daemon ends after its parent: its folder is there as long as it needs it."""
        daemon = 0
        with contextlib.suppress(OSError, ValueError):
            # The lock of a socket is a link that names the process.
            daemon = int(os.readlink(self._line_socket + ".lock"))
        super().kill_proc()
        for _ in range(250 if daemon and self.faketime_enabled else 0):
            try:
                os.kill(daemon, 0)
            except OSError:
                break
            time.sleep(0.02)

    def registerUser(self, case: Any, username: str, password: str | None = None) -> None:
        """Make an account."""
        assert password is not None
        self.wait_for_port()
        command = f"NickServ REGISTER {password}\r\n".encode()
        if len(command) <= MAX_LINE:
            with socket.create_connection((self.hostname, self.port), timeout=10) as client:
                _register(client, f"NICK {username}\r\nUSER u 0 * :u\r\n".encode() + command, b"QUIT\r\n")
            return
        # The line protocol's lines may be longer.
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(self._line_socket)
            _register(client, f"{username}\n/register {password}\n".encode(), b"/quit\n")

    @property
    def _line_socket(self) -> str:
        return str(Path(self.directory) / "line")

    def wait_for_services(self) -> None:
        """They are part of the daemon."""


def _register(client: socket.socket, says: bytes, quits: bytes) -> None:
    client.sendall(says)
    said = b""
    while b"is yours now" not in said:
        part = client.recv(4096)
        assert part, said
        said += part
    client.sendall(quits)
    while client.recv(4096):
        pass


def _prepare() -> Path:
    """A database with an administrator."""
    global _prepared  # noqa: PLW0603
    if _prepared is None:
        made = Path(tempfile.mkdtemp(prefix="irctest-twisted-chat-")) / "chat.sqlite"
        socket_path = made.with_suffix(".socket")
        first = subprocess.Popen(
            [script("twistd"), "-n", "--pidfile=", "chat", "--database", str(made), "--line", f"unix:{socket_path}"],
            stdout=subprocess.DEVNULL,
        )
        while not socket_path.exists():
            assert first.poll() is None, "the daemon does not start"
            time.sleep(0.02)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(socket_path))
            client.recv(1)  # it is up
        first.terminate()
        first.wait()
        subprocess.run(
            [sys.executable, "-c", ADMIN, "-d", str(made), "add-admin", OPERATOR, "--password-file", "/dev/stdin"],
            input=OPERATOR_PASSWORD.encode(),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        _prepared = made
    return _prepared


def get_irctest_controller_class() -> type[TwistedChatController]:
    """What irctest asks a controller's module for."""
    return TwistedChatController
