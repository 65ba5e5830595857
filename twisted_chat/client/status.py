"""The status line. Pure."""

from __future__ import annotations

from twisted_chat.client.config import Server
from twisted_chat.client.layout import REVERSE, Row, fit_row
from twisted_chat.client.session import Session

#: Rooms with something unread that are named.
MAX_ROOMS = 5


def status_row(
    session: Session,
    server: Server,
    now: float,
    scrolled: bool,
    question: str,
    candidates: list[str],
    columns: int,
) -> Row:
    """
    @param now: in the session's clock's seconds.
    @param scrolled: whether newer lines are out of sight.
    @param question: asked of the person; it comes first.
    @param candidates: for completion; when there are some, only they are shown.
    @return: the row, as wide as C{columns}.
    """
    if question:
        text = f" {question}"
    elif candidates:
        text = " " + " ".join(candidate.strip() for candidate in candidates[:50])
    else:
        parts = [describe_state(session, now)]
        rooms = session.rooms
        if rooms.current:
            parts.append(f"{rooms.current} ({rooms[rooms.current].count})")
        if session.name:
            parts.append(session.name)
        parts.append(str(server))
        waiting = [rooms[name] for name in rooms.joined() if rooms[name].unread and name != rooms.current]
        if waiting:
            waiting.sort(key=lambda room: not room.mentioned)
            listed = [f"{room.name} {room.unread}{'!' if room.mentioned else ''}" for room in waiting[:MAX_ROOMS]]
            parts.insert(2, "unread: " + ", ".join(listed))
        if scrolled:
            parts.insert(0, "-- more below --")
        text = " " + " | ".join(parts)
    return fit_row([(text, REVERSE)], columns, REVERSE)


def describe_state(session: Session, now: float) -> str:
    """
    @return: the state of the connection, in a few words; with the lag when it is known.
    """
    if session.state == "offline":
        return f"offline, trying again in {max(0, round(session.retry_at - now))} s"
    if session.state == "online":
        return "online" if session.lag is None else f"online, {round(session.lag * 1000)} ms"
    return {"connecting": "connecting", "login": "logging in"}[session.state]
