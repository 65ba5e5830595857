"""What a client is told of a room that it comes into: its topic, who is there, what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ...chat.acts import Step
from ...chat.permissions import Role
from ...chat.rooms import Room
from .message import MAX_LINE, cut

if TYPE_CHECKING:
    from .connection import IRCProtocol

PREFIXES = {Role.OWNER: "@", Role.OP: "@", Role.VOICE: "+"}


def arrival(connection: IRCProtocol, room: Room) -> Sequence[Step]:
    """What follows the client's JOIN."""
    lines = topic(connection, room) if room.topic else []
    return [connection.answer([*lines, *names(connection, room)])]


def topic(connection: IRCProtocol, room: Room) -> list[str]:
    """The room's topic, or that it has none."""
    if not room.topic:
        return [connection.numeric(331, room.name, text="No topic is set")]
    return [connection.numeric(332, room.name, text=cut(room.topic, 390))]


def names(connection: IRCProtocol, room: Room) -> list[str]:
    """Who is there."""
    head = connection.numeric(353, "@" if "secret" in room.modes else "=", room.name, text="")
    full = "userhost-in-names" in connection.caps
    words = []
    for member, role in room.members.items():
        card = member.card
        words.append(PREFIXES.get(role, "") + member.name.shown + (f"!{card.ident}@{card.host}" if full else ""))
    lines = [head + line for line in fill(words, MAX_LINE - 2 - len(head.encode()))]
    return [*lines, connection.numeric(366, room.name, text="End of /NAMES list")]


def fill(words: Sequence[str], size: int) -> Iterator[str]:
    """Words in lines of at most so many bytes."""
    line: list[str] = []
    used = 0
    for word in words:
        length = len(word.encode()) + 1
        if used + length > size and line:
            yield " ".join(line)
            line, used = [], 0
        line.append(word)
        used += length
    if line:
        yield " ".join(line)
