"""The servers that are measured: how each is found, configured and started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from bench.build import build, compiler

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Peer:
    """A server; ``command`` writes what it needs into a folder and answers how to start it."""

    name: str
    protocol: str
    kind: str  # "peer", "floor" or "ours"
    missing: Callable[[], str | None]
    command: Callable[[Path, int], list[str]]
    version: Callable[[], str]
    backlog: int = 4096  # so many clients may connect at a time before some must wait and try again


def _not_installed(program: str) -> Callable[[], str | None]:
    def missing() -> str | None:
        return None if _which(program) else f"{program} is not installed"

    return missing


def _which(program: str) -> str | None:
    """Daemons are often in folders that only root has in its PATH."""
    places = [os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    return shutil.which(program, path=os.pathsep.join(places))


def _version(program: str, label: str) -> Callable[[], str]:
    def version() -> str:
        found = _which(program)
        if not found:
            return label
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False, timeout=10)
        number = re.search(r"\d+(\.\d+)*", said.stdout + said.stderr)
        return f"{label} {number[0]}" if number else label

    return version


# Both are told to forget about DNS, ident and every brake on a fast sender: the benchmark is one.

_NGIRCD = """\
[Global]
    Name = bench.example.net
    Info = benchmark
    Listen = 127.0.0.1
    Ports = {port}
    {identity}
[Limits]
    MaxConnections = 0
    MaxConnectionsIP = 0
    MaxJoins = 0
    MaxPenaltyTime = 0
    PingTimeout = 3600
    PongTimeout = 3600
[Options]
    DNS = no
    Ident = no
    PAM = no
    RequireAuthPing = no
"""

_INSPIRCD = """\
<server name="bench.example.net" description="benchmark" network="bench" id="0BN">
<admin name="nobody" nick="nobody" email="nobody@example.net">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="60" pingfreq="3600" localmax="1000000" globalmax="1000000" limit="1000000"
         maxchans="1000" useident="no" resolvehostnames="no" maxconnwarn="no"
         fakelag="no" commandrate="1000000000" threshold="1000000000"
         recvq="1M" softsendq="{sendq}" hardsendq="{sendq}">
<performance softlimit="1000000" somaxconn="4096" netbuffersize="65534" quietbursts="yes" timeskipwarn="0">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<pid file="{folder}/inspircd.pid">
<log method="file" type="*" level="default" target="inspircd.log">
"""

SEND_QUEUE = 1 << 20  # what may wait for one client before it is closed: the default of ours


def _ngircd(folder: Path, port: int) -> list[str]:
    # Started by root it would become "nobody", who cannot read the folder
    identity = "ServerUID = 0\n    ServerGID = 0" if os.geteuid() == 0 else ""
    config = folder / "ngircd.conf"
    config.write_text(_NGIRCD.format(port=port, identity=identity), encoding="ascii")
    return [_which("ngircd") or "ngircd", "--nodaemon", "--config", str(config)]


def _inspircd(folder: Path, port: int) -> list[str]:
    config = folder / "inspircd.conf"
    config.write_text(_INSPIRCD.format(port=port, folder=folder, sendq=SEND_QUEUE), encoding="ascii")
    command = [_which("inspircd") or "inspircd", f"--config={config}", "--nofork"]
    return [*command, "--runasroot"] if os.geteuid() == 0 else command


def _floor(mode: str) -> Callable[[Path, int], list[str]]:
    return lambda folder, port: [str(build("floor")), str(port), mode]


def _no_compiler() -> str | None:
    return None if compiler() else "there is no C compiler to build it with"


# The least that twistd can start: a port that greets. What it takes is twistd's own.
_EMPTY = """\
from twisted.application.internet import TCPServer
from twisted.application.service import Application
from twisted.internet.protocol import Factory, Protocol


class Greeting(Protocol):
    def connectionMade(self):
        self.transport.write(b"Hello")


application = Application("empty")
TCPServer({port}, Factory.forProtocol(Greeting), interface="127.0.0.1").setServiceParent(application)
"""

# Ours. Every option of the daemon's command line that the benchmark needs is here.

TWISTD = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"]


def database(folder: Path) -> Path:
    """The database of our daemon: on disk, with the durability that it has by default."""
    return folder / "chat.sqlite"


def _ours(option: str, *more: str) -> Callable[[Path, int], list[str]]:
    def command(folder: Path, port: int) -> list[str]:
        return [
            *TWISTD, "--nodaemon", "--pidfile=", f"--logfile={folder / 'daemon.log'}", "chat",
            f"--{option}", f"tcp:{port}:interface=127.0.0.1",
            "--database", str(database(folder)), "--flood", "off", *more,
        ]  # fmt: skip

    return command


def _empty_service(folder: Path, port: int) -> list[str]:
    tac = folder / "empty.tac"
    tac.write_text(_EMPTY.format(port=port), encoding="ascii")
    return [*TWISTD, "--nodaemon", "--pidfile=", f"--logfile={folder / 'daemon.log'}", "--python", str(tac)]


def _no_daemon() -> str | None:
    if util.find_spec("twisted_chat.tap"):
        return None
    return f"twisted_chat.tap cannot be imported by {sys.executable}"


def _our_version() -> str:
    try:
        ours, twisted = metadata.version("twisted-chat"), metadata.version("twisted")
    except metadata.PackageNotFoundError:
        return "twisted-chat (this checkout)"
    return f"twisted-chat {ours} on Twisted {twisted}"


EMPTY = Peer("twistd", "raw", "floor", lambda: None, _empty_service, lambda: "twistd with an empty service")

PEERS = {
    peer.name: peer
    for peer in (
        Peer("ngircd", "irc", "peer", _not_installed("ngircd"), _ngircd, _version("ngircd", "ngIRCd"), backlog=8),
        Peer("inspircd", "irc", "peer", _not_installed("inspircd"), _inspircd, _version("inspircd", "InspIRCd")),
        Peer("floor-turn", "raw", "floor", _no_compiler, _floor("turn"), lambda: "floor, one send a turn"),
        Peer("floor-line", "raw", "floor", _no_compiler, _floor("line"), lambda: "floor, one send a message"),
        Peer("ours", "line", "ours", _no_daemon, _ours("line"), _our_version),
        Peer("ours-irc", "irc", "ours", _no_daemon, _ours("irc"), lambda: f"{_our_version()}, IRC"),
        Peer(
            "ours-second",
            "line",
            "ours",
            _no_daemon,
            _ours("line", "--sync", "second"),
            lambda: f"{_our_version()}, --sync second",
        ),
    )
}
GROUPS = {"floor": ["floor-turn", "floor-line"]}


def names() -> list[str]:
    """What can be asked for."""
    return [*PEERS, *GROUPS]


def select(wanted: Sequence[str]) -> tuple[list[Peer], dict[str, str]]:
    """The peers of these names that can run here, and why the others cannot."""
    found: list[Peer] = []
    absent: dict[str, str] = {}
    for name in dict.fromkeys(n for word in wanted for n in GROUPS.get(word, [word])):
        reason = PEERS[name].missing()
        if reason:
            absent[name] = reason
        else:
            found.append(PEERS[name])
    return found, absent
