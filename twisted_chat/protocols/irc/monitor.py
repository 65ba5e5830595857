"""MONITOR: being told when people come and go. IRCv3 monitor and extended-monitor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...chat.errors import Refused
from ...chat.names import parse_name
from ...chat.watching import MAX_WATCHED
from .message import MAX_LINE, Message
from .people import find
from .roomlines import fill
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

# So many names in one command are looked at.
MAX_TARGETS = 100


@verb("MONITOR", 1, cost=2)
def monitor(connection: IRCProtocol, message: Message) -> None:
    """Tells you when people come and go: MONITOR + ann,bob; MONITOR - ann; C for nobody; L lists; S who is here."""
    do = _SUBCOMMANDS.get(message.params[0].upper())
    if do is not None:
        names = message.params[1].split(",") if len(message.params) > 1 else []
        do(connection, [name for name in names if name][:MAX_TARGETS])


def _add(connection: IRCProtocol, names: Sequence[str]) -> None:
    added: list[str] = []
    for i, text in enumerate(names):
        try:
            name = parse_name(text)
            connection.chat.watching.add(connection.session, name)
        except Refused as why:
            if why.code == "too-many-watched":
                left = ",".join(names[i:])
                connection.reply(734, str(MAX_WATCHED), left, text="Monitor list is full.")
                break
            connection.refuse(why, text)
        else:
            added.append(name.shown)
    _tell(connection, added)


def _remove(connection: IRCProtocol, names: Sequence[str]) -> None:
    for text in names:
        try:
            connection.chat.watching.remove(connection.session, parse_name(text).key)
        except Refused as why:
            connection.refuse(why, text)


def _clear(connection: IRCProtocol, names: Sequence[str]) -> None:
    connection.chat.watching.clear(connection.session)


def _list(connection: IRCProtocol, names: Sequence[str]) -> None:
    _numeric(connection, 732, connection.chat.watching.names(connection.session))
    connection.reply(733, text="End of MONITOR list")


def _status(connection: IRCProtocol, names: Sequence[str]) -> None:
    _tell(connection, connection.chat.watching.names(connection.session))


def _tell(connection: IRCProtocol, names: Sequence[str]) -> None:
    """Who of these is here, and who is not."""
    here, gone = [], []
    for name in names:
        user = find(connection, name)
        if user is None:
            gone.append(name)
        else:
            here.append(f"{user.name.shown}!{user.card.ident}@{user.card.host}")
    _numeric(connection, 730, here)
    _numeric(connection, 731, gone)


def _numeric(connection: IRCProtocol, number: int, names: Sequence[str]) -> None:
    head = connection.numeric(number, text="")
    lines = fill(names, MAX_LINE - 2 - len(head.encode()))
    connection.lines([head + line.replace(" ", ",") for line in lines])


_SUBCOMMANDS: dict[str, Callable[[IRCProtocol, Sequence[str]], None]] = {
    "+": _add,
    "-": _remove,
    "C": _clear,
    "L": _list,
    "S": _status,
}
