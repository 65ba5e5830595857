"""Coming and going: into the chat and out of it, under which name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import talking
from .accounts import Account
from .acts import Act, Answer, Enter, Exit, Focus, Private, Recall, Session, Step
from .catchup import catch_up, left_behind
from .chat import REPLAY, Chat, check_length, span
from .errors import Refused
from .events import Card, Kind
from .leaving import Farewell
from .masks import Who
from .membership import banned_here, comes_in, greeting, remove, rooms_to_enter, show_role, to_themselves
from .names import RESERVED, Name, parse_name, skeleton
from .permissions import Role
from .rooms import Room, User
from .status import note_away, tell_away
from .watching import came, renamed, went

RESERVED_LOOKS = frozenset(skeleton(name) for name in RESERVED)


def enter(
    chat: Chat,
    session: Session,
    name: Name,
    account: Account | None = None,
    card: Card | None = None,
    welcome: Callable[[User], Sequence[Step]] | None = None,
    away: str | None = None,
) -> None:
    """Let someone in: as a guest into the lobby, with an account to where it was; beside its other connections, if any.

    @param account: the account of that name, if its password has been checked; C{None} for a guest.
    @param card: what else is known of them.
    @param welcome: makes what the session is told first, in protocols where people say themselves which rooms they
        enter: they come into none then, but into those where they are already with another connection.
    @param away: what they have said of being away (L{status.set_away}); empty: that they are not; C{None}: nothing.
    @raise Refused: C{"name-in-use"}, C{"confusable"}, C{"banned"}, C{"suspended"}, or (guests) C{"registered"} and
        C{"no-guests"}.
    """
    check_admitted(chat, session, name, account, card)
    user = chat.users.get(name.key)
    if user is not None and user.registered and account is not None:
        _attach(chat, session, user, account, welcome, away)
        return
    displaced = user if account is not None else None
    chat.check_free(name, displaced)
    if displaced is not None:
        for other in displaced.sessions:
            drop(chat, other, "This name belongs to an account, whose owner has just come.")
        account = chat.accounts.get(name.key)
    shown = name if account is None else parse_name(account.name)
    user = User(shown, session, chat.now(), account is not None, card or Card(host=chat.cloak(session.address)))
    chat.add_user(user)
    chat.logins += 1
    rooms = rooms_to_enter(chat, user, account) if welcome is None else []
    chat.strangers.discard(session)
    made = [room for room in rooms if user in room.members]
    for room in rooms:
        if room not in made:
            chat.put_in(user, room)
    session.user = user
    session.room = rooms[0] if rooms else None
    note_away(user, session, away or None)

    def undo() -> None:
        for room in made:
            room.roles.clear()
            chat.keep_if_used(room)
        chat.remove_user(user)
        chat.outbox.add(Act(None, went(chat, user.name)))
        for other in user.sessions:
            other.user = other.room = None
            chat.watching.forget(other)
            if other.alive and not other.closing:
                chat.strangers.add(other)
            if other is not session:
                told = Answer(other, "login", "-- You are not logged in after all: please try again.")
                chat.outbox.add(Act(None, [Exit(other, None), Focus(other, None), told]))
            if other.arrival is not None:
                # It cannot be asked for a name again.
                chat.hang_up(other, "You are not logged in after all: please try again.")
        if user.farewell is not None:
            user.farewell.forget(account)

    steps: list[Step] = [*welcome(user)] if welcome is not None else []
    told: list[Step] = []
    for room in rooms:
        first, seen = comes_in(chat, user, room)
        steps += [*first, Enter(session, room.name)]
        told += [*seen, *show_role(chat, user, room)]
    for room in made:
        told += chat.keep_room(room)
    steps += [Focus(session, rooms[0].name if rooms else None), *came(chat, shown), *told]
    if welcome is None:
        steps.append(greeting(chat, session, rooms))
    steps += [Recall(session, (room.name,), REPLAY, talk=True, title=room.name) for room in rooms[:1]]
    if account is not None:
        steps += catch_up(chat, session, user, account)
    chat.outbox.add(Act(session, steps, undo))


def _attach(
    chat: Chat,
    session: Session,
    user: User,
    account: Account,
    welcome: Callable[[User], Sequence[Step]] | None,
    away: str | None,
) -> None:
    """Another connection of someone who is here."""
    chat.logins += 1
    was_away = user.away
    user.sessions += (session,)
    session.user = user
    if away is not None:
        note_away(user, session, away or None)
    chat.strangers.discard(session)
    for banned in [room for room in user.rooms if banned_here(chat, user, room, session)]:
        event = chat.event(Kind.LEAVE, banned, user, text="banned")
        remove(chat, user, banned, event, [], None)
    session.room = room = user.rooms[0] if user.rooms else None
    steps: list[Step] = [*welcome(user)] if welcome is not None else []
    steps += [Enter(session, r.name) for r in user.rooms]
    if room is not None:
        steps.append(Focus(session, room.name))
    if session.arrival is not None:
        for each in user.rooms:
            steps += [Private((session,), chat.event(Kind.JOIN, each, user)), *session.arrival(each)]
    else:
        steps.append(greeting(chat, session, user.rooms))
        if room is not None:
            steps.append(Recall(session, (room.name,), REPLAY, talk=True, title=room.name))
    if not user.caught_up:
        steps += catch_up(chat, session, user, account)
    steps += tell_away(chat, user, was_away, session)
    chat.outbox.add(Act(session, steps))


def check_admitted(chat: Chat, session: Session, name: Name, account: Account | None, card: Card | None = None) -> None:
    """
    @param card: what else is known of them.
    @raise Refused: as L{enter}, where it is about who someone is.
    """
    card, seen = card or Card(host=chat.cloak(session.address)), chat.cloak(session.address)
    own = name.key if account is not None else ""
    ban = chat.find_ban(chat.bans.values(), Who(name.key, card.ident, (card.host, seen), (session.address,), own))
    if ban is not None and not (account is not None and account.admin):
        raise Refused("banned", "You are banned from this server" + (f": {ban.reason}" if ban.reason else "."))
    if account is None:
        if chat.accounts.get(name.key) is not None:
            raise Refused("registered", f"The name {name.shown} is registered: log in with its password.")
        if not chat.guests:
            raise Refused("no-guests", "Only registered people may come in here.")
        if name.skeleton in RESERVED_LOOKS:
            raise Refused("reserved", f"The name {name.shown} is reserved.")
    elif account.suspended is not None:
        raise Refused("suspended", f"This account is suspended{': ' if account.suspended else ''}{account.suspended}.")


def quit(chat: Chat, session: Session, reason: str = "") -> None:
    """Someone leaves, by their own wish: the connection is closed when all is said.

    @raise Refused: C{"too-long"}: the reason.
    """
    check_length(reason, "reason")
    shunned = session.user is not None and chat.is_shunned(session.user)
    lost(chat, session, "" if shunned else reason)
    chat.hang_up(session, "Goodbye.")


def drop(chat: Chat, session: Session, why: str, reason: str = "") -> None:
    """A connection is ended by others.

    @param why: what it is told.
    @param reason: what the rooms are told.
    """
    lost(chat, session, reason)
    chat.hang_up(session, why)


def lost(chat: Chat, session: Session, reason: str = "") -> None:
    """A connection is no longer someone's. Called once or more for every session, logged in or not."""
    user = session.user
    if user is None:
        return
    rooms, was_away, shunned = user.rooms, user.away, chat.is_shunned(user)
    session.user = session.room = None
    user.sessions = tuple(s for s in user.sessions if s is not session)
    user.unattended -= {session}
    if session.behind and not any(not s.behind for s in user.sessions):
        user.caught_up = False
    chat.outbox.add(Act(None, [Exit(session, None), *(tell_away(chat, user, was_away) if user.sessions else [])]))
    if user.sessions:
        return
    chat.departed.add(user, session.address, chat.now(), shunned)
    may_speak = {room: talking.may_speak(chat, user, room) for room in rooms}
    chat.remove_user(user)
    events = {}
    whole = object()
    for room in rooms:
        events[room] = event = chat.event(Kind.LEAVE, room, user, text=reason if may_speak[room] else "")
        event.whole = whole
    user.farewell = Farewell(chat, user, events, went(chat, user.name))
    chat.outbox.add(user.farewell)


