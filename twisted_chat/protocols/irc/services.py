"""Services: what IRC people say to NickServ and ChanServ about accounts and rooms, as words for what the chat can do.

They are nobody: what is said to them is a command, and is not kept. They answer by notices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ...chat.errors import Refused
from ...chat.text import clean
from .message import Message
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

MAX_WORD = 32
# As how many lines of talk one to a service counts: many of them have a password to be checked.
COST = 3
Run = Callable[["IRCProtocol", list[str]], None]


class Word(NamedTuple):
    """Something that a service does.

    @ivar usage: its name and what follows.
    @ivar least: how much has to follow.
    @ivar run: does it, with what follows, word by word; its docstring is its HELP.
    """

    usage: str
    least: int
    run: Run

    @property
    def help(self) -> str:
        return " ".join((self.run.__doc__ or "").split())


class Service:
    """One of the services.

    @ivar name: how it is shown.
    @ivar words: by name, others for the same too.
    """

    def __init__(self, name: str, about: str) -> None:
        """
        @param about: what it does, for HELP.
        """
        self.name = name
        self._about = about
        self.words: dict[str, Word] = {}

    def word(self, usage: str, *others: str) -> Callable[[Run], Run]:
        """Enter a function.

        @param usage: as L{Word}; what may be left out stands in brackets.
        @param others: more names for it.
        """
        name, *follows = usage.split()

        def enter(run: Run) -> Run:
            row = Word(usage, sum(not each.startswith("[") for each in follows), run)
            self.words.update(dict.fromkeys((name, *others), row))
            return run

        return enter

    def take(self, connection: IRCProtocol, text: str) -> None:
        """Do what somebody said to it; whatever they are answered, now or when a password has been checked, comes from
        the service."""
        connection.charge(COST - 1)
        connection.speak_as(self.name)
        try:
            self._run(connection, text.split())
        except Refused as why:
            connection.chat.refuse(connection.session, why)
        connection.spoken()

    def _run(self, connection: IRCProtocol, words: list[str]) -> None:
        name = words[0].upper() if words else "HELP"
        row = self.words.get(name)
        if name == "HELP":
            connection.chat.answer(connection.session, "\n".join(self._help(words[1:2])))
        elif row is None:
            why = f"There is no {clean(words[0])[:MAX_WORD]}. /msg {self.name} HELP lists what there is."
            raise Refused("unknown-command", why)
        elif len(words) - 1 < row.least:
            raise Refused("usage", f"Usage: {row.usage}")
        else:
            row.run(connection, words[1:])

    def _help(self, words: list[str]) -> list[str]:
        row = self.words.get(words[0].upper()) if words else None
        if row is not None:
            return [row.usage, row.help]
        rows = dict.fromkeys(self.words.values())
        lines = [f"{row.usage}  {row.help.split('. ')[0].rstrip('.')}." for row in rows]
        return [f"{self.name} {self._about}", *lines, f"/msg {self.name} HELP WORD tells more of one."]


NICKSERV = Service("NickServ", "looks after accounts. An account's name is a nick that is its owner's.")
CHANSERV = Service("ChanServ", "looks after rooms. Most it does for those who are in the room only.")
_BY_NAME = {"nickserv": NICKSERV, "ns": NICKSERV, "chanserv": CHANSERV, "cs": CHANSERV}


def find(target: str) -> Service | None:
    """The service that somebody wants to talk to: C{NickServ}, or C{NickServ@some.server}."""
    service = _BY_NAME.get(target.partition("@")[0].lower())
    return service if service is not None and target.partition("@")[0].lower() == service.name.lower() else None


def _enter(name: str) -> None:
    service = _BY_NAME[name.lower()]

    def run(connection: IRCProtocol, message: Message) -> None:
        service.take(connection, clean(" ".join(message.params)))

    run.__doc__ = f"The same as /msg {service.name}."
    verb(name)(run)


for _name in _BY_NAME:
    _enter(_name.upper())
