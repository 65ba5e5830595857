"""Commands for administrators of the server."""

from __future__ import annotations

from .. import administration
from ..acts import Session
from ..chat import Chat
from ..errors import Refused
from .moderation import split_duration
from .table import command

GROUP = "Administration"


@command(GROUP, "kill", "NAME", "[reason]")
def kill(chat: Chat, session: Session, name: str, reason: str | None) -> None:
    """Ends all of someone's connections."""
    administration.kill(chat, session, name, reason or "")


@command(GROUP, "gban", "[MASK]", "[duration and reason]")
def gban(chat: Chat, session: Session, mask: str | None, rest: str | None) -> None:
    """Keeps someone out of the server; as /ban, but everywhere. Without a mask it lists who is."""
    if mask is None:
        administration.list_bans(chat, session)
        return
    administration.ban(chat, session, mask, *split_duration(rest))


@command(GROUP, "ungban", "MASK")
def ungban(chat: Chat, session: Session, mask: str) -> None:
    """Takes a /gban back."""
    administration.unban(chat, session, mask)


@command(GROUP, "announce", "text")
def announce(chat: Chat, session: Session, text: str) -> None:
    """Tells everyone who is here something."""
    administration.announce(chat, session, text)


@command(GROUP, "shun", "NAME")
def shun(chat: Chat, session: Session, name: str) -> None:
    """Lets what someone says reach nobody but themselves, without their noticing; the second time, no longer."""
    administration.shun(chat, session, name)


@command(GROUP, "rehash")
def rehash(chat: Chat, session: Session) -> None:
    """Has the server read its configuration, message of the day and certificates again."""
    administration.rehash(chat, session)


@command(GROUP, "audit", "[n]")
def audit(chat: Chat, session: Session, text: str | None) -> None:
    """Shows the last acts of moderation, 20 or n."""
    if text is not None and not (text.isdecimal() and text.isascii() and int(text[:9]) >= 1):
        raise Refused("usage", "Usage: /audit [n]")
    administration.read_audit(chat, session, int(text[:9]) if text else 20)
