"""Answers to messages, and reactions to them."""

from __future__ import annotations

from collections.abc import Callable

from . import talking
from .acts import Session
from .chat import Chat
from .errors import Refused
from .events import Event, Kind
from .lookup import look_up, spoken

# How long the sign of a reaction may be, in characters.
MAX_SIGN = 64


def is_message(chat: Chat, id: str) -> bool:
    """Whether something is the id of an event that there has been; what it was is not asked."""
    return len(id) < 19 and id.isascii() and id.isdecimal() and 0 < int(id) <= chat.outbox.position and id[0] != "0"


def to_message(chat: Chat, session: Session, id: str, then: Callable[[str], None]) -> None:
    """Do something about a message of the current room, when it has been found there.

    @param id: of the message.
    @param then: called with the room's name; what it raises is told to the session.
    @raise Refused: C{"no-such-message"} or C{"no-room"}.
    """
    _check(chat, id)
    user, room = chat.user(session), chat.own_room(session, None)

    def found(event: Event | None) -> None:
        if user in room.members:
            spoken(room, event)
            then(room.name)

    look_up(chat, session, room.name, int(id), found)


def reply(chat: Chat, session: Session, id: str, text: str) -> None:
    """Say something in the current room in answer to a message of it, when it has been found.

    @raise Refused: as L{to_message}.
    """
    to_message(chat, session, id, lambda room: talking.say(chat, session, text, where=room, to=id))


def react(
    chat: Chat,
    session: Session,
    id: str,
    sign: str,
    kind: Kind = Kind.REACTION,
    where: str | None = None,
    tags: str = "",
    echo: bool = True,
) -> None:
    """React to a message, or (C{Kind.UNREACTION}) take a reaction back.

    @param id: of the message.
    @param sign: what one reacts with: a short text, an emoji most of the time.
    @param where, tags, echo: as L{talking.say}.
    @raise Refused: C{"no-such-message"}, C{"too-long"}, or as L{talking.say}.
    """
    _check(chat, id)
    if len(sign) > MAX_SIGN:
        raise Refused("too-long", f"The sign of a reaction has at most {MAX_SIGN} characters.")
    talking.say(chat, session, sign, kind, where, id, tags, echo)


def _check(chat: Chat, id: str) -> None:
    if not is_message(chat, id):
        raise Refused("no-such-message", "There is no such message. /history ids shows the messages' IDs.")
