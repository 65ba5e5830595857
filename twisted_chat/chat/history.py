"""What was said: reading it again, in rooms and between two people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import NamedTuple

from .acts import Answer, Recall, Session, Survey
from .chat import REPLAY, Chat, counted
from .events import Kind, inbox, sent
from .names import Name, parse_name
from .rooms import Room, User

# A program is sent at most so many events at once.
MOST = 500
MOST_UNREAD = 1_000_000
# Of what they missed, those who come back to a room are shown so many lines.
MISSED = 100


class Part(NamedTuple):
    """Which part of a history is meant.

    @ivar limit, before, after, until, since, newest, kinds: as in L{Query}.
    @ivar around: as in L{Recall}.
    """

    limit: int
    before: int | None = None
    after: int | None = None
    until: int | None = None
    since: int | None = None
    newest: bool = False
    kinds: frozenset[Kind] | None = None
    around: tuple[str, int] | None = None


class Shown(NamedTuple):
    """How it is shown.

    @ivar title, asked, ids, end: as in L{Recall}.
    """

    title: str | None = None
    asked: bool = False
    ids: bool = False
    end: Callable[[int], Answer | None] | None = None


def of_room(chat: Chat, session: Session, where: str | None, part: Part, shown: Shown) -> None:
    """Show a part of what happened in a room, to its members.

    @param where: the room's name; C{None}: the current one.
    @raise Refused: C{"no-room"}, C{"bad-room"}, C{"no-such-room"} or C{"not-in-room"}.
    """
    room = chat.own_room(session, where)
    _show(chat, session, (room.name,), part, shown, None)


def with_person(chat: Chat, session: Session, text: str, part: Part, shown: Shown) -> None:
    """Show a part of what somebody and the session's user said to each other directly.

    That is kept for accounts: of a guest's name, anyone may be the next. What was said before the account was made was
    somebody else's, too.

    @param text: the other's name, whether there is anybody of that name now or not.
    @raise Refused: C{"bad-name"} or C{"not-registered"}.
    """
    user, name = chat.user(session), parse_name(text)
    account = chat.account_of(user)
    if account is None:
        raise chat.account_needed("Direct messages are kept for accounts.")
    mine = user.name.key
    newest = part.newest or (part.after is None and part.since is None)
    since = max(part.since or 0, ceil(account.created * 1000))
    between = (spellings(chat, user.name), spellings(chat, name))
    streams = (inbox(mine), inbox(name.key), sent(mine))
    _show(chat, session, streams, part._replace(since=since, newest=newest), shown, between)


def _show(
    chat: Chat,
    session: Session,
    streams: Sequence[str],
    part: Part,
    shown: Shown,
    between: tuple[Sequence[str], Sequence[str]] | None,
) -> None:
    recall = Recall(
        session,
        streams,
        part.limit,
        part.before,
        part.after,
        ids=shown.ids,
        end=shown.end,
        until=part.until,
        since=part.since,
        newest=part.newest,
        kinds=part.kinds,
        between=between,
        around=part.around,
        title=shown.title,
        asked=shown.asked,
    )
    chat.do(session, recall)


def spellings(chat: Chat, name: Name) -> Sequence[str]:
    """The ways to write a name, but for the case of ASCII letters."""
    key = name.key
    if key.isascii():
        return (key,)
    account = chat.accounts.get(key)
    written = [key, name.shown, key.capitalize(), key.upper(), account.name if account is not None else key]
    return tuple(dict.fromkeys(written))


def where_to_read(
    chat: Chat, session: Session, since: int, answer: Callable[[Sequence[tuple[str, int]]], Answer]
) -> None:
    """Tell in which of their rooms and with whom something was said, to them or by them.

    @param since: only what was said at this time or later, in milliseconds since 1970.
    @param answer: makes the answer from names of rooms and people, each with the time of the last message, in order.
    """
    user = chat.user(session)
    account = chat.account_of(user)
    rooms = [room.name for room in user.rooms]
    if account is None:
        chat.do(session, Survey(session, rooms, "", (), since, answer))
        return
    mine = user.name.key
    since = max(since, ceil(account.created * 1000))
    chat.do(session, Survey(session, rooms, inbox(mine), spellings(chat, user.name), since, answer))


def on_entering(session: Session, user: User, room: Room) -> Recall | None:
    """What someone is shown, on one of their sessions, of a room that they come into: what they missed, or the last
    lines when they are new to it."""
    if session.pulls:
        return None
    after = user.marks.get(room.name)
    if after is None:
        return Recall(session, (room.name,), REPLAY, talk=True, title=room.name)
    return Recall(session, (room.name,), MISSED, after=after, newest=True, talk=True, title=room.name)


def show_unread(chat: Chat, session: Session) -> None:
    """Replay what was said in someone's rooms since they left them.

    @raise Refused: C{"not-registered"}.
    """
    user = chat.user(session)
    account = chat.account_of(user)
    if account is None:
        raise chat.account_needed("What is new is remembered for accounts.")
    rooms = [room.name for room in user.rooms if room.name in user.marks]
    reads = chat.reads.get(user.name.key, {})
    for name in rooms:
        end, since = _end(session, name), reads[name] + 1 if name in reads else None
        after = user.marks[name]
        recall = Recall(session, (name,), MOST_UNREAD, after=after, since=since, talk=True, end=end, title=name)
        chat.do(session, recall)
    if not rooms:
        chat.answer(session, "Nothing is remembered of your rooms yet.")


def _end(session: Session, room: str) -> Callable[[int], Answer]:
    def end(lines: int) -> Answer:
        text = f"{counted(lines, 'line')} in {room} since you left."
        return Answer(session, "info", text, {"room": room, "lines": lines})

    return end
