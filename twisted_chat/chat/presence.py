"""Coming and going: into the chat, into rooms, under which name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil

from .accounts import Account
from .acts import Act, Answer, Enter, Exit, Focus, Private, Recall, Session, Step, Tally
from .chat import LOBBY, REPLAY, Chat, check_length, counted, span
from .errors import Refused
from .events import Card, Event, Kind, Move, Put, inbox
from .masks import Who
from .metadata import introduce
from .names import RESERVED, Name, parse_name, parse_room, skeleton
from .permissions import Role
from .rooms import Room, User
from .status import note_away, tell_away, tell_room_away
from .watching import came, renamed, went

MAX_OWNED = 100
MAX_WAITING = 1_000_000
MAX_MARKS = 1_000
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
    for room in rooms:
        if user not in room.members:
            chat.put_in(user, room)
    session.user = user
    session.room = rooms[0] if rooms else None
    note_away(user, session, away or None)

    def undo() -> None:
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
            user.farewell.steps = []

    steps: list[Step] = [*welcome(user)] if welcome is not None else []
    for room in rooms:
        steps += [Enter(session, room.name)]
    steps.append(Focus(session, rooms[0].name if rooms else None))
    steps += came(chat, shown)
    for room in rooms:
        steps += [chat.event(Kind.JOIN, room, user), *show_role(chat, user, room)]
    if welcome is None:
        steps.append(_greeting(chat, session, rooms))
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
        steps.append(_greeting(chat, session, user.rooms))
        if room is not None:
            steps.append(Recall(session, (room.name,), REPLAY, talk=True, title=room.name))
    if not user.caught_up:
        steps += catch_up(chat, session, user, account)
    steps += tell_away(chat, user, was_away, session)
    chat.outbox.add(Act(session, steps))


def banned_here(chat: Chat, user: User, room: Room, session: Session) -> bool:
    """Whether someone in a room is banned from it, under their name now, or from where this session comes."""
    if chat.role(user, room) >= Role.OP:
        return False
    who = chat.who(user)._replace(addresses=(session.address,), hosts=(user.card.host, chat.cloak(session.address)))
    return chat.ban_on(who, room) is not None


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


def rooms_to_enter(chat: Chat, user: User, account: Account | None) -> list[Room]:
    """The lobby, and where an account was before; as far as they may be there.

    A room is the same only if it was there already when the account left: what has been made since under its name is
    somebody else's.
    """
    rooms: list[Room] = []
    for name in (LOBBY, *(account.rooms if account else ())):
        room = chat.rooms.get(name)
        if room is None:
            parsed = parse_room(name)
            if parsed.skeleton not in chat.looks:
                rooms.append(_make(chat, user, parsed))
            continue
        if room in rooms or (account is not None and room.made > account.seen):
            continue
        if _why_not(chat, user, room, room.modes.get("key"), back=name != LOBBY) is None:
            rooms.append(room)
    return rooms


def _greeting(chat: Chat, session: Session, rooms: list[Room] | tuple[Room, ...]) -> Answer:
    lines = chat.motd.split("\n") if chat.motd else []
    if not rooms:
        lines.append(f"Welcome to {chat.server}. You are in no room; /help lists the commands.")
        return Answer(session, "room", "\n".join(lines), room_data(None))
    room = rooms[0]
    lines.append(f"Welcome to {chat.server}. You are in {room.name}, {_company(room)}; /help lists the commands.")
    if len(rooms) > 1:
        lines.append("You are also in " + ", ".join(r.name for r in rooms[1:]) + ".")
    return Answer(session, "room", "\n".join(lines + _about(room)), room_data(room))


def catch_up(chat: Chat, session: Session, user: User, account: Account) -> list[Step]:
    """What came while an account was away: its direct messages, and how much is new in its rooms."""
    user.marks = dict(account.markers)

    def sent(count: int) -> None:
        user.caught_up = True
        if count and chat.users.get(user.name.key) is user and chat.accounts.get(user.name.key) is not None:
            # At once: should the process be killed, they do not come a second time.
            chat.outbox.add(Act(None, [chat.accounts.note(user.name.key, inbox=chat.outbox.position)], fact=True))

    steps: list[Step] = []
    if session.pulls:
        user.caught_up = True
    else:
        # What was said to somebody who had the name before is not for them.
        made, received = ceil(account.created * 1000), account.inbox
        own = (inbox(user.name.key),)
        steps.append(Recall(session, own, MAX_WAITING, after=received, since=made, end=sent, title=""))
    since = {room.name: account.markers[room.name] for room in user.rooms if room.name in account.markers}
    if since:
        read = {room: time + 1 for room, time in chat.reads.get(user.name.key, {}).items() if room in since}
        steps.append(Tally(session, since, lambda new: _news(session, new), read))
    return steps


def _news(session: Session, new: Mapping[str, int]) -> Answer | None:
    counts = {room: count for room, count in new.items() if count}
    if not counts:
        return None
    said = ", ".join(f"{count} in {room}" for room, count in counts.items())
    return Answer(session, "unread", f"New since you left: {said}. /unread shows them.", {"rooms": counts})


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
    rooms, was_away = user.rooms, user.away
    session.user = session.room = None
    user.sessions = tuple(s for s in user.sessions if s is not session)
    user.unattended -= {session}
    if session.behind and not any(not s.behind for s in user.sessions):
        user.caught_up = False
    chat.outbox.add(Act(None, [Exit(session, None), *(tell_away(chat, user, was_away) if user.sessions else [])]))
    if user.sessions:
        return
    chat.departed.add(user, session.address, chat.now())
    may_speak = {room: chat.may_speak(user, room) for room in rooms}
    chat.remove_user(user)
    steps: list[Step] = []
    whole = object()
    for room in rooms:
        event = chat.event(Kind.LEAVE, room, user, text=reason if may_speak[room] else "")
        event.whole = whole
        steps.append(event)
    steps += chat.close_rooms(rooms)
    if user.registered and chat.accounts.get(user.name.key) is not None:
        steps.append(_remember(chat, user, rooms))
    else:
        steps += left_behind(chat, user)
    steps += went(chat, user.name)
    # Undoing what came before changes what there is to say, once more can be written.
    user.farewell = Act(None, steps, fact=True)
    chat.outbox.add(user.farewell)


def left_behind(chat: Chat, user: User) -> list[Put]:
    """What a guest leaves whose name somebody else has made an account of meanwhile: what has been said under it so far
    was not the owner's."""
    if user.registered or chat.accounts.get(user.name.key) is None:
        return []
    return [chat.accounts.note(user.name.key, created=chat.now())]


