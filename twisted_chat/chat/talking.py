"""Talking: in a room, to one person, by a topic; and who may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

from .acts import Act, Answer, Omit, Private, Session, Step
from .chat import Chat, check_length, no_room, span
from .errors import Refused
from .events import Event, Kind, Put, inbox, sent
from .names import parse_name
from .permissions import Ban, Role, need
from .rooms import Room, User

MAX_SPOKEN = 1_000


def say(
    chat: Chat,
    session: Session,
    text: str,
    kind: Kind = Kind.MESSAGE,
    where: str | None = None,
    to: str = "",
    tags: str = "",
    echo: bool = True,
    form: object = None,
) -> None:
    """Say something in a room, by default the current one.

    @param text: of at most L{MAX_LINES} lines.
    @param kind: one of L{SPOKEN} or L{REACTIONS}.
    @param to: the id of the message that this is an answer to.
    @param tags, form: see L{Event}.
    @param echo: whether this session receives it, too.
    @raise Refused: C{"no-room"}, C{"no-such-room"}, C{"not-in-room"}, C{"muted"}, C{"moderated"} or C{"slow"}.
    """
    user = session.user
    room = session.room if where is None else chat.rooms.get(where) or chat.find_room(session, where)
    inside = room is not None and user in room.members
    if user is None or room is None or (not inside and where is None):
        raise no_room(session)
    if not inside and "external" not in chat.find_room(session, where).modes:
        raise Refused("not-in-room", f"You are not in {room.name}.")
    now = chat.now()
    user.active = now
    undo = check_may_speak(chat, user, room) if room.modes or room.mutes or room.bans else None
    event = Event(kind, int(now * 1000), room.name, user.name.shown, to, text)
    event.card = user.card
    event.tags = tags
    event.form = form
    if chat.shunned and chat.is_shunned(user):
        pretend(chat, session, user, event, echo)
    elif inside:
        chat.outbox.add(Act(session, (event,) if echo else (event, Omit(session)), undo))
    else:
        chat.outbox.add(Act(session, (event, Private(own(session, user, echo), event)), undo))


def message(
    chat: Chat,
    session: Session,
    text: str,
    name: str,
    kind: Kind = Kind.DIRECT,
    tags: str = "",
    echo: bool = True,
    form: object = None,
    twice: bool = False,
) -> None:
    """Say something to one person only; to an account that is not here, for when it comes.

    @param kind: one of L{DIRECT}. To a notice there are no answers, not even that they are away.
    @param text, tags, echo, form: as L{say}.
    @param twice: whether this session is to receive what it says to itself both as sent and as received.
    @raise Refused: C{"no-such-user"}.
    """
    user, to = chat.user(session), parse_name(name)
    other, account = chat.users.get(to.key), chat.accounts.get(to.key)
    if other is None and account is None:
        raise Refused("no-such-user", f"There is no {to.shown} here.")
    shown = other.name.shown if other else account.name if account else ""
    event = chat.event(kind, None, user, shown, text)
    event.tags = tags
    event.form = form
    mine = own(session, user, echo)
    steps: list[Step] = [event, *private(session, event, mine, other, twice)]
    undo = None
    if chat.shunned and chat.is_shunned(user):
        steps = [pretended(chat, mine, event)]
    elif account is None:
        event.stream = sent(user.name.key) if user.registered else None
    else:
        event.stream = inbox(to.key)
        if other is not None and other.caught_up and any(not s.behind for s in other.sessions):
            # What came before is received by now; should the process be killed, only this one comes again.
            put, undo = chat.accounts.change(to.key, inbox=chat.outbox.position)
            steps.append(put)
    if kind is Kind.DIRECT_NOTICE:
        pass
    elif other is None:
        text = f"{shown} is not here, and will receive it on coming back."
        steps.append(Answer(session, "info", text, {"code": "not-here", "name": shown}))
    elif other.away is not None and chat.hears(user, other):
        data = {"code": "away", "name": shown, "away": other.away}
        steps.append(Answer(session, "info", f"{shown} is away: {other.away}", data))
    chat.outbox.add(Act(session, steps, undo))


def set_topic(chat: Chat, session: Session, text: str, where: str | None = None) -> None:
    """Set the topic of the current room, or clear it with an empty text.

    @raise Refused: C{"no-room"}, C{"not-allowed"}, C{"muted"} or C{"too-long"}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    chat.check_may(user, room, "topic", "set the topic")
    check_not_muted(chat, user, room)
    check_length(text, "topic")
    if chat.shunned and chat.is_shunned(user):
        pretend(chat, session, user, chat.event(Kind.TOPIC, room, user, text=text))
        return
    old = room.topic, room.topic_by, room.topic_at
    room.topic, room.topic_by, room.topic_at = text, user.name.shown, chat.now()

    def undo() -> None:
        room.topic, room.topic_by, room.topic_at = old
        chat.keep_if_used(room)

    kept = chat.keep_room(room) or [Put("room", room.name, None)]
    chat.outbox.add(Act(session, [chat.event(Kind.TOPIC, room, user, text=text), *kept], undo))


