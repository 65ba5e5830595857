"""Commands about accounts."""

from __future__ import annotations

from .. import certificates, registration
from ..acts import Session
from ..chat import Chat
from ..errors import Refused
from .table import command

GROUP = "Your account"


@command(GROUP, "register", "PASSWORD", cost=5)
def register(chat: Chat, session: Session, password: str) -> None:
    """Makes your name your own: who uses it is asked for this password from now on."""
    registration.register(chat, session, password)


@command(GROUP, "login", "NAME", "PASSWORD", cost=5)
def login(chat: Chat, session: Session, name: str, password: str) -> None:
    """Logs in to an account. At the first prompt, its name is enough: the password is asked for."""
    registration.log_in(chat, session, name, password)


@command(GROUP, "logout")
def logout(chat: Chat, session: Session) -> None:
    """Leaves everything, and asks for a name again."""
    registration.log_out(chat, session)


@command(GROUP, "password", "OLD", "NEW", cost=5)
def password(chat: Chat, session: Session, old: str, new: str) -> None:
    """Changes your password."""
    registration.change_password(chat, session, old, new)


@command(GROUP, "ghost", "[NAME]", "[PASSWORD]", cost=5)
def ghost(chat: Chat, session: Session, name: str | None, password: str | None) -> None:
    """Ends your other connections, of which one may hang; with NAME and PASSWORD, logs you in first."""
    registration.ghost(chat, session, name, password)


@command(GROUP, "unregister", "PASSWORD", cost=5)
def unregister(chat: Chat, session: Session, password: str) -> None:
    """Gives up your account: its roles are gone, and its name is free. What you said stays."""
    registration.unregister(chat, session, password)


@command(GROUP, "cert", "[add|remove FINGERPRINT]")
def cert(chat: Chat, session: Session, what: str | None) -> None:
    """Logs you in by a TLS certificate instead of the password. Alone, lists those of your account; "add" adds the one
    that this connection shows, "remove FINGERPRINT" takes one away."""
    word, _, fingerprint = (what or "list").partition(" ")
    if word == "list" and not fingerprint:
        certificates.show(chat, session)
    elif word == "add" and not fingerprint:
        certificates.add(chat, session)
    elif word == "remove" and fingerprint:
        certificates.remove(chat, session, fingerprint)
    else:
        raise Refused("usage", "Usage: /cert, /cert add or /cert remove FINGERPRINT")
