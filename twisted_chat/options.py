"""What can be said on the command line of C{twistd chat}, and how a mistake there is told."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.python.usage import Options as UsageOptions
from twisted.python.usage import UsageError

from .chat.text import clean

DEFAULT_LINE = "tcp:9009:interface=127.0.0.1"
DEFAULT_IRC = "tcp:6667:interface=127.0.0.1"
DEFAULT_DATABASE = "chat.sqlite"


class Options(UsageOptions, AuthOptionMixin):
    """What can be said on the command line."""

    supportedInterfaces = (IUsernamePassword,)
    longdesc = "A chat daemon: rooms for everyone with netcat, telnet or twisted-chat, every message on disk."
    optParameters = [  # noqa: RUF012
        ["database", "d", DEFAULT_DATABASE, "The database file; ':memory:' keeps nothing."],
        ["motd", "m", None, "A file with the message of the day."],
        ["name", None, "chat", "What the server calls itself."],
        ["keep", None, None, "How much is kept: a time such as 90d, or a number of events. [default: everything]"],
        ["guests", None, "yes", "Whether people without an account may come in: yes or no."],
        [
            "send-queue",
            None,
            1 << 20,
            "How many bytes may wait for a client that does not read, before it is cut off.",
            int,
        ],
    ]

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self["line"] = []
        self["irc"] = []

    def opt_line(self, endpoint: str) -> None:
        """Where to listen for the line protocol, a Twisted endpoint such as tcp:9009 or unix:/run/chat; may be given
        several times. [default, when there is no --irc either: tcp:9009:interface=127.0.0.1]"""
        self["line"].append(endpoint)

    def opt_irc(self, endpoint: str) -> None:
        """Where to listen for IRC; may be given several times. [default, when there is no --line either:
        tcp:6667:interface=127.0.0.1]"""
        self["irc"].append(endpoint)

    opt_l = opt_line

    def opt_auth(self, description: str) -> None:
        """Another place that knows passwords, such as file:/etc/chat.passwd; may be given several times; see
        --help-auth."""
        kind, _, where = description.partition(":")
        if kind == "file" and not os.access(where, os.R_OK):
            fail(f"--auth {kind}: {where or 'no file'} cannot be read")
        try:
            super().opt_auth(description)  # type: ignore[no-untyped-call]
        except (UsageError, ValueError) as error:
            # Without the description: it may have passwords.
            fail(f"--auth {kind}: {error}")
        for checker in self["credCheckers"]:
            if isinstance(checker, InMemoryUsernamePasswordDatabaseDontUse):
                # Its factory fills it with texts; it compares them with bytes.
                checker.users = {_bytes(name): _bytes(password) for name, password in checker.users.items()}


class StartError(SystemExit, Exception):
    """Why the daemon cannot start, in one line.

    As a C{SystemExit} it ends the program with status 1 and without a traceback. As an C{Exception} it makes twistd
    remove its pid file, and report to the one who has started it in the background.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.code = f"twisted-chat: {why}"


def fail(why: str) -> NoReturn:
    """End the program with one line on standard error, and status 1."""
    error = StartError(why)
    if sys.__stderr__ is not None and sys.stderr is not sys.__stderr__:
        # twistd has turned standard error into the log by now, which has the line too.
        print(error.code, file=sys.__stderr__)
    raise error


def yes_or_no(option: str, value: str) -> bool:
    """What was said for an option that is either."""
    if value not in ("yes", "no"):
        fail(f"--{option} is yes or no, not {value}")
    return value == "yes"


def read_motd(path: str | None) -> str:
    """The message of the day, safe to show; an empty text without a file."""
    if path is None:
        return ""
    try:
        with open(path, encoding="utf-8") as file:
            return "\n".join(clean(line) for line in file.read().rstrip().splitlines())
    except (OSError, UnicodeDecodeError) as error:
        fail(f"cannot read the message of the day: {path}: {getattr(error, 'strerror', error)}")


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
