"""Saying something to those only who are something in a room: its ops, or all with voice."""

from __future__ import annotations

from . import talking
from .acts import Act, Private, Session
from .chat import Chat
from .events import Kind
from .permissions import Role

MARKS = {"@": Role.OP, "+": Role.VOICE}


def say_to_rank(
    chat: Chat,
    session: Session,
    text: str,
    where: str,
    kind: Kind = Kind.DIRECT,
    tags: str = "",
    echo: bool = True,
    form: object = None,
) -> None:
    """Say something to the ops of a room, or to all with voice. It is in nobody's history.

    @param where: the name of the room, after one of L{MARKS}: C{@#room}.
    @param kind: one of L{events.DIRECT}.
    @param tags, echo, form: as L{talking.say}.
    @raise Refused: C{"no-such-room"}, C{"not-in-room"}, C{"muted"}, C{"moderated"} or C{"slow"}.
    """
    user, room, least = chat.user(session), chat.own_room(session, where[1:]), MARKS[where[0]]
    undo = talking.check_may_speak(chat, user, room)
    event = chat.event(kind, None, user, where[0] + room.name, text)
    event.tags, event.form = tags, form
    heard = [s for member in room.members if chat.role(member, room) >= least for s in member.sessions]
    told = dict.fromkeys((*talking.own(session, user, echo), *(s for s in heard if s not in user.sessions)))
    if chat.is_shunned(user):
        talking.pretend(chat, session, user, event, echo)
    else:
        chat.outbox.add(Act(session, [event, Private(tuple(told), event)], undo))
