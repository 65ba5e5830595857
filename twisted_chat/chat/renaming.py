"""Giving a room another name. It takes everything along: who is in it and what they are there, its rules, its log."""

from __future__ import annotations

from collections.abc import Callable

from . import markers, membership
from .acts import Act, Enter, Exit, Focus, Private, Session, Step
from .chat import LOBBY, Chat, check_length
from .errors import Refused
from .events import Event, Kind, Move, Put
from .names import Name, parse_room
from .rooms import Room

# So many seconds are to pass before a room has yet another name.
PAUSE = 60.0


def rename_room(chat: Chat, session: Session, text: str, reason: str = "", where: str | None = None) -> None:
    """Give the current room another name; the old one is free.

    @param where: the name of the room, when it is not the current one.
    @raise Refused: C{"not-allowed"}, C{"bad-room"}, C{"too-long"}, C{"room-in-use"}: there is a room of that name, or
        one that looks the same; or C{"cannot-rename"}: it has that name, has got its name just now, or is the lobby.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    chat.check_may(user, room, "rename", "change the name")
    check_length(reason, "reason")
    new = parse_room(text)
    old = Name(room.name, room.name, room.skeleton)
    _check(chat, room, new)
    before, members = room.renamed, tuple(room.members)
    _give_name(chat, room, new)
    room.renamed = chat.now()
    marks = {member: member.marks for member in members}
    for member, read in marks.items():
        member.marks = {new.key if name == old.key else name: id for name, id in read.items()}
    notes, undo_notes = _amend_accounts(chat, old.key, new.key)
    read_marks, undo_read = markers.rename(chat, members, old.key, new.key)

    def undo() -> None:
        undo_read()
        undo_notes()
        _give_name(chat, room, old)
        room.renamed = before
        for member, read in marks.items():
            member.marks = read

    told = Event(Kind.ROOM_RENAME, int(chat.now() * 1000), old.key, user.name.shown, new.key, reason)
    told.card, told.stream = user.card, new.key
    steps: list[Step] = [
        Move(old.key, new.key),
        Put("room", old.key, None),
        *chat.keep_room(room),
        *notes,
        *read_marks,
        told,
    ]
    steps.append(chat.audit(user.name.shown, f"rename {old.key}{': ' if reason else ''}{reason}", new.key))
    for member in members:
        for each in member.sessions:
            steps += _follow(chat, each, room, old, reason)
    chat.outbox.add(Act(session, steps, undo))


def _check(chat: Chat, room: Room, new: Name) -> None:
    if room.name == LOBBY:
        raise Refused("cannot-rename", f"{LOBBY} keeps its name.")
    if new.key == room.name:
        raise Refused("cannot-rename", f"{room.name} has that name already.")
    if chat.now() - room.renamed < PAUSE:
        raise Refused("cannot-rename", f"{room.name} has got its name just now: wait a minute.")
    twin = chat.rooms.get(chat.looks.get(new.skeleton, ""))
    if new.key in chat.rooms or (twin is not None and twin is not room):
        # Also for one that is secret: a name can be taken but once.
        raise Refused("room-in-use", f"The name {new.shown} cannot be used.")


def _give_name(chat: Chat, room: Room, name: Name) -> None:
    if chat.rooms.get(room.name) is room:
        del chat.rooms[room.name], chat.looks[room.skeleton]
    room.name, room.skeleton = name.key, name.skeleton
    # It may have ended, when this takes back that it got its name.
    chat.keep_if_used(room)


def _amend_accounts(chat: Chat, old: str, new: str) -> tuple[list[Put], Callable[[], None]]:
    """Where accounts that are not here were, and up to where they have read."""
    puts, undos = [], []
    for key, account in chat.accounts.items():
        if old in account.rooms or old in account.markers:
            rooms = tuple(new if name == old else name for name in account.rooms)
            read = {new if name == old else name: id for name, id in account.markers.items()}
            put, undo = chat.accounts.change(key, rooms=rooms, markers=read)
            puts.append(put)
            undos.append(undo)

    def undo_all() -> None:
        for undo in reversed(undos):
            undo()

    return puts, undo_all


def _follow(chat: Chat, session: Session, room: Room, old: Name, reason: str) -> list[Step]:
    """A session receives the room under its new name; one that cannot show that sees itself leave and enter."""
    user = chat.user(session)
    steps: list[Step] = [Exit(session, old.key), Enter(session, room.name)]
    if session.arrival is not None and not session.renames:
        left = Event(Kind.LEAVE, int(chat.now() * 1000), old.key, user.name.shown, "", reason)
        left.card = user.card
        came = chat.event(Kind.JOIN, room, user)
        steps = [Private((session,), left), *steps, Private((session,), came), *session.arrival(room)]
    if session.room is room:
        steps += [Focus(session, room.name), membership.now_in(session, room)]
    return steps