def _remember(chat: Chat, user: User, rooms: tuple[Room, ...]) -> Put:
    """Where an account was, and up to where it has read: all that it was sent, but for rooms where its own word counts
    (L{markers})."""
    now, names = chat.now(), tuple(room.name for room in rooms)
    if not user.caught_up:
        # They have hardly come: what they missed, they still have to read.
        return chat.accounts.note(user.name.key, seen=now, rooms=names)
    read = chat.outbox.position
    markers = {name: user.marks.get(name, 0) if name in user.marked else read for name in names}
    return chat.accounts.note(user.name.key, seen=now, rooms=names, markers=markers, inbox=read)


def remember(chat: Chat, users: Iterable[User]) -> None:
    """Note up to where these people have read. Called now and then, for the case that the process is killed."""
    puts = [_remember(chat, u, u.rooms) for u in users if u.registered and chat.users.get(u.name.key) is u]
    if puts:
        chat.outbox.add(Act(None, puts))


def join(chat: Chat, session: Session, text: str, key: str | None = None) -> None:
    """Enter a room, which comes into being when needed, and make it the current one.

    @param key: the room's key, where it has one.
    @raise Refused: C{"bad-room"}, C{"confusable"}, C{"too-many-rooms"}, C{"banned"}, C{"invite-only"}, C{"bad-key"} or
        C{"full"}.
    """
    user = chat.user(session)
    name = parse_room(text)
    room = chat.rooms.get(name.key)
    if room is not None and user in room.members:
        session.room = room
        chat.outbox.add(Act(session, [Focus(session, room.name), now_in(session, room)]))
        return
    if len(user.rooms) >= chat.max_rooms:
        raise Refused("too-many-rooms", f"You are in {chat.max_rooms} rooms already; /leave one first.")
    made = room is None
    if room is None:
        twin = chat.rooms.get(chat.looks.get(name.skeleton, ""))
        if twin is not None:
            shown = f"There is already a room {twin.name}, which looks the same." if chat.knows(user, twin) else ""
            raise Refused("confusable", shown or f"{name.shown} cannot be joined.")
        _check_may_own(chat, user)
        room = _make(chat, user, name)
    else:
        _check_may_join(chat, user, room, key)
        chat.put_in(user, room)
    before = session.room
    invited = user.name.key in room.invited
    room.invited.discard(user.name.key)
    session.room = room

    def undo() -> None:
        if made:
            room.roles.clear()
        if invited:
            room.invited.add(user.name.key)
        chat.take_out(user, room)
        for s in user.sessions:
            if s.room is room:
                s.room = before if before in user.rooms else user.rooms[-1] if user.rooms else None
        if user.farewell is not None:
            left = user.farewell.steps
            user.farewell.steps = [s for s in left if not (isinstance(s, (Event, Move)) and s.room == room.name)]

    steps: list[Step] = [Enter(s, room.name) for s in user.sessions]
    steps += [Focus(session, room.name), chat.event(Kind.JOIN, room, user), *show_role(chat, user, room)]
    steps += [*tell_room_away(chat, user, room, session), *introduce(chat, user, room), now_in(session, room)]
    for s in user.sessions:
        steps += (
            s.arrival(room) if s.arrival is not None else [Recall(s, (room.name,), REPLAY, talk=True, title=room.name)]
        )
    if made or invited:
        steps += chat.keep_room(room)
    chat.outbox.add(Act(session, steps, undo))


