"""Taking back what was said: one's own, or as an op anyone's."""

from __future__ import annotations

from collections.abc import Callable

from .acts import Act, Session
from .chat import Chat
from .errors import Refused
from .events import DIRECT, Event, Kind, inbox, sent
from .lookup import look_up, spoken
from .names import parse_name
from .rooms import Room, User
from .talking import private


def delete(
    chat: Chat,
    session: Session,
    id: int,
    where: str | None = None,
    reason: str = "",
    refused: Callable[[Refused], None] | None = None,
) -> None:
    """Take back a message of the current room: one's own, or as an op anyone's. Answered when it has been found.

    @param refused: called with C{"no-such-message"} or C{"not-allowed"}, if that is what is found.
    @raise Refused: C{"no-room"}, C{"not-in-room"} or C{"too-long"}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    reason = chat.reason(user, reason)

    def found(event: Event | None) -> None:
        if user in room.members:
            _delete(chat, session, user, room, spoken(room, event), reason)

    look_up(chat, session, room.name, id, found, refused)


def _delete(chat: Chat, session: Session, user: User, room: Room, event: Event, reason: str) -> None:
    if not _is_own(chat, user, event):
        chat.check_may(user, room, "delete", "delete what others said")
    gone = chat.event(Kind.DELETE, room, user, event.actor, f"{event.id} {reason}".rstrip())
    because = f": {reason}" if reason else ""
    audit = chat.audit(gone.actor, f"delete {event.id} in {room.name}{because}", event.actor)
    chat.outbox.add(Act(session, [gone, audit, *chat.keep_room(room)]))


def _is_own(chat: Chat, user: User, event: Event) -> bool:
    """Whether someone said it themselves, and not somebody who had the name before."""
    if parse_name(event.actor).key != user.name.key:
        return False
    account = chat.account_of(user)
    return event.time / 1000 >= account.created if account is not None else event.time / 1000 > user.named


def delete_direct(
    chat: Chat,
    session: Session,
    name: str,
    id: int,
    reason: str = "",
    refused: Callable[[Refused], None] | None = None,
) -> None:
    """Take back what one said to someone directly. Answered when it has been found.

    @param refused: called with C{"no-such-message"}, if that is what is found.
    @raise Refused: C{"bad-name"}, C{"no-such-user"} or C{"too-long"}.
    """
    user, to = chat.user(session), parse_name(name)
    reason = chat.reason(user, reason)
    other, account = chat.users.get(to.key), chat.accounts.get(to.key)
    if other is None and account is None:
        raise Refused("no-such-user", f"There is no {to.shown} here.")
    stream = inbox(to.key) if account is not None else sent(user.name.key)

    def found(event: Event | None) -> None:
        if event is None or event.kind not in DIRECT or not event.text or not _is_own(chat, user, event):
            raise Refused("no-such-message", f"You said no such thing to {to.shown}.")
        gone = chat.event(Kind.DELETE, None, user, event.target, f"{event.id} {reason}".rstrip())
        gone.stream = stream
        there = chat.users.get(to.key) if parse_name(event.target).key == to.key else None
        chat.outbox.add(Act(session, [gone, *private(session, gone, user.sessions, there)]))

    look_up(chat, session, stream, id, found, refused)
