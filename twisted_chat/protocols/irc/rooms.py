"""Commands about rooms: coming and going, topics, who is there, inviting and kicking."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from ...chat import membership, moderation, renaming, talking
from ...chat.chat import MAX_NOTE
from ...chat.errors import Refused
from ...chat.text import clean
from .message import Message, plain
from .roomlines import names as room_names
from .roomlines import topic as room_topic
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

MAX_TARGETS = 20
# As many names are shown to who asks for all rooms at once.
MAX_NAMES = 2_000


def words(message: Message, place: int) -> str:
    """A reason or a topic: what a client wrote, as the chat takes it."""
    return clean(plain(message.params[place]))[:MAX_NOTE] if len(message.params) > place else ""


@verb("JOIN", 1)
def join(connection: IRCProtocol, message: Message) -> None:
    """Enters rooms: JOIN #room,#other [key,key]. JOIN 0 leaves all."""
    chat, session = connection.chat, connection.session
    if message.params[0] == "0":
        for room in connection.user.rooms:
            membership.leave(chat, session, room.name)
        return
    keys = message.params[1].split(",") if len(message.params) > 1 else []
    for name, key in zip_longest(message.params[0].split(",")[:MAX_TARGETS], keys):
        if name is None:
            break
        if not name.startswith("#"):
            connection.reply(403, name, text="No such channel")
        elif not any(room.name == name.casefold() for room in connection.user.rooms):
            connection.attempt(name, membership.join, chat, session, name, key or None)


@verb("PART", 1)
def part(connection: IRCProtocol, message: Message) -> None:
    """Leaves rooms: PART #room,#other [reason]."""
    for name in message.params[0].split(",")[:MAX_TARGETS]:
        connection.attempt(name, membership.leave, connection.chat, connection.session, name, words(message, 1))


@verb("TOPIC", 1)
def topic(connection: IRCProtocol, message: Message) -> None:
    """Shows the topic of a room, or sets it: TOPIC #room [:text]. An empty text clears it."""
    chat, session, name = connection.chat, connection.session, message.params[0]
    if len(message.params) > 1:
        talking.set_topic(chat, session, words(message, 1), name)
    else:
        connection.lines(room_topic(connection, chat.own_room(session, name)))


@verb("NAMES")
def names(connection: IRCProtocol, message: Message) -> None:
    """Shows who is in rooms: NAMES #room,#other. Without a room, in all that are not hidden."""
    chat, user = connection.chat, connection.user
    lines: list[str] = []
    if message.params:
        asked = message.params[0]
        found = [chat.rooms.get(name.casefold()) for name in asked.split(",")[:MAX_TARGETS]]
    else:
        asked, found = "*", list(chat.rooms.values())
    shown = 0
    for room in found:
        if room is not None and room.members and chat.sees_into(user, room) and shown < MAX_NAMES:
            lines += room_names(connection, room)
            shown += len(room.members)
    connection.lines(lines)
    connection.reply(366, asked, text="End of /NAMES list")


@verb("KICK", 2)
def kick(connection: IRCProtocol, message: Message) -> None:
    """Puts people out of a room: KICK #room name,other [reason]."""
    chat, session = connection.chat, connection.session
    rooms, people = message.params[0].split(","), message.params[1].split(",")[:MAX_TARGETS]
    if len(rooms) not in (1, len(people)):
        connection.reply(461, "KICK", text="As many rooms as people, or one room")
        return
    for name, room in zip(people, rooms if len(rooms) > 1 else rooms * len(people), strict=True):
        connection.attempt((name, room), moderation.kick, chat, session, name, words(message, 2), room)


@verb("RENAME", 2)
def rename(connection: IRCProtocol, message: Message) -> None:
    """Gives a room another name: RENAME #room #new [reason]. IRCv3 draft/channel-rename."""
    old, new = message.params[:2]
    try:
        reason = connection.chat.reason(connection.user, words(message, 2))
        renaming.rename_room(connection.chat, connection.session, new, reason, old)
    except Refused as why:
        if why.code not in ("room-in-use", "cannot-rename", "bad-room"):
            raise
        code = "CHANNEL_NAME_IN_USE" if why.code == "room-in-use" else "CANNOT_RENAME"
        connection.fail("RENAME", code, old, new, text=why.sentence)


@verb("INVITE")
def invite(connection: IRCProtocol, message: Message) -> None:
    """Asks someone into a room: INVITE name #room. Without parameters, lists the rooms that you are asked into."""
    chat, session = connection.chat, connection.session
    if not message.params:
        key = connection.user.name.key
        invited = [room.name for room in chat.rooms.values() if key in room.invited]
        lines = [connection.numeric(336, name) for name in invited]
        connection.lines([*lines, connection.numeric(337, text="End of /INVITE list")])
    elif len(message.params) < 2:
        connection.reply(461, "INVITE", text="Not enough parameters")
    else:
        name, room = message.params[:2]
        connection.attempt((name, room), moderation.invite, chat, session, name, room)
