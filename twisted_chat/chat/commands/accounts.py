"""Commands about accounts."""

from __future__ import annotations

from .. import registration
from ..acts import Session
from ..chat import Chat
from .table import command

GROUP = "Your account"


@command(GROUP, "register", "PASSWORD")
def register(chat: Chat, session: Session, password: str) -> None:
    """Makes your name your own: who uses it is asked for this password from now on."""
    registration.register(chat, session, password)


@command(GROUP, "login", "NAME", "PASSWORD")
def login(chat: Chat, session: Session, name: str, password: str) -> None:
    """Logs in to an account. At the first prompt, its name is enough: the password is asked for."""
    registration.log_in(chat, session, name, password)


@command(GROUP, "logout")
def logout(chat: Chat, session: Session) -> None:
    """Leaves everything, and asks for a name again."""
    registration.log_out(chat, session)


@command(GROUP, "password", "OLD", "NEW")
def password(chat: Chat, session: Session, old: str, new: str) -> None:
    """Changes your password."""
    registration.change_password(chat, session, old, new)
