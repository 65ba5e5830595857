"""Being somebody else on the same connection: a guest becomes an account, an account another, or a guest again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import catchup, leaving, membership, passing, presence, talking, watching
from .accounts import Account
from .acts import Act, Answer, Enter, Private, Session, Step
from .chat import Chat
from .errors import Refused
from .events import Kind, Put
from .names import Name, parse_name
from .permissions import Role
from .rooms import Room, User
from .status import tell_room_away


def own(
    chat: Chat,
    session: Session,
    user: User,
    change: tuple[Put, Callable[[], None]],
    told: Answer,
    more: Sequence[Step] = (),
    account: Account | None = None,
) -> None:
    """A guest owns the name from now on, and keeps what they are in their rooms.

    @param change: what it does to the account, and what takes that back.
    @param told: what the session is told, and C{more} what it is told after that.
    @param account: the account as it was, if there was one.
    """
    put, undo_account = change
    user.registered = True
    before = {room: room.roles.get(user.name.key) for room in user.rooms if room.members[user] > Role.MEMBER}
    for room, role in before.items():
        room.roles[user.name.key] = max(room.members[user], role or Role.MEMBER)

    def undo() -> None:
        user.registered = False
        _restore_roles(chat, user.name.key, before)
        undo_account()
        if user.farewell is not None:
            leaving.restore(chat, account)
        _end_others(chat, user, session)

    kept = [put for room in before for put in chat.keep_room(room)]
    seen = passing.tell(chat, user, Kind.ACCOUNT, user.name.shown)
    chat.outbox.add(Act(session, [put, *kept, told, *more, *seen], undo))


def _restore_roles(chat: Chat, key: str, roles: dict[Room, Role | None]) -> None:
    for room, role in roles.items():
        if role is None:
            room.roles.pop(key, None)
        else:
            room.roles[key] = role
        chat.keep_if_used(room)


def become(chat: Chat, session: Session, account: Account, more: Sequence[Step] = ()) -> None:
    """Be the owner of an account from now on, who has shown to be that.

    A guest is renamed, and stays in their rooms with what they are there, as far as the account is not banned from
    them. Where the account is here on other connections, this is one more of them: a guest leaves, and the account
    comes into the guest's rooms. So it does when the session was another account's; but then it has to be let in anew.

    @param more: what the session is told after it has been told that it is logged in.
    @raise Refused: C{"banned"}, C{"suspended"}, C{"name-in-use"} or C{"confusable"}.
    """
    user, name = chat.user(session), parse_name(account.name)
    presence.check_admitted(chat, session, name, account)
    here = chat.users.get(name.key)
    data = {"account": account.name, "was": user.name.shown}
    told = Answer(session, "account", f"You are logged in as {account.name}.", data)
    if here is user:
        if user.registered:
            chat.outbox.add(Act(session, [told, *more]))
        else:
            # A guest of that very name, from before the account was made elsewhere.
            own(chat, session, user, chat.accounts.change(name.key, seen=chat.now()), told, more, account)
    elif user.registered or (here is not None and here.registered):
        _move(chat, session, user, account, [told, *more])
    else:
        chat.check_free(name, here or user)
        for other in here.sessions if here is not None else ():
            presence.drop(chat, other, "This name belongs to an account, whose owner has just come.")
        _stay(chat, session, user, account, [told, *more])


def _stay(chat: Chat, session: Session, user: User, account: Account, told: Sequence[Step]) -> None:
    """A guest turns out to own an account that is not here yet: a change of name, and whatever goes with it."""
    old, name = user.name, parse_name(account.name)
    quiet = _kept_quiet(chat, user)
    renamed = [*renames(chat, user, name), *watching.renamed(chat, old, name)]
    chat.logins += 1
    behind = catchup.left_behind(chat, user)
    invited = presence.change_name(chat, user, name)
    user.registered, user.caught_up = True, False
    before: dict[Room, Role | None] = {}
    members = {room: room.members[user] for room in user.rooms}
    for room, role in members.items():
        known = room.roles.get(name.key, Role.MEMBER)
        if role > known:
            before[room] = room.roles.get(name.key)
            room.roles[name.key] = role
        room.members[user] = max(role, known)
    put, undo_account = chat.accounts.change(name.key, seen=chat.now())

    def undo() -> None:
        undo_account()
        _restore_roles(chat, name.key, before)
        for room, role in members.items():
            if user in room.members:
                room.members[user] = role
        presence.change_name(chat, user, old, invited)
        back = watching.renamed(chat, name, old) if user.farewell is None else watching.went(chat, old)
        chat.outbox.add(Act(None, back))
        user.registered, user.caught_up = False, True
        if user.farewell is not None:
            user.name = old
            leaving.restore(chat, account)
        _end_others(chat, user, session)

    kept = [put for room in before for put in chat.keep_room(room)]
    seen = passing.tell(chat, user, Kind.ACCOUNT, account.name)
    for room, role in members.items():
        if room.members[user] > role:
            seen += membership.show_role(chat, user, room)
    caught_up = catchup.catch_up(chat, session, user, account)
    chat.outbox.add(Act(session, [*behind, put, *kept, *told, *renamed, *seen, *caught_up], undo))
    for room in [room for room in user.rooms if membership.banned_here(chat, user, room, session)]:
        membership.remove(chat, user, room, chat.event(Kind.LEAVE, room, user, text="banned"), [], None)
    for room in quiet:
        # Another name is no way around a mute: they may come in again under that, where they may come in at all.
        if user in room.members and chat.role(user, room) < Role.VOICE and talking.may_speak(chat, user, room):
            membership.remove(chat, user, room, chat.event(Kind.LEAVE, room, user), [], None)
    if session.arrival is None:
        _come_back(chat, session, user, account)


def _kept_quiet(chat: Chat, user: User) -> list[Room]:
    """The rooms where somebody is, and is muted or banned."""
    rooms = []
    for room in user.rooms:
        try:
            talking.check_not_muted(chat, user, room)
        except Refused:
            rooms.append(room)
    return rooms


def _end_others(chat: Chat, user: User, session: Session) -> None:
    """It is not an account's after all: whoever has logged in to that on another connection meanwhile has to do so
    again."""
    for other in user.sessions:
        if other is not session:
            presence.drop(chat, other, "You are not logged in after all: please try again.")


def _come_back(chat: Chat, session: Session, user: User, account: Account) -> None:
    """Into the rooms where the account was when it was last here."""
    before = user.rooms
    rooms = [room for room in membership.rooms_to_enter(chat, user, account) if room not in before]
    made = [room for room in rooms if user in room.members]
    for room in rooms:
        if room not in made:
            chat.put_in(user, room)
    if not rooms:
        return

    def undo() -> None:
        for room in made:
            room.roles.clear()
            chat.keep_if_used(room)
        for room in rooms:
            membership.never_in(chat, user, room)

    steps: list[Step] = []
    told: list[Step] = []
    for room in rooms:
        first, seen = membership.comes_in(chat, user, room)
        steps += [*first, Enter(session, room.name)]
        told += [*seen, *membership.show_role(chat, user, room), *tell_room_away(chat, user, room, session)]
    for room in made:
        told += chat.keep_room(room)
    chat.outbox.add(Act(session, [*steps, *told], undo))


def _move(chat: Chat, session: Session, user: User, account: Account, told: Sequence[Step]) -> None:
    """Leave as the one, and come in as the other."""
    name, guest = parse_name(account.name), not user.registered
    rooms = {room: room.members[user] for room in user.rooms}
    quiet = _kept_quiet(chat, user) if guest else []
    welcome = [*told, *_seen_leaving(chat, session, user, name, list(rooms))]
    presence.lost(chat, session, f"is {account.name}")
    presence.enter(chat, session, name, account, user.card, None if session.arrival is None else lambda _: welcome)
    now = session.user
    if now is None:
        return
    if guest:
        _keep_slow(chat, session, user, now, list(rooms))
    for room, role in rooms.items():
        if now not in room.members and room not in quiet:
            # Whoever was let in as a guest need not be let in again.
            let_in = guest and room.name in chat.rooms and not membership.banned_here(chat, now, room, session)
            try:
                membership.join(chat, session, room.name, let_in=let_in)
            except Refused as why:
                chat.refuse(session, why)
        if guest and role > room.members.get(now, role):
            _promote(chat, session, now, room, role)


def _keep_slow(chat: Chat, session: Session, guest: User, user: User, rooms: Sequence[Room]) -> None:
    """What somebody has said as a guest, the account has said: slow mode does not begin anew."""
    known: dict[Room, float | None] = {}
    for room in rooms:
        at, before = room.spoken.get(guest.name.key, 0.0), room.spoken.get(user.name.key)
        if at > (before or 0.0):
            known[room], room.spoken[user.name.key] = before, at

    def undo() -> None:
        for room, before in known.items():
            if before is None:
                room.spoken.pop(user.name.key, None)
            else:
                room.spoken[user.name.key] = before

    if known:
        chat.outbox.add(Act(session, (), undo))


def _promote(chat: Chat, session: Session, user: User, room: Room, role: Role) -> None:
    """An account keeps what its owner was in a room as a guest."""
    key = user.name.key
    before, known = room.members[user], {room: room.roles.get(key)}
    room.members[user] = room.roles[key] = role

    def undo() -> None:
        if user in room.members:
            room.members[user] = before
        _restore_roles(chat, key, known)

    chat.outbox.add(Act(session, chat.keep_room(room), undo))


def renames(chat: Chat, user: User, name: Name) -> list[Step]:
    """What tells everyone in someone's rooms, or themselves if they are in none, that they take another name."""
    steps: list[Step] = []
    whole = object()
    for room in user.rooms:
        event = chat.event(Kind.RENAME, room, user, name.shown)
        event.whole = whole
        steps.append(event)
    return steps or list(membership.to_themselves(user, chat.event(Kind.RENAME, None, user, name.shown)))


