"""What is remembered of accounts that leave, and what they are shown when they come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil

from .accounts import Account
from .acts import Act, Answer, Recall, Session, Step, Tally
from .chat import Chat
from .events import Put, inbox
from .rooms import Room, User

MAX_WAITING = 1_000_000


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


def remembered(chat: Chat, user: User, rooms: tuple[Room, ...], now: float) -> Put:
    """Where an account was, and up to where it has read: all that it was sent, but for rooms where its own word counts
    (L{markers}).

    @param now: when it was last here, in seconds since 1970.
    """
    names = tuple(room.name for room in rooms)
    if not user.caught_up:
        # They have hardly come: what they missed, they still have to read.
        return chat.accounts.note(user.name.key, seen=now, rooms=names)
    read = chat.outbox.position
    markers = {name: user.marks.get(name, 0) if name in user.marked else read for name in names}
    return chat.accounts.note(user.name.key, seen=now, rooms=names, markers=markers, inbox=read)


def remember(chat: Chat, users: Iterable[User]) -> None:
    """Note up to where these people have read. Called now and then, for the case that the process is killed."""
    now = chat.now()
    puts = [remembered(chat, u, u.rooms, now) for u in users if u.registered and chat.users.get(u.name.key) is u]
    if puts:
        chat.outbox.add(Act(None, puts))


def left_behind(chat: Chat, user: User) -> list[Put]:
    """What a guest leaves whose name somebody else has made an account of meanwhile: what has been said under it so far
    was not the owner's."""
    if user.registered or chat.accounts.get(user.name.key) is None:
        return []
    return [chat.accounts.note(user.name.key, created=chat.now())]
