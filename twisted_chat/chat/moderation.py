"""Keeping a room civil: roles, modes, pins. Bans and mutes are in C{bans}.

Every function here takes C{where}, the name of the room that it is about: C{None} for the session's current one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import membership
from .acts import Act, Answer, Omit, Private, Recall, Session, Step
from .chat import Chat
from .errors import Refused
from .events import Event, Kind, Put
from .lookup import look_up, spoken
from .names import parse_name
from .permissions import Role, parse_mode
from .rooms import Room, User

MAX_PINS = 10
MAX_INVITED = 100


def set_role(chat: Chat, session: Session, name: str, role: Role, given: bool, where: str | None = None) -> Event:
    """Make someone in the current room an op or give them voice, or take that away. An op may have voice, too, and
    keeps it. A guest who has made a room may step down from it.

    @param role: L{Role.OP} or L{Role.VOICE}.
    @return: what the room is told.
    @raise Refused: C{"not-allowed"}, C{"no-such-user"}, C{"not-in-room"}, C{"not-member"} or C{"same-role"}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    word = role.name.lower()
    chat.check_may(user, room, word, f"give or take the role {word}")
    key, shown, other = _find(chat, room, name)
    before = other.registered if other else True
    now = room.roles.get(key, Role.MEMBER) if other is None or before else room.members[other]
    both = role is Role.VOICE and now > Role.VOICE
    held = key in room.voiced if both else now >= role
    steps_down = other is user and now is Role.OWNER and not before and role is Role.OP
    if held is given or not (given or both or steps_down or now is role):
        raise Refused("same-role", f"{shown} is {'already ' if given else 'not '}{_a(now if given else role)}.")
    check_outranks(chat, user, room, key, other)
    new = now if both else role if given else Role.VOICE if key in room.voiced else Role.MEMBER
    members = {other: room.members[other]} if other else {}
    roles, voiced = dict(room.roles), set(room.voiced)
    if given and (both or now is Role.VOICE):
        room.voiced.add(key)
    else:
        room.voiced.discard(key)
    if other is None or other.registered:
        _set(room.roles, key, new if new > Role.MEMBER else None)
    if other is not None:
        room.members[other] = new

    def undo() -> None:
        room.roles, room.voiced = roles, voiced
        room.members.update((u, r) for u, r in members.items() if u in room.members)
        chat.keep_if_used(room)

    what = ("" if given else "-") + word
    event = chat.event(Kind.MODE, room, user, shown, what)
    _act(chat, session, room, event, f"{what} in {room.name}", shown, undo)
    return event


def kick(chat: Chat, session: Session, name: str, reason: str = "", where: str | None = None) -> None:
    """Put someone out of the current room.

    @raise Refused: C{"not-allowed"}, C{"no-such-user"}, C{"not-in-room"}, C{"not-member"} or C{"too-long"}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    chat.check_may(user, room, "kick", "kick someone")
    reason = chat.reason(user, reason)
    other = chat.find_user(name)
    if other not in room.members:
        raise Refused("not-member", f"{other.name.shown} is not in {room.name}.")
    check_outranks(chat, user, room, other.name.key, other)
    put_out(chat, session, user, other, room, reason)


def put_out(chat: Chat, session: Session, user: User, other: User, room: Room, reason: str) -> None:
    event = chat.event(Kind.KICK, room, user, other.name.shown, reason)
    because = f": {reason}" if reason else "."
    told: list[Step] = [chat.audit(user.name.shown, f"kick from {room.name}{because}", other.name.shown)]
    data = {"code": "kicked", "room": room.name}
    told += [Answer(s, "info", f"You were kicked from {room.name}{because}", data) for s in other.sessions]
    membership.remove(chat, other, room, event, told, session, see=True)


def invite(chat: Chat, session: Session, name: str, where: str | None = None) -> None:
    """Let someone into the current room, whatever keeps others out, and tell them.

    @raise Refused: C{"not-allowed"}, also for who is banned, unless an op invites; C{"no-such-user"} or C{"in-room"}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    chat.check_may(user, room, "invite", "invite someone")
    other = chat.find_user(name)
    if other in room.members:
        raise Refused("in-room", f"{other.name.shown} is in {room.name} already.")
    if chat.ban_on(chat.who(other), room) is not None and chat.role(user, room) < Role.OP:
        raise Refused("not-allowed", f"{other.name.shown} is banned from {room.name}: only an op may invite them.")
    data = {"code": "invited", "room": room.name, "name": other.name.shown}
    told = Answer(session, "info", f"{other.name.shown} is invited to {room.name}.", data)
    if chat.is_shunned(user):
        chat.outbox.add(Act(session, [told]))
        return
    if len(room.invited) >= MAX_INVITED:
        raise Refused("too-many", f"{room.name} has {MAX_INVITED} open invitations already.")
    before = room.invited
    room.invited = before | {other.name.key}

    def undo() -> None:
        room.invited = before

    steps: list[Step] = [chat.audit(user.name.shown, f"invite to {room.name}", other.name.shown)]
    steps += chat.keep_room(room)
    text = f"{user.name.shown} invites you to {room.name}: /join {room.name}"
    data = {"room": room.name, "from": user.name.shown}
    heard, asked = (chat.passing(Kind.INVITE, where, user, other.name.shown, room.name) for where in (room, None))
    steps += [heard, Omit(session), Private(other.sessions, asked)]
    steps += [Answer(s, "invite", text, data) for s in other.sessions]
    chat.outbox.add(Act(session, [*steps, told], undo))


