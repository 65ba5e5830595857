"""What can be said on the command line of C{twistd chat}, and how a mistake there is told."""

from __future__ import annotations

import copy
import getopt
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.python.usage import Options as UsageOptions
from twisted.python.usage import UsageError

from .. import __version__
from ..chat.accounts import MIN_PASSWORD
from ..chat.text import clean
from ..protocols.limits import PARAMETERS

if TYPE_CHECKING:
    from .logs import JSONLog

DEFAULT_LINE = "tcp:9009:interface=127.0.0.1"
DEFAULT_IRC = "tcp:6667:interface=127.0.0.1"
DEFAULT_DATABASE = "chat.sqlite"


def _sync(value: str) -> str:
    if value not in ("commit", "second"):
        raise ValueError(f"commit or second, not {value}")
    return value


class Options(UsageOptions, AuthOptionMixin):
    """What can be said on the command line."""

    supportedInterfaces = (IUsernamePassword,)
    longdesc = "A chat daemon: rooms for everyone with netcat, telnet, IRC or twisted-chat, every message on disk."
    optParameters = [  # noqa: RUF012
        ["config", "c", None, "A TOML file with any of these options; the command line goes before it."],
        ["database", "d", DEFAULT_DATABASE, "The database file; ':memory:' keeps nothing."],
        [
            "sync",
            None,
            "commit",
            "When what is said is put on disk: commit (before anyone sees it), or second (within one: a power cut then "
            "loses what was just said, a crash of the daemon does not).",
            _sync,
        ],
        ["motd", "m", None, "A file with the message of the day."],
        ["name", None, "chat", "What the server calls itself."],
        ["keep", None, None, "How much is kept: a time such as 90d, or a number of events. [default: everything]"],
        ["guests", None, "yes", "Whether people without an account may come in: yes or no."],
        ["registration", None, "yes", "Whether people may make accounts themselves: yes or no."],
        *PARAMETERS,
        ["metrics", None, None, "Where to answer Prometheus, an endpoint such as tcp:9100:interface=127.0.0.1."],
        ["shortest-password", None, MIN_PASSWORD, "How many characters a new password needs.", int],
        ["log-format", None, "text", "How to log: text, or json for one object a line."],
    ]
    # Options that say more than one thing, and those that are a number as often as not.
    _several = ("line", "irc", "auth", "webirc")
    _numbers = ("keep",)

    json_log: JSONLog | None = None

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self["line"] = []
        self["webirc"] = []
        self["irc"] = []
        self._defaults = copy.deepcopy(dict(self))
        self._given: set[str] = set()
        # Paths are as they were at the start: twistd may go elsewhere before they are used again.
        self._folder = os.getcwd()

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Take the command line, and what it does not say from the file that it names, if any."""
        arguments = sys.argv[1:] if options is None else list(options)
        super().parseOptions(arguments)  # type: ignore[no-untyped-call]
        given, _ = getopt.getopt(arguments, self.shortOpt, self.longOpt)
        self._given = {self._full(name.lstrip("-")) for name, _ in given}
        try:
            for name, value in self._configured().items():
                if name == "auth":
                    for description in value:
                        self.opt_auth(description)
                else:
                    self[name] = value
        except ValueError as error:
            fail(str(error))
        self._choose_log()

    def _full(self, name: str) -> str:
        """The name of an option that may have been said in short."""
        full: str = self.synonyms.get(name) or self.synonyms[name.replace("-", "_")]
        return full

    def _configured(self) -> dict[str, Any]:
        """What the file says, but for what the command line says."""
        if self["config"] is None:
            return {}
        from . import configuration  # noqa: PLC0415  # as much as possible is left for when it is needed

        defaults = {**self._defaults, **{name: [] for name in self._several}}
        del defaults["config"]
        checks = {name: parameter.coerce for name, parameter in self._dispatch.items() if hasattr(parameter, "coerce")}
        checks = {name: check for name, check in checks.items() if check is not str}
        found = configuration.read(os.path.join(self._folder, self["config"]), defaults, checks, self._numbers)
        return {name: value for name, value in found.items() if name not in self._given}

    def reread(self) -> dict[str, Any]:
        """
        @return: the options that would be others now, because the file has changed, and what they would be. Nothing is
            changed yet. Where passwords are checked is not looked at.
        @raise ValueError: the file cannot be used; why, in one line.
        """
        now = {**self._defaults, **self._configured()}
        kept = self._given | {"auth", "config"}
        return {name: value for name, value in now.items() if name not in kept and value != self[name]}

    def _choose_log(self) -> None:
        if self["log-format"] not in ("text", "json"):
            fail(f"--log-format is text or json, not {self['log-format']}")
        if self["log-format"] == "json" and self.parent is not None:
            from .logs import JSONLog  # noqa: PLC0415

            self.json_log = JSONLog(self.parent)

    def read_motd(self) -> str:
        """The message of the day, safe to show; an empty text without a file.

        @raise ValueError: it cannot be read; why, in one line.
        """
        if self["motd"] is None:
            return ""
        path = os.path.join(self._folder, self["motd"])
        try:
            with open(path, encoding="utf-8") as file:
                return "\n".join(clean(line) for line in file.read().rstrip().splitlines())
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", error)
            raise ValueError(f"cannot read the message of the day: {path}: {why}") from error

    def opt_line(self, endpoint: str) -> None:
        """Where to listen for the line protocol, a Twisted endpoint such as tcp:9009 or unix:/run/chat; may be given
        several times. [default, when there is no --irc either: tcp:9009:interface=127.0.0.1]"""
        self["line"].append(endpoint)

    def opt_irc(self, endpoint: str) -> None:
        """Where to listen for IRC; may be given several times. [default, when there is no --line either:
        tcp:6667:interface=127.0.0.1]"""
        self["irc"].append(endpoint)

    opt_l = opt_line

    def opt_version(self) -> None:
        """Display the version and exit."""
        print(f"twisted-chat {__version__}")
        raise SystemExit(0)

    def opt_webirc(self, gateway: str) -> None:
        """A gateway that says by IRC's WEBIRC for whom it connects, as PASSWORD@ADDRESS; may be given several times."""
        self["webirc"].append(gateway)

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


for _option in (Options.opt_line, Options.opt_irc, Options.opt_auth):
    # --help shows the text with the source's line breaks, as blanks.
    _option.__doc__ = " ".join((_option.__doc__ or "").split())


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
    """What was said for an option that is either.

    @raise ValueError: it was something else.
    """
    if value not in ("yes", "no"):
        raise ValueError(f"--{option} is yes or no, not {value}")
    return value == "yes"


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