def _seen_leaving(chat: Chat, session: Session, user: User, name: Name, rooms: Sequence[Room]) -> list[Step]:
    """What a session is told that shows its own coming and going: it is in no room any more, and has another name."""
    if session.arrival is None:
        return []
    events = [chat.event(Kind.LEAVE, room, user) for room in rooms]
    events.append(chat.event(Kind.RENAME, None, user, name.shown))
    return [Private((session,), event) for event in events]


def step_down(chat: Chat, session: Session) -> None:
    """Be a guest again, under some name, in no room: for protocols that cannot ask for a name once more.

    @raise Refused: C{"not-registered"}, C{"no-guests"} or C{"banned"}.
    """
    user = chat.user(session)
    if not user.registered:
        raise Refused("not-registered", "You are not logged in to an account.")
    name = _guest_name(chat)
    presence.check_admitted(chat, session, name, None)
    rooms = user.rooms
    data = {"account": None, "was": user.name.shown}
    told: list[Step] = [Answer(session, "account", f"You are logged out, and {name.shown} now.", data)]
    told += _seen_leaving(chat, session, user, name, rooms)
    presence.lost(chat, session, "logged out")
    presence.enter(chat, session, name, None, user.card._replace(registered=False), lambda _: told)


def _guest_name(chat: Chat) -> Name:
    """A name that nobody has."""
    number = len(chat.users)
    while True:
        name = parse_name(f"Guest{number}")
        if chat.looks.get(name.skeleton) is None and not chat.accounts.looks_taken(name):
            return name
        number += 1
