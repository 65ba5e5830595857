"""
Where to, as whom and how: from the command line, a URL, the environment and a small file.

What is said on the command line counts before what a URL says, and that before the file
C{$XDG_CONFIG_HOME/twisted-chat/config} (C{~/.config} when the variable is not set)::

    [client]
    server = chats://chat.example.org/ops
    nick = kim
    password-file = ~/.config/twisted-chat/password
    timestamps = off
"""

from __future__ import annotations

import argparse
import configparser
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .. import __version__

DEFAULT_HOST = "localhost"
DEFAULT_PORT = 9009

PASSWORD_VARIABLE = "TWISTED_CHAT_PASSWORD"

#: The longest file that is read for a password or as configuration, in bytes.
MAX_FILE = 64 * 1024

_ON_OFF = dict.fromkeys(("on", "yes", "true", "1"), True) | dict.fromkeys(("off", "no", "false", "0"), False)


class ConfigError(Exception):
    """
    Something in the options, the URL, the environment or a file cannot be; says what, in one sentence.

    @ivar status: the exit status.
    """

    status = 2


class BadRoomError(ConfigError):
    """A room cannot have that name: as when the server refuses it."""

    status = 3


@dataclasses.dataclass(frozen=True)
class Server:
    """
    Where to connect.

    @ivar host: a name or address; or the path of a Unix socket, which is told by its slash.
    @ivar ca: whom to trust instead of the system's authorities.
    @ivar cert: the certificate to show, and its key.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    tls: bool = False
    ca: Path | None = None
    cert: Path | None = None

    @property
    def exposed(self) -> bool:
        """Whether what is sent there crosses a network that others can read."""
        local = self.host in ("localhost", "::1") or self.host.startswith("127.") or "/" in self.host
        return not self.tls and not local

    def __str__(self) -> str:
        if "/" in self.host:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclasses.dataclass(frozen=True)
class Options:
    """
    Everything the client was told.

    @ivar nick: the name to log in with; None: ask.
    @ivar password: for the server's password prompt; None: ask. Not part of the C{repr}.
    @ivar room: the room to enter after the login, with its C{#}; None: stay where the server puts one.
    @ivar send: what to say before leaving again, for scripts.
    @ivar json: write one JSON object per event.
    @ivar plain: do not draw, even on a terminal.
    @ivar timeout: seconds for the connection and for the login prompt.
    @ivar settings: what C{/set} can change: C{timestamps}, C{colours}, C{bell}.
    """

    server: Server = Server()
    nick: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    room: str | None = None
    send: str | None = None
    json: bool = False
    plain: bool = False
    timeout: float = 30.0
    settings: Mapping[str, bool] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Place:
    """What a URL or C{HOST:PORT} says; None for what it leaves open."""

    host: str
    port: int | None = None
    tls: bool | None = None
    nick: str | None = None
    room: str | None = None


def parse_place(text: str) -> Place:
    """
    @param text: C{HOST}, C{HOST:PORT}, C{[IPV6]:PORT}, C{chat://[NICK@]HOST[:PORT][/ROOM]}, C{chats://...}
        for TLS, or the path of a Unix socket (with a slash).
    @return: its parts.
    @raise ConfigError: when it is none of these.
    """
    if "://" not in text and "/" in text:
        return Place(host=str(Path(text).expanduser()))
    # An IPv6 address needs brackets only when a port follows.
    bare = text.count(":") > 1 and "[" not in text and "://" not in text
    url = text if "://" in text else f"//[{text}]" if bare else f"//{text}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise ConfigError(f"{_without_password(text)!r} is not an address: {problem}") from None
    if parts.scheme not in ("", "chat", "chats"):
        raise ConfigError(f"{_without_password(text)!r} is not an address: a URL starts with chat:// or chats://")
    if not parts.hostname or port == 0 or parts.password is not None or parts.query:
        hint = "; passwords do not belong there" if parts.password is not None else ""
        raise ConfigError(f"{_without_password(text)!r} is not an address{hint}")
    room = unquote(parts.path.strip("/") or parts.fragment)
    return Place(
        host=parts.hostname,
        port=port,
        tls=parts.scheme == "chats" if parts.scheme else None,
        nick=unquote(parts.username) if parts.username else None,
        room=room_name(room) if room else None,
    )


def room_name(text: str) -> str:
    """
    @param text: a room as people write it.
    @return: the same with its C{#}.
    """
    return text if text.startswith("#") else f"#{text}"


def load(argv: Sequence[str], environ: Mapping[str, str]) -> Options:
    """
    Read the options.

    @param argv: the arguments after the program's name.
    @param environ: the environment.
    @return: what they say together with the file.
    @raise ConfigError: when they make no sense.
    @raise SystemExit: for C{--help}, C{--version} (0) and wrong usage (2).
    """
    given = _parser().parse_args(argv)
    if given.version:
        print(f"twisted-chat {__version__}")
        raise SystemExit(0)
    file = _read_file(given.config, environ)
    address = given.server or file.get("server")
    place = parse_place(address) if address else Place(DEFAULT_HOST)
    ca, cert = given.ca or file.get("ca"), given.cert or file.get("cert")
    nick = given.nick or place.nick or file.get("nick")
    room = given.room or place.room or file.get("room")
    password_file = given.password_file or file.get("password-file")
    password = environ.get(PASSWORD_VARIABLE)
    if password_file and (given.password_file or password is None):
        password = _first_line(Path(password_file).expanduser())
    tls = given.tls or (place.tls if place.tls is not None else _on_off(file, "tls", False))
    tls = tls or bool(given.ca or given.cert)
    for name, value in (("name", nick), ("room", room), ("password", password)):
        if value is not None and (not value.strip() or any(ord(character) < 32 for character in value)):
            raise ConfigError(f"the {name} is empty or has control characters in it")
    if room and len(room.split()) > 1:
        raise BadRoomError(f"a room's name has no blanks in it: {room!r}")
    return Options(
        server=Server(
            place.host,
            place.port or DEFAULT_PORT,
            tls,
            Path(ca).expanduser() if ca else None,
            Path(cert).expanduser() if cert else None,
        ),
        nick=nick.strip() if nick else None,
        password=password,
        room=room_name(room.strip()) if room else None,
        send=given.send,
        json=given.json,
        plain=given.plain or environ.get("TERM", "dumb") == "dumb",
        timeout=given.timeout,
        settings={
            "timestamps": _on_off(file, "timestamps", True),
            "colours": _on_off(file, "colours", True) and not environ.get("NO_COLOR"),
            "bell": _on_off(file, "bell", True),
        },
    )


def config_path(environ: Mapping[str, str]) -> Path:
    """
    @return: where the configuration file is looked for.
    """
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "config"


def history_path(environ: Mapping[str, str]) -> Path:
    """
    @return: where the lines one has typed are kept.
    """
    return _xdg(environ, "XDG_STATE_HOME", ".local/state") / "history"


def _xdg(environ: Mapping[str, str], variable: str, default: str) -> Path:
    base = environ.get(variable, "")
    # The XDG specification has relative paths ignored.
    folder = Path(base) if base.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / default
    return folder / "twisted-chat"


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 86400:
        raise ValueError
    return value


_seconds.__name__ = "number of seconds"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="twisted-chat",
        description="Chat on a terminal or in a pipe.",
        epilog=f"A password is asked for, or read from --password-file or the variable {PASSWORD_VARIABLE}. "
        "Exit status: 0 said and done, 1 no connection or it was lost, 2 wrong usage, 3 refused: a name, "
        "password, room or text, 4 an error of the program's own, 130 interrupted.",
    )
    add = parser.add_argument
    add(
        "server",
        nargs="?",
        metavar="HOST[:PORT]",
        help=f"where the daemon is (default: {DEFAULT_HOST}:{DEFAULT_PORT}); also chat://HOST:PORT/ROOM, "
        "chats://... for TLS, or the path of a Unix socket",
    )
    add("--nick", metavar="NAME", help="log in with this name")
    add("--room", metavar="ROOM", help="enter this room after the login")
    add("--tls", action="store_true", help="encrypt, and verify the server's certificate")
    add(
        "--ca",
        metavar="FILE",
        help="trust the certificates in this PEM file instead of the system's; implies --tls",
    )
    add(
        "--cert",
        metavar="FILE",
        help="show the certificate in this PEM file, which has its key too: it may open an account; implies --tls",
    )
    add("--password-file", metavar="FILE", help="read the password from the first line of FILE")
    add("--send", metavar="TEXT", help="say TEXT, wait until it has arrived, and leave")
    add("--json", action="store_true", help="write one JSON object per event")
    add("--plain", action="store_true", help="lines in, lines out, also on a terminal")
    add(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=30.0,
        help="for the connection, and as many again for the login (default: 30)",
    )
    add("--config", metavar="FILE", help="read this file instead of ~/.config/twisted-chat/config")
    add("--version", action="store_true", help="show the version and exit")
    return parser


def _read_file(explicit: str | None, environ: Mapping[str, str]) -> Mapping[str, str]:
    path = Path(explicit).expanduser() if explicit else config_path(environ)
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE).decode("utf-8")
    except FileNotFoundError:
        if explicit:
            raise ConfigError(f"cannot read {path}: there is no such file") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {_reason(error)}") from None
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text, str(path))
    except configparser.Error as error:
        first = str(error).splitlines()[0]
        raise ConfigError(f"{path} is not a configuration file: {first}") from None
    known = {"server", "nick", "room", "ca", "cert", "tls", "password-file", "timestamps", "colours", "bell"}
    values = dict(parser["client"]) if parser.has_section("client") else {}
    for name in values:
        if name not in known:
            raise ConfigError(f"{path}: there is no setting {name!r}; there are {', '.join(sorted(known))}")
    return values


def _on_off(values: Mapping[str, str], name: str, default: bool) -> bool:
    if name not in values:
        return default
    try:
        return _ON_OFF[values[name].lower()]
    except KeyError:
        raise ConfigError(f"the setting {name} is on or off, not {values[name]!r}") from None


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.readline(MAX_FILE).decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the password from {path}: {_reason(error)}") from None


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8"


def _without_password(text: str) -> str:
    scheme, separator, rest = text.rpartition("://")
    return scheme + separator + rest.rpartition("@")[2]
