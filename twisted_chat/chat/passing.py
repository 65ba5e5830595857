"""What is told to those who are here now, and not kept: who is typing, who logged in, what a program asks another."""

from __future__ import annotations

from .acts import Act, Omit, Private, Session, Step
from .chat import Chat
from .errors import Refused
from .events import Kind
from .names import parse_name
from .rooms import User
from .talking import check_may_speak, may_speak, own, pretend, pretended, private


def tell_room(
    chat: Chat,
    session: Session,
    kind: Kind,
    where: str,
    text: str = "",
    tags: str = "",
    form: object = None,
    echo: bool = True,
) -> None:
    """Tell those in a room.

    @param kind: C{Kind.TAGS} or C{Kind.PROGRAM}.
    @param text, tags, form, echo: as L{talking.say}.
    @raise Refused: C{"no-such-room"}, C{"not-in-room"}, C{"moderated"}, C{"muted"} or C{"slow"}: as if it were said.
    """
    user, room, undo = chat.user(session), chat.own_room(session, where), None
    if kind is Kind.PROGRAM:
        # It has a text, which some programs show.
        undo = check_may_speak(chat, user, room)
    elif not may_speak(chat, user, room):
        raise Refused("moderated", f"You may not speak in {room.name}.")
    event = chat.passing(kind, room, user, text=text)
    event.tags, event.form = tags, form
    if chat.is_shunned(user):
        pretend(chat, session, user, event, echo)
    else:
        chat.outbox.add(Act(session, (event,) if echo else (event, Omit(session)), undo))


def tell_person(
    chat: Chat,
    session: Session,
    kind: Kind,
    name: str,
    text: str = "",
    tags: str = "",
    form: object = None,
    echo: bool = True,
    twice: bool = False,
) -> None:
    """Tell one person, if they are here.

    @param kind, text, tags, form, echo: as L{tell_room}.
    @param twice: as L{talking.message}.
    @raise Refused: C{"no-such-user"}, or C{"bad-name"}.
    """
    user, key = chat.user(session), parse_name(name).key
    other = chat.users.get(key)
    if other is None:
        if chat.accounts.get(key) is not None:
            return
        raise Refused("no-such-user", f"There is no {name} here.")
    event = chat.passing(kind, None, user, other.name.shown, text)
    event.tags, event.form = tags, form
    mine = own(session, user, echo)
    if chat.is_shunned(user):
        chat.outbox.add(Act(session, (pretended(chat, mine, event),)))
    else:
        chat.outbox.add(Act(session, private(session, event, mine, other, twice)))


def tell(chat: Chat, user: User, kind: Kind, text: str = "", target: str = "") -> list[Step]:
    """What tells everyone in someone's rooms, and who else watches them closely, something about them that is not
    kept.

    @return: the steps, one for each room, and one for the others.
    """
    whole = object()
    steps: list[Step] = []
    for room in user.rooms:
        event = chat.passing(kind, room, user, target, text)
        event.whole = whole
        steps.append(event)
    others = chat.watching.strangers(user)
    if others:
        steps.append(Private(others, chat.passing(kind, None, user, target, text)))
    return steps