def show_modes(chat: Chat, session: Session, where: str | None = None) -> None:
    """Tell the modes of the current room; its key to members only."""
    room = chat.own_room(session, where)
    shown = [name if value is True else f"{name} {value}" for name, value in room.modes.items()]
    text = f"Modes of {room.name}: {', '.join(shown) or 'none'}."
    chat.answer(session, text, "modes", {"room": room.name, "modes": dict(room.modes)})


def set_mode(chat: Chat, session: Session, name: str, value: str | None, where: str | None = None) -> Event:
    """Set or clear a mode of the current room.

    @return: what the room is told.
    @raise Refused: C{"not-allowed"} or C{"bad-mode"}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    chat.check_may(user, room, "mode", "change the modes")
    mode, new = parse_mode(name, value)
    old = room.modes.get(mode)
    _set(room.modes, mode, new)

    def undo() -> None:
        _set(room.modes, mode, old)
        chat.keep_if_used(room)

    # The key itself is not for those who only read along in the log.
    shown = f"-{mode}" if new is None else mode if new is True or mode == "key" else f"{mode} {new}"
    event = chat.event(Kind.MODE, room, user, "", shown)
    event.aside = new if mode == "key" and new is not None else ""
    reopened = [] if chat.keep_room(room) else [Put("room", room.name, None)]
    _act(chat, session, room, event, f"mode {shown} in {room.name}", "", undo, *reopened)
    return event


def pin(chat: Chat, session: Session, id: int | None, pinned: bool = True, where: str | None = None) -> None:
    """Pin a message of the current room, unpin it, or (C{None}) show those that are.

    @raise Refused: C{"not-allowed"}, C{"too-many"}, or C{"no-such-message"} to unpin.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    if id is None:
        for each in room.pins:
            chat.do(session, Recall(session, (room.name,), 1, before=each + 1, after=each - 1, ids=True))
        chat.answer(session, f"{room.name} has {len(room.pins) or 'no'} pinned messages.", "pins", {"ids": room.pins})
        return
    if not pinned:
        # It may be gone from the log.
        chat.check_may(user, room, "pin", "unpin messages")
        if id not in room.pins:
            raise Refused("no-such-message", f"No message {id} is pinned in {room.name}.")
        _set_pins(chat, session, room, tuple(p for p in room.pins if p != id), f"-pin {id}")
        return
    _check_may_pin(chat, user, room, id)

    def found(event: Event | None) -> None:
        if user in room.members:
            _check_may_pin(chat, user, room, id)
            spoken(room, event)
            _set_pins(chat, session, room, (*(p for p in room.pins if p != id), id), f"pin {id}")

    look_up(chat, session, room.name, id, found)


def _check_may_pin(chat: Chat, user: User, room: Room, id: int) -> None:
    chat.check_may(user, room, "pin", "pin messages")
    if len(room.pins) >= MAX_PINS and id not in room.pins:
        raise Refused("too-many", f"{room.name} has {MAX_PINS} pinned messages already; /unpin one first.")


def _set_pins(chat: Chat, session: Session, room: Room, pins: tuple[int, ...], what: str) -> None:
    old, room.pins = room.pins, pins

    def undo() -> None:
        room.pins = old

    told = chat.event(Kind.MODE, room, chat.user(session), "", what)
    _act(chat, session, room, told, f"{what} in {room.name}", "", undo)


# Parts


def _act(
    chat: Chat,
    session: Session,
    room: Room,
    event: Event,
    audit: str,
    target: str,
    undo: Callable[[], None] | None,
    *more: Step,
) -> None:
    """An act of moderation: the room is told, the room's rules are kept, and administrators can read of it."""
    steps: list[Step] = [event, chat.audit(event.actor, audit, target), *chat.keep_room(room), *more]
    chat.outbox.add(Act(session, steps, undo))


def _find(chat: Chat, room: Room, text: str) -> tuple[str, str, User | None]:
    """A member of the room, or an account that has a role in it: key, name, and the member."""
    name = parse_name(text)
    other = chat.users.get(name.key)
    if other is not None and other in room.members:
        return name.key, other.name.shown, other
    account = chat.accounts.get(name.key)
    if account is not None and name.key in room.roles:
        return name.key, account.name, None
    raise Refused("no-such-user" if other is None else "not-member", f"There is no {name.shown} in {room.name}.")


def check_outranks(chat: Chat, user: User, room: Room, key: str, other: User | None) -> None:
    """Nobody moderates those who are as much as they are, but owners and administrators; where no account owns the
    room, its ops and the guest who made it are equals."""
    mine = chat.role(user, room)
    if mine >= Role.OP and Role.OWNER not in room.roles.values() and (other is None or not chat.is_admin(other)):
        return
    theirs = chat.role(other, room) if other is not None else room.roles.get(key, Role.OUTSIDER)
    if other is not user and mine < Role.OWNER and theirs >= mine:
        raise Refused("not-allowed", f"{other.name.shown if other else key} is {_a(theirs)} of {room.name}.")
    if theirs is Role.OWNER and other is not user and not chat.is_admin(user):
        raise Refused("not-allowed", f"{other.name.shown if other else key} owns {room.name}.")


def _set(table: dict[Any, Any], key: Any, value: Any) -> None:
    """Set a value, or take it out with C{None}."""
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _a(role: Role) -> str:
    return {Role.OWNER: "the owner", Role.OP: "an op", Role.VOICE: "voiced"}.get(role, "a member")
