"""Commands about the connection itself, and /help."""

from __future__ import annotations

from .. import presence
from ..acts import Session, Switch
from ..chat import Chat
from ..errors import Refused
from .table import COMMANDS, command, find, unknown

GROUP = "General"


@command(GROUP, "help", "[COMMAND]")
def help_(chat: Chat, session: Session, name: str | None) -> None:
    """Lists the commands, or explains one."""
    if name is not None:
        row = find(session, name.removeprefix("/"))
        if row is None:
            raise unknown(session, name.removeprefix("/"))
        chat.answer(session, f"{row.usage}\n{row.help}")
        return
    admin = session.user is not None and chat.is_admin(session.user)
    rows = [row for row in COMMANDS.values() if row.offered(session) and (admin or row.group != "Administration")]
    width = max(len(row.usage) for row in rows)
    lines: list[str] = []
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append(group + ":")
        lines.append(f"{row.usage:{width}}  {row.help.split('. ')[0].rstrip('.')}.")
    lines.append("Anything else is said in the current room; //text says /text.")
    chat.answer(session, "\n".join(lines))


@command(GROUP, "format", "text|json", offered=lambda session: bool(session.forms))
def format_(chat: Chat, session: Session, name: str) -> None:
    """Chooses how the server writes to you: "text" for people, "json" for programs."""
    name = name.lower()
    if name not in session.forms:
        raise Refused("usage", "Usage: /format " + "|".join(session.forms))
    user = chat.user(session)
    chat.do(session, Switch(session, name))
    data: dict[str, object] = {
        "format": name,
        "name": user.name.shown,
        "account": user.name.shown if user.registered else None,
        "room": session.room.name if session.room else None,
        "rooms": [room.name for room in user.rooms],
    }
    chat.answer(session, f"You now receive {name}.", "format", data)


@command(GROUP, "ping", "[token]")
def ping(chat: Chat, session: Session, token: str | None) -> None:
    """Is answered with "pong", at once: to see whether the connection lives, and how fast it is."""
    chat.answer(session, f"pong {token or ''}".rstrip(), "pong", {"token": token})


@command(GROUP, "quit", "[reason]")
def quit_(chat: Chat, session: Session, reason: str | None) -> None:
    """Leaves everything and closes the connection."""
    presence.quit(chat, session, reason or "")
