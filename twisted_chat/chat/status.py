"""What people say of themselves: that they are away, who they are."""

from __future__ import annotations

from . import passing
from .acts import Act, Answer, Omit, Private, Session, Step
from .chat import Chat, check_length
from .errors import Refused
from .events import Kind, Passing
from .rooms import UNATTENDED, Room, User

MAX_REALNAME = 150


def away(chat: Chat, user: User, other: User) -> str | None:
    """Why someone is away (see L{User.away}), as another is told who asks.

    @param user: who asks.
    """
    return other.away if chat.hears(user, other) else None


def realname(chat: Chat, user: User, other: User) -> str:
    """What someone calls themselves in full, as another is told who asks; empty for nothing.

    @param user: who asks.
    """
    return other.card.realname if chat.hears(user, other) else ""


def set_away(chat: Chat, session: Session, text: str | None) -> None:
    """Be away, with a text, or back, with C{None}.

    C{"*"} is about this connection alone: nobody sits there. Whoever left no text is away when that holds for all of
    their connections. IRCv3 pre-away.

    @raise Refused: C{"too-long"}.
    """
    check_length(text or "", "away text")
    user = chat.user(session)
    before = user.away
    note_away(user, session, text)
    words = "You are marked as back." if text is None else "You are marked as away."
    told = Answer(session, "info", words, {"code": "back" if text is None else "gone"})
    chat.outbox.add(Act(session, [*tell_away(chat, user, before, session), told]))


def note_away(user: User, session: Session, text: str | None) -> None:
    """Let it hold, without telling anyone. See L{set_away}."""
    if text == UNATTENDED:
        user.unattended |= {session}
    else:
        user.note = text
        if session in user.unattended:
            user.unattended -= {session}


def tell_away(chat: Chat, user: User, before: str | None, session: Session | None = None) -> list[Step]:
    """What tells everyone in someone's rooms that they are away or back, if that has changed.

    @param before: L{User.away} as it was.
    @param session: one that knows it.
    """
    if user.away == before:
        return []
    if chat.is_shunned(user):
        others = tuple(s for s in user.sessions if s is not session)
        return [Private(others, chat.passing(Kind.AWAY, None, user, text=user.away or ""))] if others else []
    steps: list[Step] = []
    for event in passing.tell(chat, user, Kind.AWAY, user.away or ""):
        steps.append(event)
        if session is not None and isinstance(event, Passing):
            steps.append(Omit(session))
    return steps


def tell_room_away(chat: Chat, user: User, room: Room, session: Session) -> list[Step]:
    """What tells a room of someone who has just come in that they are away. IRCv3 away-notify.

    @param session: theirs, on which they came in.
    """
    if user.away is None or chat.is_shunned(user):
        return []
    return [chat.passing(Kind.AWAY, room, user, text=user.away), Omit(session)]


def set_realname(chat: Chat, session: Session, text: str) -> None:
    """Be called otherwise in full. Those in the same rooms are told, in protocols that show it.

    @raise Refused: C{"bad-realname"}.
    """
    user = chat.user(session)
    if not text.strip() or len(text.encode()) > MAX_REALNAME:
        raise Refused("bad-realname", f"A realname has from 1 to {MAX_REALNAME} bytes.")
    user.card = user.card._replace(realname=text)
    steps: list[Step] = [] if chat.is_shunned(user) else list(passing.tell(chat, user, Kind.PROFILE, text))
    if not user.rooms or chat.is_shunned(user):
        steps.append(Private(user.sessions, chat.passing(Kind.PROFILE, None, user, text=text)))
    steps.append(Answer(session, "info", f"Your realname is {text} now.", {"code": "realname"}))
    chat.outbox.add(Act(session, steps))


def set_flag(chat: Chat, session: Session, flag: str, on: bool) -> bool:
    """Say something of oneself: C{"invisible"}, C{"wallops"} (see L{User.flags}), C{"bot"} (a program), or, to take it
    back only, C{"oper"} (see L{User.oper}).

    @return: whether that is new.
    """
    user = chat.user(session)
    if flag == "oper":
        if on or not user.oper:
            return False
        user.oper = ""
        return True
    if flag == "bot":
        new = user.card.bot is not on
        user.card = user.card._replace(bot=on)
        return new
    new = (flag in user.flags) is not on
    user.flags = user.flags | {flag} if on else user.flags - {flag}
    return new
