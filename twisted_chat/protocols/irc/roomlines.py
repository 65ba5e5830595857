"""What a client is told of a room that it comes into: its topic, who is there, what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ...chat import history, markers
from ...chat.acts import Step
from ...chat.permissions import Role
from ...chat.rooms import Room, User
from .message import MAX_LINE, cut

if TYPE_CHECKING:
    from .connection import IRCProtocol

# What marks someone in a room, by what they are there: an L{Role} is an index here, as it is a number.
PREFIXES = tuple({Role.OWNER: "@", Role.OP: "@", Role.VOICE: "+"}.get(role, "") for role in Role)


def arrival(connection: IRCProtocol, room: Room) -> Sequence[Step]:
    """What follows the client's JOIN."""
    lines = topic(connection, room) if room.topic else []
    user, session = connection.user, connection.session
    steps: list[Step] = []
    if session.marks:
        steps.append(markers.answer(connection.chat, session, user, room.name))
    if "draft/no-implicit-names" not in connection.caps:
        lines += [*names(connection, room), connection.numeric(366, room.name, text="End of /NAMES list")]
    if lines:
        steps.append(connection.answer(lines))
    shown = history.on_entering(session, user, room)
    return [*steps, shown] if shown is not None else steps


def topic(connection: IRCProtocol, room: Room) -> list[str]:
    """The room's topic, or that it has none."""
    if not room.topic:
        return [connection.numeric(331, room.name, text="No topic is set")]
    lines = [connection.numeric(332, room.name, text=cut(room.topic, 390))]
    if room.topic_by:
        lines.append(connection.numeric(333, room.name, room.topic_by, str(int(room.topic_at))))
    return lines


def names(connection: IRCProtocol, room: Room) -> list[str]:
    """Who is there: 353. No 366 follows."""
    head = connection.numeric(353, "@" if "secret" in room.modes else "=", room.name, text="")
    full = "userhost-in-names" in connection.caps
    several = "multi-prefix" in connection.caps
    if several and room.voiced:
        words = [prefix(room, member, several) + member.name.shown for member in room.members]
    else:
        words = [PREFIXES[role] + member.name.shown for member, role in room.members.items()]
    if full:
        cards = (member.card for member in room.members)
        words = [f"{word}!{card.ident}@{card.host}" for word, card in zip(words, cards, strict=True)]
    return [head + line for line in fill(words, MAX_LINE - 2 - len(head.encode()))]


def prefix(room: Room, member: User, several: bool) -> str:
    """What marks someone in a room as op or as voiced.

    @param several: for a client with multi-prefix, which is told of both.
    """
    mark = PREFIXES[room.members[member]]
    return mark + "+" if several and mark == "@" and member.name.key in room.voiced else mark


def fill(words: Sequence[str], size: int) -> Iterator[str]:
    """Words in lines of at most so many bytes."""
    text = " ".join(words)
    if text.isascii() and max(map(len, words), default=0) <= size:
        # The quick way: everyone who joins a large room is told all of its names.
        start = 0
        while len(text) - start > size:
            end = text.rindex(" ", start, start + size + 1)
            yield text[start:end]
            start = end + 1
        if text:
            yield text[start:]
        return
    line: list[str] = []
    used = 0
    for word in words:
        length = len(word.encode()) + 1
        if used + length > size + 1 and line:
            yield " ".join(line)
            line, used = [], 0
        line.append(word)
        used += length
    if line:
        yield " ".join(line)
