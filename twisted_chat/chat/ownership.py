"""Owning a room: taking one that nobody owns, giving one up, handing one on. And giving up an account."""

from __future__ import annotations

from collections.abc import Callable

from . import markers, membership, passing, presence
from .accounts import Account
from .acts import Act, Answer, Session, Step
from .chat import LOBBY, Chat, counted
from .errors import Refused
from .events import Kind, Put
from .names import parse_name
from .permissions import CLOSING, Role
from .rooms import Room

# What a room loses when its owner gives it up.
_RULES = ("roles", "modes", "bans", "mutes", "exceptions", "invited", "pins", "voiced", "metadata")


def claim(chat: Chat, session: Session, where: str | None = None) -> None:
    """Own the current room, which no account owns.

    @param where: the name of another room that one is in.
    @raise Refused: C{"not-registered"}, C{"same-role"}, C{"not-allowed"} or C{"too-many-rooms"}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    if not user.registered:
        raise chat.account_needed("Rooms are owned by accounts.")
    if room.roles.get(user.name.key) is Role.OWNER:
        raise Refused("same-role", f"{room.name} is yours already.")
    if room.name == LOBBY or Role.OWNER in room.roles.values():
        raise Refused("not-allowed", f"{room.name} is owned already.")
    if chat.role(user, room) < Role.OP:
        raise Refused("not-allowed", f"To own {room.name} takes being an op there.")
    _check_may_own(chat, user.name.key, "You own")
    _hand(chat, session, room, user.name.key, user.name.shown)


def transfer(chat: Chat, session: Session, name: str, where: str | None = None) -> None:
    """Hand the current room, which one owns, to another account, and be an op there.

    @raise Refused: C{"not-allowed"}, C{"no-such-user"} (there is no such account), C{"same-role"} or
        C{"too-many-rooms"}.
    """
    room = _owned(chat, session, where)
    to = parse_name(name)
    account = chat.accounts.get(to.key)
    if account is None:
        raise Refused("no-such-user", f"There is no account {to.shown}.")
    if room.roles.get(to.key) is Role.OWNER:
        raise Refused("same-role", f"{account.name} owns {room.name} already.")
    _check_may_own(chat, to.key, f"{account.name} owns")
    _hand(chat, session, room, to.key, account.name)


def _hand(chat: Chat, session: Session, room: Room, key: str, shown: str) -> None:
    """Make an account the owner of a room; whoever was that, also as a guest, is an op then."""
    user = chat.user(session)
    roles, members = dict(room.roles), dict(room.members)
    for other, role in roles.items():
        if role is Role.OWNER:
            room.roles[other] = Role.OP
    for member, role in members.items():
        if role is Role.OWNER:
            room.members[member] = Role.OP
    room.roles[key] = Role.OWNER
    new = chat.users.get(key)
    if new in room.members and new is not None and new.registered:
        room.members[new] = Role.OWNER

    def undo() -> None:
        room.roles = roles
        room.members.update((one, role) for one, role in members.items() if one in room.members)
        chat.keep_if_used(room)

    steps: list[Step] = [chat.event(Kind.MODE, room, user, shown, "owner")]
    steps += [chat.audit(user.name.shown, f"owner in {room.name}", shown), *chat.keep_room(room)]
    chat.outbox.add(Act(session, steps, undo))


def _check_may_own(chat: Chat, key: str, who: str) -> None:
    if sum(room.roles.get(key) is Role.OWNER for room in chat.rooms.values()) >= membership.MAX_OWNED:
        raise Refused("too-many-rooms", f"{who} {membership.MAX_OWNED} rooms already.")


def drop_room(chat: Chat, session: Session, name: str) -> None:
    """Give up a room that one owns: nobody owns it then, and its rules are gone; it stays as long as somebody is there.

    @param name: to be said in full, as it cannot be taken back.
    @raise Refused: C{"not-allowed"}, also as long as it is closed: what was said there would be open to everyone.
    """
    user, room = chat.user(session), _owned(chat, session, name)
    closed = [mode for mode in room.modes if mode in CLOSING]
    if closed:
        raise Refused("not-allowed", f"{room.name} is closed, and would open. Open it first: /mode {closed[0]} off")
    before = {slot: getattr(room, slot) for slot in _RULES}
    members = dict(room.members)
    fresh = Room(room.name, room.skeleton, room.made)
    for slot in _RULES:
        setattr(room, slot, getattr(fresh, slot))
    for member in room.members:
        room.members[member] = Role.OP if member is user else Role.MEMBER

    def undo() -> None:
        for slot, value in before.items():
            setattr(room, slot, value)
        room.members.update((one, role) for one, role in members.items() if one in room.members)
        chat.keep_if_used(room)

    steps: list[Step] = [
        chat.event(Kind.MODE, room, user, user.name.shown, "-owner"),
        chat.audit(user.name.shown, f"drop {room.name}"),
        *(chat.keep_room(room) or [Put("room", room.name, None)]),
        Answer(session, "info", f"{room.name} is nobody's now.", {"code": "dropped", "room": room.name}),
    ]
    chat.outbox.add(Act(session, steps, undo))


def _owned(chat: Chat, session: Session, where: str | None) -> Room:
    """A room that is one's own to give."""
    user, room = chat.user(session), chat.own_room(session, where)
    if chat.role(user, room) < Role.OWNER or room.name == LOBBY:
        raise Refused("not-allowed", f"{room.name} is not yours.")
    if Role.OWNER not in room.roles.values():
        raise Refused("not-allowed", f"No account owns {room.name}.")
    return room


