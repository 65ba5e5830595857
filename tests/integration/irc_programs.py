"""IRC clients that people use, as programs that a test drives: what is typed into them, and what they have logged."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Protocol

from daemon import PATIENCE, Address, environment, wait_for

try:
    import pexpect
except ImportError:
    pexpect = None


class IRCProgram(Protocol):
    """One client, with an account."""

    needs: str

    def __init__(self, folder: Path, address: Address, account: str, password: str) -> None: ...

    def type(self, room: str | None, line: str) -> None:
        """Type a line, which may be a command: in the window of a room, or in that of the server."""

    def shown(self) -> str:
        """All that it has logged so far."""

    def kill(self) -> None: ...


def see(program: IRCProgram, text: str) -> None:
    """Wait until a program shows a text."""
    try:
        wait_for(lambda: text in program.shown(), f"shown: {text}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it shows:\n{program.shown()}") from None


def _logs(folder: Path) -> str:
    return "".join(file.read_text(errors="replace") for file in sorted(folder.rglob("*")) if file.is_file())


class Irssi:
    """irssi, on a terminal of its own. It logs in by SASL PLAIN. Of its own it would wait 2 s between two lines."""

    needs = "irssi"
    config = """
    servers = ({{ address = "{host}"; chatnet = "chat"; port = "{port}"; use_tls = "no"; autoconnect = "yes"; }});
    chatnets = {{ chat = {{ type = "IRC"; nick = "{nick}"; sasl_mechanism = "PLAIN"; sasl_username = "{account}";
      sasl_password = "{password}"; }}; }};
    settings = {{ core = {{ real_name = "A real person"; user_name = "person"; nick = "{nick}"; }};
      "irc/core" = {{ cmds_max_at_once = "100"; cmd_queue_speed = "10msec"; }};
      "fe-common/core" = {{ autolog = "yes"; autolog_path = "{logs}/$0.log"; autolog_level = "all"; }}; }};
    """

    def __init__(self, folder: Path, address: Address, account: str, password: str) -> None:
        self._logs = folder / "irssi-logs"
        home = folder / "irssi"
        home.mkdir()
        self._logs.mkdir()
        host, port = address
        what = {"host": host, "port": port, "account": account, "password": password, "logs": self._logs}
        (home / "config").write_text(self.config.format(nick=account + "_", **what))
        self._screen = b""
        self.process = pexpect.spawn(
            "irssi",
            ["--home", str(home)],
            dimensions=(24, 100),
            env={**environment(), "HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8"},
        )

    def type(self, room: str | None, line: str) -> None:
        # Each on a line of its own: the first goes to the window.
        window = f"/window goto {room}" if room else "/window goto 1"
        self.process.send(f"{window}\r{line}\r")

    def shown(self) -> str:
        try:
            while data := self.process.read_nonblocking(1 << 16, 0):
                self._screen += data
        except (pexpect.TIMEOUT, pexpect.EOF):
            pass
        # What is said in the window of the server is not logged.
        return _logs(self._logs) + self._screen.decode(errors="replace")

    def kill(self) -> None:
        self.process.close(force=True)


class WeeChat:
    """WeeChat without a terminal, driven by its pipe. It logs in by SASL SCRAM-SHA-256."""

    needs = "weechat-headless"

    def __init__(self, folder: Path, address: Address, account: str, password: str) -> None:
        home = folder / "weechat"
        host, port = address
        commands = [
            "/set logger.file.flush_delay 0",
            # It would wait 2 s between two lines.
            "/set irc.server_default.anti_flood_prio_high 0",
            "/set irc.server_default.anti_flood 0",
            # Under its old name and its new one.
            "/set irc.server_default.ssl off",
            "/set irc.server_default.tls off",
            f"/server add chat {host}/{port}",
            f"/set irc.server.chat.nicks {account}_",
            "/set irc.server.chat.sasl_mechanism scram-sha-256",
            f"/set irc.server.chat.sasl_username {account}",
            f"/set irc.server.chat.sasl_password {password}",
            "/connect chat",
        ]
        arguments = [word for command in commands for word in ("-r", command)]
        self._logs = home / "logs"
        self._pipe = home / "weechat_pipe"
        self.process = subprocess.Popen(
            ["weechat-headless", "-d", str(home), "-r", f"/set fifo.file.path {self._pipe}", *arguments],
            env={**environment(), "HOME": str(folder), "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._pipe.exists, "driven by a pipe")

    def type(self, room: str | None, line: str) -> None:
        where = f"irc.chat.{room}" if room else "irc.server.chat"
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                pipe = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
                continue
            os.write(pipe, f"{where} *{line}\n".encode())
            os.close(pipe)
            return

    def shown(self) -> str:
        return _logs(self._logs) if self._logs.exists() else ""

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


PROGRAMS: list[type[IRCProgram]] = [Irssi, WeeChat]
MISSING_PEXPECT = "" if pexpect is not None else "pexpect is not installed"
