"""People with accounts, the operator at the command line, and how long the daemon takes to answer."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from daemon import PATIENCE, Address, Client, Daemon, connect, environment

GREETED = "/help lists the commands.\n"


class Person(Client):
    """A client that knows a password."""

    def enter(self, name: str, password: str) -> list[str]:
        """Answer both prompts. @return: the lines to the end of what is replayed."""
        self.until("Login Id: ")
        self.send(name)
        self.until("Password: ")
        self.send(password)
        text = self.until(GREETED)
        return text.splitlines() + self.read()

    def register(self, password: str) -> None:
        self.send(f"/register {password}")
        self.until("is yours now")
        self.line()

    def ask(self, line: str, wanted: str) -> str:
        """Say a line, and read to what should follow. @return: the line that has it."""
        self.send(line)
        before = self.until(wanted)
        return before[before.rfind("\n", 0, len(before) - len(wanted)) + 1 :] + self.line()

    def ids(self) -> dict[str, int]:
        """The ids of the last hundred lines of the current room, by what is shown of them."""
        self.send("/history 100 ids")
        text = self.until("-- End of the history of ")
        self.line()
        found = {}
        for line in text.splitlines():
            if line.startswith("~ "):
                id, _, _, shown = line[2:].split(" ", 3)
                found[shown] = int(id)
        return found


def connect_from(source: str, address: Address) -> socket.socket:
    """A connection from another address of this machine."""
    assert not isinstance(address, str)
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.bind((source, 0))
    connection.settimeout(PATIENCE)
    connection.connect(address)
    return connection


def member(daemon: Daemon, name: str, password: str, source: str | None = None) -> Person:
    """Someone who has an account, on a new connection."""
    person = Person(connect_from(source, daemon.address) if source else connect(daemon.address))
    person.enter(name, password)
    return person


def newcomer(daemon: Daemon, name: str, password: str, source: str | None = None) -> Person:
    """Someone who has just made an account of a name."""
    person = Person(connect_from(source, daemon.address) if source else connect(daemon.address))
    person.login(name)
    person.register(password)
    return person


def operator(
    folder: Path, *arguments: str, typed: str = "", database: str = "chat.sqlite"
) -> subprocess.CompletedProcess[str]:
    """Run C{twisted-chat-admin}."""
    return subprocess.run(
        [sys.executable, "-m", "twisted_chat.admin", "--database", database, *arguments],
        cwd=folder,
        env=environment(),
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 4,
        check=False,
    )


def done(folder: Path, *arguments: str, **more: Any) -> str:
    """Run it, and it must work. @return: what it prints."""
    result = operator(folder, *arguments, **more)
    assert result.returncode == 0, (arguments, result.returncode, result.stdout, result.stderr)
    assert result.stderr == "", (arguments, result.stderr)
    return result.stdout


def make_admin(folder: Path, name: str, password: str) -> None:
    """Have an account that administers the server."""
    file = folder / f"{name}.password"
    file.write_text(password + "\n")
    done(folder, "add-admin", name, "--password-file", file.name)


def exported(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done(folder, "export", name))
    return found


class Pulse:
    """Asks the daemon, over and over while it is entered, how it is: the time from C{/ping} to its answer.

    @ivar times: in seconds.
    """

    def __init__(self, daemon: Daemon, name: str, pause: float = 0.005) -> None:
        self.times: list[float] = []
        self.error: Exception | None = None
        self._client = Client(daemon.address, name)
        self._client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pause = pause
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self._client.close()
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            while not self._end.wait(self._pause):
                begin = time.perf_counter()
                self._client.read()
                self.times.append(time.perf_counter() - begin)
        except Exception as error:
            self.error = error

    def at(self, share: float) -> float:
        """The time that this share of the answers took at most, in milliseconds."""
        times = sorted(self.times)
        return times[min(len(times) - 1, int(len(times) * share))] * 1000

    def __str__(self) -> str:
        return (
            f"{len(self.times)} pings: p50 {self.at(0.5):.2f} ms, p99 {self.at(0.99):.2f} ms, max {self.at(1):.2f} ms"
        )