def rename(chat: Chat, session: Session, text: str) -> None:
    """Take another name.

    @raise Refused: C{"bad-name"}, C{"name-in-use"}, C{"confusable"}, C{"same-name"}, C{"registered"},
        C{"banned"} or C{"muted"} in one of one's rooms, or C{"own-name"}: an account has but one name.
    """
    user = chat.user(session)
    old, new = user.name, parse_name(text)
    if new.shown == old.shown:
        raise Refused("same-name", f"You are {new.shown} already.")
    if user.registered and new.key != old.key:
        raise Refused("own-name", f"You are logged in as {old.shown}; /logout first to be somebody else.")
    chat.check_free(new, user)
    if not user.registered:
        check_admitted(chat, session, new, None, user.card)
        for room in user.rooms:
            if (
                chat.ban_on(chat.who(user)._replace(key=new.key), room) is not None
                and chat.role(user, room) < Role.VOICE
            ):
                raise Refused("banned", f"The name {new.shown} is banned from {room.name}, where you are.")
            talking.check_not_muted(chat, user, room)
    steps: list[Step] = []
    whole = object()
    for each in user.rooms:
        event = chat.event(Kind.RENAME, each, user, new.shown)
        event.whole = whole
        steps.append(event)
    if not user.rooms:
        steps += to_themselves(user, chat.event(Kind.RENAME, None, user, new.shown))
    departure = None
    if new.key != old.key:
        departure = chat.departed.add(user, session.address, chat.now(), chat.is_shunned(user))
    steps += renamed(chat, old, new)
    if new.key != old.key:
        steps += left_behind(chat, user)
    invited = change_name(chat, user, new)
    steps.append(Answer(session, "info", f"You are now {new.shown}.", {"code": "renamed", "name": new.shown}))
    if user.registered:
        put, undo_account = chat.accounts.change(new.key, name=new.shown)
        steps.append(put)

    def undo() -> None:
        if departure is not None:
            chat.departed.forget(departure)
        chat.outbox.add(Act(None, renamed(chat, new, old) if user.farewell is None else went(chat, old)))
        if user.registered:
            undo_account()
        if user.farewell is None:
            change_name(chat, user, old, invited)
        else:
            user.name = old

    chat.outbox.add(Act(session, steps, undo))