def _make(chat: Chat, user: User, name: Name) -> Room:
    """A new room, with its owner in it."""
    room = chat.add_room(name)
    chat.put_in(user, room)
    room.members[user] = Role.OWNER
    if user.registered:
        room.roles[user.name.key] = Role.OWNER
    return room


def _check_may_own(chat: Chat, user: User) -> None:
    key = user.name.key
    if user.registered and sum(room.roles.get(key) is Role.OWNER for room in chat.rooms.values()) >= MAX_OWNED:
        raise Refused("too-many-rooms", f"You own {MAX_OWNED} rooms already.")


def _check_may_join(chat: Chat, user: User, room: Room, key: str | None) -> None:
    why = _why_not(chat, user, room, key)
    if why is not None:
        # Of a secret room nothing is said that would tell it from a name that cannot be used.
        raise Refused(*(why if chat.knows(user, room) else ("confusable", f"{room.name} cannot be joined.")))


def _why_not(chat: Chat, user: User, room: Room, key: str | None, back: bool = False) -> tuple[str, str] | None:
    """Why someone may not enter a room, as code and sentence; C{None}: they may.

    @param back: they come back to where they were, and need no invitation.
    """
    if chat.role(user, room) >= Role.OP or user.name.key in room.invited:
        return None
    ban = chat.ban_on(chat.who(user), room)
    if ban is not None:
        return "banned", f"You are banned from {room.name}" + (f": {ban.reason}" if ban.reason else ".")
    excepted = chat.find_ban(room.exceptions["invite"].values(), chat.who(user)) is not None
    if "invite-only" in room.modes and not back and not excepted:
        return "invite-only", f"{room.name} is for those who are invited."
    if room.modes.get("key", key) != key:
        return "bad-key", f"{room.name} has a key: /join {room.name} KEY"
    if len(room.members) >= room.modes.get("limit", len(room.members) + 1):
        return "full", f"{room.name} is full."
    return None


def leave(chat: Chat, session: Session, text: str | None = None, reason: str = "") -> None:
    """Leave a room, by default the current one; the last room entered of those left becomes current.

    @param reason: what those who stay are told, unless nothing that this person says is.
    @raise Refused: C{"no-room"}, C{"no-such-room"}, C{"not-in-room"} or C{"too-long"}.
    """
    check_length(reason, "reason")
    user = chat.user(session)
    room = chat.own_room(session, text)
    if chat.is_shunned(user) or not chat.may_speak(user, room):
        reason = ""
    event = chat.event(Kind.LEAVE, room, user, text=reason)
    told: list[Step] = [Answer(session, "info", f"You left {room.name}.", {"code": "left", "room": room.name})]
    remove(chat, user, room, event, told, session)


