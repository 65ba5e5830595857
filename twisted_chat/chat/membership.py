"""Rooms and who is in them: coming in, making a room where there is none, leaving; what a session is told of a room."""

from __future__ import annotations

from . import talking
from .accounts import Account
from .acts import Act, Answer, Enter, Exit, Focus, Private, Recall, Session, Step
from .chat import LOBBY, REPLAY, Chat, counted
from .errors import Refused
from .events import Event, Kind
from .metadata import introduce
from .names import Name, parse_room
from .permissions import Role
from .rooms import Room, User
from .status import tell_room_away

MAX_OWNED = 100
MAX_MARKS = 1_000


def join(chat: Chat, session: Session, text: str, key: str | None = None, let_in: bool = False) -> None:
    """Enter a room, which comes into being when needed, and make it the current one.

    @param key: the room's key, where it has one.
    @param let_in: whether they are to be let in, whatever keeps others out.
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
        if not let_in:
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
        never_in(chat, user, room, before)
        chat.keep_if_used(room)

    first, seen = comes_in(chat, user, room)
    steps: list[Step] = [*first, *(Enter(s, room.name) for s in user.sessions)]
    steps += [Focus(session, room.name), *seen, *show_role(chat, user, room)]
    steps += [*tell_room_away(chat, user, room, session), *introduce(chat, user, room), now_in(session, room)]
    for s in user.sessions:
        steps += (
            s.arrival(room) if s.arrival is not None else [Recall(s, (room.name,), REPLAY, talk=True, title=room.name)]
        )
    if made or invited:
        steps += chat.keep_room(room)
    chat.outbox.add(Act(session, steps, undo))


def never_in(chat: Chat, user: User, room: Room, before: Room | None = None) -> None:
    """Someone has not come into a room after all.

    @param before: what was the current room before.
    """
    chat.take_out(user, room)
    for s in user.sessions:
        if s.room is room:
            s.room = before if before in user.rooms else user.rooms[-1] if user.rooms else None
    if user.farewell is not None:
        user.farewell.events.pop(room, None)


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


def banned_here(chat: Chat, user: User, room: Room, session: Session) -> bool:
    """Whether someone in a room is banned from it, under their name now, or from where this session comes."""
    if chat.role(user, room) >= Role.OP:
        return False
    who = chat.who(user)._replace(addresses=(session.address,), hosts=(user.card.host, chat.cloak(session.address)))
    return chat.ban_on(who, room) is not None


def leave(chat: Chat, session: Session, text: str | None = None, reason: str = "") -> None:
    """Leave a room, by default the current one; the last room entered of those left becomes current.

    @param reason: what those who stay are told, unless nothing that this person says is.
    @raise Refused: C{"no-room"}, C{"no-such-room"}, C{"not-in-room"} or C{"too-long"}.
    """
    user = chat.user(session)
    reason = chat.reason(user, reason)
    room = chat.own_room(session, text)
    if not talking.may_speak(chat, user, room):
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
            user.farewell.events = {room: left, **user.farewell.events}
        else:
            room.members[user] = role
            user.rooms = rooms
            chat.keep_if_used(room)
            for s in focus:
                s.room = room

    chat.outbox.add(Act(by, steps, undo))


def comes_in(chat: Chat, user: User, room: Room) -> tuple[list[Step], list[Step]]:
    """What tells those in a room that someone enters it. What they are called in full, which some protocols show then,
    is for themselves alone when they are shunned.

    @return: the steps before their own sessions receive what is said in the room, and those after that.
    """
    event = chat.event(Kind.JOIN, room, user)
    if not (chat.shunned and user.card.realname and chat.is_shunned(user)):
        return [], [event]
    event.card = event.card._replace(realname="")
    return [event], [talking.pretended(chat, user.sessions, chat.event(Kind.JOIN, room, user))]


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


def now_in(session: Session, room: Room | None) -> Answer:
    """What a session is told when its current room is another."""
    if room is None:
        return Answer(session, "room", f"You are in no room now. /join {LOBBY} takes you back.", room_data(None))
    lines = [f"You are now in {room.name}, {_company(room)}.", *_about(room)]
    return Answer(session, "room", "\n".join(lines), room_data(room))


def greeting(chat: Chat, session: Session, rooms: list[Room] | tuple[Room, ...]) -> Answer:
    """What a session is told on coming into the chat: the message of the day, and in which rooms it is."""
    lines = chat.motd.split("\n") if chat.motd else []
    if not rooms:
        where = f"You are in no room: /join {LOBBY} takes you to the first one"
        lines.append(f"Welcome to {chat.server}. {where}; /help lists the commands.")
        return Answer(session, "room", "\n".join(lines), room_data(None))
    room = rooms[0]
    lines.append(f"Welcome to {chat.server}. You are in {room.name}, {_company(room)}; /help lists the commands.")
    if len(rooms) > 1:
        lines.append("You are also in " + ", ".join(r.name for r in rooms[1:]) + ".")
    return Answer(session, "room", "\n".join(lines + _about(room)), room_data(room))


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