def change_name(chat: Chat, user: User, name: Name, invited: Sequence[Room] = ()) -> list[Room]:
    """Give someone who is here another name; nothing is checked, and nobody is told.

    @param invited: the rooms to which they are invited under that name.
    @return: those to which they were, under the old one.
    """
    before = [room for room in chat.rooms.values() if user.name.key in room.invited]
    if chat.users.get(user.name.key) is user:
        for room in user.rooms:
            if user.name.key in room.spoken:
                at = room.spoken.pop(user.name.key)
                room.spoken[name.key] = max(at, room.spoken.get(name.key, at))
            if user.name.key in room.voiced:
                room.voiced.remove(user.name.key)
                room.voiced.add(name.key)
        chat.remove_name(user)
        if name.key != user.name.key:
            user.named = chat.now()
        user.name = name
        chat.add_user(user)
        for room in invited:
            room.invited.add(name.key)
    return before


def tell_seen(chat: Chat, session: Session, text: str) -> None:
    """Tell when someone was last here.

    @raise Refused: C{"no-such-user"}.
    """
    name = parse_name(text)
    user, account = chat.users.get(name.key), chat.accounts.get(name.key)
    if user is not None:
        chat.answer(session, f"{user.name.shown} is here.", "seen", {"name": user.name.shown, "ago": 0})
    elif account is not None:
        ago = chat.now() - account.seen
        data: dict[str, object] = {"name": account.name, "ago": round(ago)}
        chat.answer(session, f"{account.name} was here {span(ago)} ago.", "seen", data)
    else:
        raise Refused("no-such-user", f"Nobody knows a {name.shown}.")
