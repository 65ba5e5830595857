"""What a client is told when it is in: what this server is and can do, who is here, the message of the day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from ... import __version__
from ...chat.chat import Chat
from ...chat.rooms import User
from . import isupport
from .message import cut
from .metadata import own

if TYPE_CHECKING:
    from .connection import IRCProtocol

# What runs here.
SOFTWARE = f"twisted-chat-{__version__}"
# How old the numbers may be that everyone is told on coming in, in seconds: to count is work.
FRESH = 1.0


def greeting(connection: IRCProtocol, user: User, early: Mapping[str, str]) -> list[str]:
    """All of it. modern.ircdocs.horse, "Connection registration".

    @param early: what it has set of itself (L{metadata}).
    """
    chat, factory, numeric, card = connection.chat, connection.factory, connection.numeric, user.card
    began = datetime.fromtimestamp(factory.made, UTC)
    now = chat.now()
    if factory.census is None or not 0 <= now - factory.census.time < FRESH:
        factory.census = Census.of(chat)
    return [
        numeric(1, text=f"Welcome to {chat.server}, {user.name.shown}!{card.ident}@{card.host}"),
        numeric(2, text=f"Your host is {connection.server}, running {SOFTWARE}"),
        numeric(3, text=f"This server was started on {began:%Y-%m-%d at %H:%M:%S} UTC"),
        numeric(4, connection.server, SOFTWARE, isupport.USER_MODES, isupport.ROOM_MODES),
        *supported(connection),
        *census(connection, factory.census),
        *own(connection, user, early),
        *motd(connection),
    ]


def supported(connection: IRCProtocol) -> list[str]:
    """What the server can do, and its limits: 005."""
    tokens = isupport.lines(connection.chat)
    return [connection.numeric(5, *line, text="are supported by this server") for line in tokens]


class Census(NamedTuple):
    """How many there are, of what takes counting. Rooms that are secret are not counted.

    @ivar time: when it was made, in seconds since 1970.
    """

    time: float
    invisible: int
    administrators: int
    rooms: int

    @classmethod
    def of(cls, chat: Chat) -> Census:
        """As it is now."""
        users = chat.users.values()
        return cls(
            chat.now(),
            sum("invisible" in user.flags for user in users if user.flags),
            sum(chat.is_admin(user) for user in users if user.oper or user.card.registered),
            sum(bool(room.members) and "secret" not in room.modes for room in chat.rooms.values()),
        )


def census(connection: IRCProtocol, count: Census) -> list[str]:
    """How many people and rooms there are: 251 to 266."""
    chat, numeric = connection.chat, connection.numeric
    here, most, invisible = len(chat.users), chat.most, min(count.invisible, len(chat.users))
    lines = [numeric(251, text=f"There are {here - invisible} users and {invisible} invisible on 1 servers")]
    if count.administrators:
        lines.append(numeric(252, str(count.administrators), text="operator(s) online"))
    if chat.strangers:
        lines.append(numeric(253, str(len(chat.strangers)), text="unknown connection(s)"))
    if count.rooms:
        lines.append(numeric(254, str(count.rooms), text="channels formed"))
    return [
        *lines,
        numeric(255, text=f"I have {here} clients and 0 servers"),
        numeric(265, str(here), str(most), text=f"Current local users {here}, max {most}"),
        numeric(266, str(here), str(most), text=f"Current global users {here}, max {most}"),
    ]


def motd(connection: IRCProtocol) -> list[str]:
    """The message of the day."""
    text, numeric = connection.chat.motd, connection.numeric
    if not text:
        return [numeric(422, text="There is no message of the day.")]
    lines = [numeric(375, text=f"- {connection.server} Message of the day -")]
    lines += [numeric(372, text=f"- {cut(line, 400)}") for line in text.split("\n")]
    return [*lines, numeric(376, text="End of /MOTD command.")]
