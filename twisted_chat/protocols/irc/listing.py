"""LIST: which rooms there are. modern.ircdocs.horse, "LIST message" and "ELIST parameter"."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ...chat.rooms import Room
from .message import Message, cut
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

# What the conditions of a LIST may be about: when a room was made, masks of its name, when its topic was set, how many
# are in it.
ELIST = "CMNTU"
MAX_ROOMS = 2_000
MAX_CONDITIONS = 20

# Whether a room is asked for, by someone who may see into it or not (L{Chat.sees_into}).
Condition = Callable[[Room, bool], bool]


@verb("LIST", cost=3)
def list_rooms(connection: IRCProtocol, message: Message) -> None:
    """Lists rooms: LIST [#room,*mask*,!*mask*,>people,<people,C>minutes,C<minutes,T>minutes,T<minutes]."""
    chat, user = connection.chat, connection.user
    asked = message.params[0].split(",")[:MAX_CONDITIONS] if message.params else []
    names = {word.casefold() for word in asked if word.startswith("#") and not set(word) & set("*?")}
    conditions = [c for c in (_condition(word, chat.now()) for word in asked) if c is not None]
    if names:
        candidates = [room for name in names if (room := chat.rooms.get(name)) is not None]
    elif asked and not conditions:
        candidates = []
    else:
        candidates = [room for room in chat.rooms.values() if room.members or room.topic or room.lasting]

    def fits(room: Room) -> bool:
        sees = chat.sees_into(user, room)
        return all(holds(room, sees) for holds in conditions)

    found = [room for room in candidates if chat.knows(user, room) and fits(room)]
    found.sort(key=lambda room: (-len(room.members), room.name))
    lines = [connection.numeric(321, "Channel", text="Users  Name")]
    for room in found[:MAX_ROOMS]:
        topic = cut(room.topic, 350) if chat.sees_into(user, room) else ""
        lines.append(connection.numeric(322, room.name, str(len(room.members)), text=topic))
    connection.lines([*lines, connection.numeric(323, text="End of /LIST")])


def _condition(word: str, now: float) -> Condition | None:
    """
    @return: C{None} for what is no condition.
    """
    kind, sign, number = word[:1].upper(), word[1:2], word[2:]
    if kind in "<>":
        kind, sign, number = "U", word[:1], word[1:]
    if kind and kind in "CTU" and sign and sign in "<>" and number.isdecimal() and len(number) < 10:
        return _compared(kind, sign, int(number), now)
    if word.startswith("!"):
        unwanted = _mask(word[1:])
        return lambda room, sees: not fnmatchcase(room.name, unwanted)
    if "*" in word or "?" in word:
        wanted = _mask(word)
        return lambda room, sees: fnmatchcase(room.name, wanted)
    return None


def _compared(kind: str, sign: str, number: int, now: float) -> Condition:
    def value(room: Room, sees: bool) -> float | None:
        if kind == "U":
            return len(room.members)
        # Who may not see a topic does not learn either that there is one.
        at = room.made if kind == "C" else room.topic_at if sees else 0
        return (now - at) / 60 if at else None

    def holds(room: Room, sees: bool) -> bool:
        is_now = value(room, sees)
        return is_now is not None and (is_now < number if sign == "<" else is_now > number)

    return holds


def _mask(text: str) -> str:
    return text.casefold().replace("[", "[[]")