def remove(
    chat: Chat, user: User, room: Room, event: Event, told: list[Step], by: Session | None, see: bool = False
) -> None:
    """Take someone out of a room, by their own wish or not.

    @param event: what the room is told.
    @param told: what is said to someone beside it.
    @param by: whose command it was.
    @param see: whether those who are taken out see the event themselves.
    """
    rooms, role = user.rooms, room.members[user]
    user.marks[room.name] = chat.outbox.position
    if len(user.marks) > MAX_MARKS:
        del user.marks[next(iter(user.marks))]
    focus = [s for s in user.sessions if s.room is room]
    chat.take_out(user, room)
    exits: list[Step] = [Exit(s, room.name) for s in user.sessions]
    steps: list[Step] = [event, *exits]
    if not see:
        steps = [*exits, event, *to_themselves(user, event)]
    steps += [*told, *chat.close_rooms([room])]
    following = user.rooms[-1] if user.rooms else None
    for s in focus:
        s.room = following
        steps += [Focus(s, following.name if following else None), now_in(s, following)]

    def undo() -> None:
        if user.farewell is not None:
            left = Event(Kind.LEAVE, event.time, room.name, user.name.shown)
            user.farewell.steps = [left, *user.farewell.steps]
        else:
            room.members[user] = role
            user.rooms = rooms
            chat.keep_if_used(room)
            for s in focus:
                s.room = room

    chat.outbox.add(Act(by, steps, undo))


def show_role(chat: Chat, user: User, room: Room) -> list[Step]:
    """What tells those in a room of the role that someone has there from before, in protocols that show it."""
    role = room.members[user]
    if role < Role.VOICE or len(room.members) == 1:
        return []
    return [chat.passing(Kind.ROLE, room, user, user.name.shown, "voice" if role is Role.VOICE else "op")]


def to_themselves(user: User, event: Event) -> list[Private]:
    """Tell it those of someone's sessions that show them their own coming and going."""
    sessions = tuple(s for s in user.sessions if s.arrival is not None)
    return [Private(sessions, event)] if sessions else []


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
            chat.check_not_muted(user, room)
    steps: list[Step] = []
    whole = object()
    for each in user.rooms:
        event = chat.event(Kind.RENAME, each, user, new.shown)
        event.whole = whole
        steps.append(event)
    if not user.rooms:
        steps += to_themselves(user, chat.event(Kind.RENAME, None, user, new.shown))
    departure = chat.departed.add(user, session.address, chat.now()) if new.key != old.key else None
    steps += renamed(chat, old, new)
    if new.key != old.key:
        steps += left_behind(chat, user)
    change_name(chat, user, new)
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
            change_name(chat, user, old)
            return
        user.name = old
        for step in user.farewell.steps:
            if isinstance(step, Event):
                step.actor = old.shown

    chat.outbox.add(Act(session, steps, undo))


def change_name(chat: Chat, user: User, name: Name) -> None:
    """Give someone who is here another name; nothing is checked, and nobody is told."""
    if chat.users.get(user.name.key) is user:
        for room in user.rooms:
            if user.name.key in room.spoken:
                room.spoken[name.key] = room.spoken.pop(user.name.key)
            if user.name.key in room.voiced:
                room.voiced.remove(user.name.key)
                room.voiced.add(name.key)
        chat.remove_name(user)
        if name.key != user.name.key:
            user.named = chat.now()
        user.name = name
        chat.add_user(user)


def now_in(session: Session, room: Room | None) -> Answer:
    """What a session is told when its current room is another."""
    if room is None:
        return Answer(session, "room", f"You are in no room now. /join {LOBBY} takes you back.", room_data(None))
    lines = [f"You are now in {room.name}, {_company(room)}.", *_about(room)]
    return Answer(session, "room", "\n".join(lines), room_data(room))


def room_data(room: Room | None) -> dict[str, object]:
    """The same for a program."""
    if room is None:
        return {"room": None, "topic": "", "members": 0}
    return {"room": room.name, "topic": room.topic, "members": len(room.members)}


def _company(room: Room) -> str:
    others = len(room.members) - 1
    return "alone" if others < 1 else "with one other" if others == 1 else f"with {others} others"


def _about(room: Room) -> list[str]:
    lines = [f"Topic: {room.topic}"] if room.topic else []
    if room.pins:
        lines.append(f"{counted(len(room.pins), 'pinned message')}: /pin shows what.")
    return lines


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
