"""WHO and WHOX. modern.ircdocs.horse, "WHO message"; IRCv3 WHOX."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...chat import status
from ...chat.rooms import Room, User
from .message import Message
from .people import find, shown_address
from .roomlines import prefix
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

# So many people are listed for a mask, and for a room; and so long may a mask be.
MAX_FOUND = 500
MAX_MEMBERS = 2_000
MAX_MASK = 100
# The fields of WHOX, in the order in which they are answered.
FIELDS = "tcuihsnfdlaor"
HIDDEN_ADDRESS = "255.255.255.255"


@verb("WHO", cost=3)
def who(connection: IRCProtocol, message: Message) -> None:
    """Lists who is in a room, or whose name, ident, host or realname matches a mask: WHO #room, WHO ann, WHO *bob*.
    A second parameter asks for fields, %tcuihsnfdlaor,token, or with "o" for operators only."""
    params = message.params
    mask = (params[0] if params else "") or "*"
    flags, percent, wanted = (params[1] if len(params) > 1 else "").partition("%")
    fields, _, token = wanted.partition(",")
    lines: list[str] = []
    for user, room in _found(connection, mask):
        if "o" in flags and not connection.chat.is_admin(user):
            continue
        if len(lines) == (MAX_FOUND if room is None else MAX_MEMBERS):
            lines.append(connection.numeric(416, "WHO", text=f"Only the first {len(lines)} are shown"))
            break
        if percent:
            lines.append(_extended(connection, user, room, fields, token))
        else:
            lines.append(_plain(connection, user, room))
    connection.lines(lines)
    connection.reply(315, mask, text="End of WHO list")


def _found(connection: IRCProtocol, mask: str) -> Iterator[tuple[User, Room | None]]:
    """Whom a mask finds, and in which room."""
    chat, asker = connection.chat, connection.user
    if mask.startswith("#"):
        room = chat.rooms.get(mask.lower())
        if room is not None and chat.sees_into(asker, room):
            yield from ((user, room) for user in room.members if asker in room.members or chat.finds(asker, user))
        return
    if "*" not in mask and "?" not in mask:
        named = find(connection, mask)
        if named is not None:
            yield named, None
        return
    if len(mask) > MAX_MASK:
        return
    matches = re.compile(_pattern(mask), re.MULTILINE).search
    for user in chat.users.values():
        card, called = user.card, status.realname(chat, asker, user)
        # One look at all of it: this is done for everyone who is here.
        if matches(f"{user.name.key}\n{card.ident}\n{card.host}\n{called}".casefold()) and chat.finds(asker, user):
            yield user, None


def _pattern(mask: str) -> str:
    """What a mask matches, as a line by itself. It takes no longer than the line is long, whatever the mask."""
    first, *others = (re.escape(part).replace(r"\?", ".") for part in mask.casefold().split("*"))
    if not others:
        return f"^{first}$"
    between = "".join(f"(?>.*?{part})" for part in others[:-1] if part)
    return f"^{first}{between}.*{others[-1]}$"


def _flags(connection: IRCProtocol, user: User, room: Room | None) -> str:
    """Here or gone, operator, bot, and what they are in the room."""
    flags = "H" if status.away(connection.chat, connection.user, user) is None else "G"
    if connection.chat.is_admin(user):
        flags += "*"
    if user.card.bot:
        flags += "B"
    if room is not None and user in room.members:
        flags += prefix(room, user, "multi-prefix" in connection.caps)
    return flags


def _plain(connection: IRCProtocol, user: User, room: Room | None) -> str:
    card = user.card
    return connection.numeric(
        352,
        room.name if room is not None else "*",
        card.ident,
        card.host,
        connection.server,
        user.name.shown,
        _flags(connection, user, room),
        text=f"0 {status.realname(connection.chat, connection.user, user) or user.name.shown}",
    )


def _extended(connection: IRCProtocol, user: User, room: Room | None, fields: str, token: str) -> str:
    chat, card, name = connection.chat, user.card, user.name.shown
    address = ""
    if "i" in fields and chat.sees_address(connection.user, user):
        address = shown_address(user.addresses[0])
    values = {
        "t": token[:3] if token.isdecimal() else "0",
        "c": room.name if room is not None else "*",
        "u": card.ident,
        "i": address or HIDDEN_ADDRESS,
        "h": card.host,
        "s": connection.server,
        "n": name,
        "f": _flags(connection, user, room),
        "d": "0",
        "l": str(max(0, int(chat.now() - user.active))),
        "a": name if user.registered else "0",
        "o": "n/a",
    }
    words = [values[field] for field in FIELDS[:-1] if field in fields]
    called = status.realname(chat, connection.user, user) or name
    return connection.numeric(354, *words, text=called if "r" in fields else None)