def own(session: Session, user: User, echo: bool) -> tuple[Session, ...]:
    """Which of someone's sessions receive what they say on one: all, or all others."""
    return user.sessions if echo else tuple(s for s in user.sessions if s is not session)


def pretend(chat: Chat, session: Session, user: User, event: Event, echo: bool = True) -> None:
    """What someone who is shunned does looks done to them; nobody else sees it, and it is not kept."""
    chat.outbox.add(Act(session, (pretended(chat, own(session, user, echo), event),)))


def pretended(chat: Chat, sessions: tuple[Session, ...], event: Event) -> Private:
    """The step that shows some sessions something that is not kept as if it were."""
    event.id = chat.outbox.position + 1
    return Private(sessions, event)


def check_may_speak(chat: Chat, user: User, room: Room) -> Callable[[], None] | None:
    """Someone is about to speak in a room: note when, where that counts.

    @return: what takes back that they have spoken now.
    @raise Refused: C{"moderated"}, C{"muted"} or C{"slow"}.
    """
    now, role = chat.now(), chat.role(user, room)
    if role < need("speak", room.modes):
        raise Refused("moderated", f"{room.name} is moderated: only those with voice may speak.")
    check_not_muted(chat, user, room)
    slow = room.modes.get("slow")
    if not slow or role >= Role.VOICE:
        return None
    key = user.name.key
    before = room.spoken.get(key, 0.0)
    wait = before + slow - now
    if wait > 0:
        raise Refused("slow", f"{room.name} is in slow mode: wait {ceil(wait)} s before you speak again.")
    if len(room.spoken) > MAX_SPOKEN:
        room.spoken = {name: at for name, at in room.spoken.items() if at + slow > now}
    room.spoken[key] = now

    def undo() -> None:
        room.spoken[key] = before

    return undo


def may_speak(chat: Chat, user: User, room: Room) -> bool:
    """Whether someone may speak in a room, however slowly."""
    try:
        check_not_muted(chat, user, room)
    except Refused:
        return False
    return chat.role(user, room) >= need("speak", room.modes)


def check_not_muted(chat: Chat, user: User, room: Room) -> None:
    """
    @raise Refused: C{"muted"}.
    """
    now = chat.now()
    if not room.mutes and not room.bans:
        return
    mute = chat.mute_on(chat.who(user), room) or chat.ban_on(chat.who(user), room)
    if mute is not None and chat.role(user, room) < Role.VOICE:
        what = "muted in" if room.mutes.get(mute.mask) is mute else "banned from"
        raise Refused("muted", f"You are {what} {room.name}{_until(mute, now)}.")


def private(
    session: Session, event: Event, mine: Sequence[Session], other: User | None, twice: bool = False
) -> list[Private]:
    """The steps that give an event to two people.

    @param session: whose command it was.
    @param mine: the sessions of its user that receive it as sent.
    @param other: who receives it; C{None} for nobody yet.
    @param twice: see L{message}.
    """
    if other is None or other is not session.user:
        here = other.sessions if other is not None else ()
        return [Private(tuple(dict.fromkeys((*mine, *here))), event)]
    if twice:
        return [Private(mine, event), Private((session,), event, aside=True)]
    return [Private(other.sessions, event, aside=session not in mine)]


def _until(ban: Ban, now: float) -> str:
    return f" for another {span(ban.until - now)}" if ban.until else ""
