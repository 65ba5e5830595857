"""Commands about rooms: coming and going, topics, who is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...chat import moderation, presence
from ...chat.text import clean
from .message import Message, plain
from .roomlines import names as room_names
from .roomlines import topic as room_topic
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol


@verb("JOIN", 1)
def join(connection: IRCProtocol, message: Message) -> None:
    """Enters rooms: JOIN #room,#other [key,key]. JOIN 0 leaves all."""
    chat, session = connection.chat, connection.session
    if message.params[0] == "0":
        for room in connection.user.rooms:
            presence.leave(chat, session, room.name)
        return
    keys = message.params[1].split(",") if len(message.params) > 1 else []
    for i, name in enumerate(message.params[0].split(",")):
        if not name.startswith("#"):
            connection.reply(403, name, text="No such channel")
            continue
        if any(room.name == name for room in connection.user.rooms):
            continue
        connection.attempt(name, presence.join, chat, session, name, keys[i] if i < len(keys) else None)


@verb("PART", 1)
def part(connection: IRCProtocol, message: Message) -> None:
    """Leaves rooms."""
    for name in message.params[0].split(","):
        connection.attempt(name, presence.leave, connection.chat, connection.session, name)


@verb("TOPIC", 1)
def topic(connection: IRCProtocol, message: Message) -> None:
    """Shows the topic of a room, or sets it."""
    chat, session, name = connection.chat, connection.session, message.params[0]
    if len(message.params) > 1:
        chat.set_topic(session, clean(plain(message.params[1])), name)
    else:
        connection.lines(room_topic(connection, chat.own_room(session, name)))


@verb("NAMES")
def names(connection: IRCProtocol, message: Message) -> None:
    """Shows who is in a room."""
    chat = connection.chat
    for name in message.params[0].split(",") if message.params else []:
        room = chat.rooms.get(name.lower())
        if room is not None and chat.sees_into(connection.user, room):
            connection.lines(room_names(connection, room))
        else:
            connection.reply(366, name, text="End of /NAMES list")


@verb("KICK", 2)
def kick(connection: IRCProtocol, message: Message) -> None:
    """Puts someone out of a room."""
    room, people = message.params[0], message.params[1]
    reason = clean(plain(message.params[2])) if len(message.params) > 2 else ""
    for name in people.split(","):
        connection.attempt(name, moderation.kick, connection.chat, connection.session, name, reason, room)
