"""Looking one message up in the log, for what is done about one."""

from __future__ import annotations

from collections.abc import Callable

from .acts import Inspect, Session
from .chat import Chat
from .errors import Refused
from .events import SPOKEN, Event
from .rooms import Room


def look_up(
    chat: Chat,
    session: Session,
    stream: str,
    id: int,
    then: Callable[[Event | None], None],
    refused: Callable[[Refused], None] | None = None,
) -> None:
    """Look at an event, the session being busy until then.

    @param stream: under which name it is kept: a room's, or another's (L{Event.stream}).
    @param then: called with the event, or with C{None}, if the session is still the same person's.
    @param refused: called with what that raises; otherwise the session is told.
    """
    user = session.user

    def found(event: Event | None) -> None:
        if session.user is user:
            try:
                then(event)
            except Refused as why:
                chat.refuse(session, why) if refused is None else refused(why)
        session.ready()

    session.busy = True
    chat.do(session, Inspect(session, stream, id, found))


def spoken(room: Room, event: Event | None) -> Event:
    """What was found in a room, as something that was said there and is still to be read.

    @raise Refused: C{"no-such-message"}.
    """
    if event is None or event.kind not in SPOKEN or not event.text:
        raise Refused("no-such-message", f"There is no such message in {room.name}.")
    return event