def show_roles(chat: Chat, session: Session, where: str | None = None) -> None:
    """Tell which accounts have a role in the current room, whether they are there or not.

    @raise Refused: C{"no-room"} or C{"not-in-room"}.
    """
    room = chat.own_room(session, where)
    found = sorted(room.roles.items(), key=lambda item: (-item[1], item[0]))
    data = []
    for key, role in found:
        account = chat.accounts.get(key)
        data.append({"name": account.name if account else key, "role": role.name.lower()})
    many = f"{room.name} has {counted(len(data), 'role')} given to accounts."
    lines = [many if data else f"No account has a role in {room.name}."]
    lines += [f"{one['role']} {one['name']}" for one in data]
    chat.answer(session, "\n".join(lines), "roles", {"room": room.name, "roles": data})


# Accounts


def end_others(chat: Chat, session: Session) -> None:
    """End all other connections of one's account.

    @raise Refused: C{"not-registered"}.
    """
    user = chat.user(session)
    if not user.registered:
        raise Refused("not-registered", "Only an account has several connections.")
    others = [other for other in user.sessions if other is not session]
    for other in others:
        presence.drop(chat, other, "Your account has ended this connection from another one.")
    text = f"{counted(len(others), 'other connection')} of yours ended." if others else "You have no other connection."
    chat.answer(session, text, "info", {"code": "ghosts", "connections": len(others)})


def drop_account(chat: Chat, session: Session, account: Account) -> None:
    """Give up one's account, whose password has just been right: its roles are gone, and its name is a guest's now.
    What it said stays.

    @raise Refused: C{"not-registered"}: one is no longer that account's.
    """
    user = chat.user(session)
    key = user.name.key
    if not user.registered or chat.accounts.get(key) is not account:
        raise Refused("not-registered", "You are no longer logged in to that account.")
    for other in user.sessions:
        if other is not session:
            presence.drop(chat, other, "This account is given up.")
    steps: list[Step] = [Put("account", key, None), chat.audit(user.name.shown, "unregister")]
    before = {room: room.roles.pop(key) for room in list(chat.rooms.values()) if key in room.roles}
    members = {room: room.members[user] for room in user.rooms}
    for room in before:
        steps += chat.keep_room(room) or [Put("room", room.name, None)]
        chat.keep_if_used(room)
        steps += chat.close_rooms([room])
    undo_account = _forget(chat, key, account)
    reads = chat.reads.get(key)
    steps += markers.forget(chat, key)
    user.registered = False

    def undo() -> None:
        undo_account()
        if reads is not None:
            chat.reads[key] = reads
        user.registered = True
        for room, role in before.items():
            room.roles[key] = role
            chat.keep_if_used(room)
        for room, role in members.items():
            if user in room.members:
                room.members[user] = role

    told = Answer(session, "account", f"The account {account.name} is given up.", {"account": None})
    chat.outbox.add(Act(session, [*steps, told, *passing.tell(chat, user, Kind.ACCOUNT)], undo))


def _forget(chat: Chat, key: str, account: Account) -> Callable[[], None]:
    chat.accounts.forget(key)

    def undo() -> None:
        chat.accounts.bring_back(account)

    return undo
