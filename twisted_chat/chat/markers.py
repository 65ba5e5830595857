"""Up to where somebody has read, by their own word: what one of their programs says, the others are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .acts import Act, Answer, Session, Step
from .chat import Chat
from .events import Put
from .names import parse_name, parse_room
from .rooms import User

# For so many rooms and people it is remembered.
MAX_MARKERS = 500


def read_until(chat: Chat, user: User, text: str) -> int | None:
    """Up to when somebody has read in a room, or what someone said to them, in milliseconds since 1970.

    @param text: the name of the room or the person, whether there is such a one or not.
    @return: C{None} when they never said.
    @raise Refused: C{"bad-name"} or C{"bad-room"}.
    """
    return _markers(chat, user).get(_key(text))


def tell(chat: Chat, session: Session, text: str) -> None:
    """Tell the session up to when its user has read.

    @raise Refused: as L{read_until}.
    """
    chat.outbox.add(Act(session, [answer(chat, session, chat.user(session), text)]))


def answer(chat: Chat, session: Session, user: User, text: str) -> Answer:
    """The step that tells a session up to when somebody has read.

    @raise Refused: as L{read_until}.
    """
    return _answer(session, text, read_until(chat, user, text))


def mark(chat: Chat, session: Session, text: str, time: int) -> None:
    """Somebody has read up to a time; an earlier one than before changes nothing.

    @param text: as for L{read_until}.
    @param time: in milliseconds since 1970; what is yet to come counts as now.
    @raise Refused: as L{read_until}.
    """
    user, key = chat.user(session), _key(text)
    markers = _markers(chat, user)
    before = markers.get(key)
    time = min(time, int(chat.now() * 1000))
    if before is not None and time <= before:
        chat.outbox.add(Act(session, [_answer(session, text, before)]))
        return
    old = dict(markers)
    steps: list[Step] = []
    if before is None and len(markers) >= MAX_MARKERS:
        oldest = min(markers, key=markers.__getitem__)
        del markers[oldest]
        steps += _kept(user, oldest, None)
    markers[key] = time
    steps += _kept(user, key, time)
    if any(room.name == key for room in user.rooms):
        user.marked |= {key}
    steps += [_answer(other, text, time) for other in user.sessions if other.marks or other is session]

    def undo() -> None:
        markers.clear()
        markers.update(old)

    chat.outbox.add(Act(session, steps, undo))


def forget(chat: Chat, key: str) -> list[Put]:
    """The steps that forget up to where an account has read."""
    return [Put("read", f"{key} {target}", None) for target in chat.reads.pop(key, {})]


def rename(chat: Chat, members: Sequence[User], old: str, new: str) -> tuple[list[Put], Callable[[], None]]:
    """A room has another name.

    @param members: who is in it.
    @return: the steps that keep what accounts have read there, and what takes all of it back.
    """
    puts: list[Put] = []
    moved: list[tuple[dict[str, int], int | None]] = []
    for key, markers in [*chat.reads.items(), *(("", member.reads) for member in members)]:
        if old in markers:
            moved.append((markers, markers.get(new)))
            markers[new] = markers.pop(old)
            if key:
                puts += [Put("read", f"{key} {old}", None), Put("read", f"{key} {new}", {"time": markers[new]})]
    marked = [member for member in members if old in member.marked]
    for member in marked:
        member.marked = member.marked - {old} | {new}

    def undo() -> None:
        for markers, before in moved:
            markers[old] = markers.pop(new)
            if before is not None:
                markers[new] = before
        for member in marked:
            member.marked = member.marked - {new} | {old}

    return puts, undo


def _markers(chat: Chat, user: User) -> dict[str, int]:
    return chat.reads.setdefault(user.name.key, {}) if user.registered else user.reads


def _kept(user: User, key: str, time: int | None) -> list[Put]:
    # A record of its own for each: clients say it often.
    value = None if time is None else {"time": time}
    return [Put("read", f"{user.name.key} {key}", value)] if user.registered else []


def _key(text: str) -> str:
    return parse_room(text).key if text.startswith("#") else parse_name(text).key


def _answer(session: Session, text: str, time: int | None) -> Answer:
    return Answer(session, "read", "", {"target": text, "time": time})
