"""NickServ: words about accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ...chat import certificates, identity, registration
from ...chat.chat import span
from ...chat.errors import Refused
from ...chat.names import parse_name
from .services import NICKSERV

if TYPE_CHECKING:
    from .connection import IRCProtocol

word = NICKSERV.word


@word("REGISTER PASSWORD [EMAIL]")
def register(connection: IRCProtocol, words: list[str]) -> None:
    """Makes your nick an account: it will be asked for this password. An address is not needed, and not kept."""
    registration.register(connection.chat, connection.session, words[0])


@word("IDENTIFY [ACCOUNT] PASSWORD", "LOGIN", "ID", "AUTH")
def identify(connection: IRCProtocol, words: list[str]) -> None:
    """Logs you in: you get the account's name, and stay in your rooms."""
    name = words[0] if len(words) > 1 else connection.nick
    registration.log_in(connection.chat, connection.session, name, words[-1])


@word("LOGOUT")
def logout(connection: IRCProtocol, words: list[str]) -> None:
    """Makes you a guest again, in no room."""
    identity.step_down(connection.chat, connection.session)


@word("GHOST [ACCOUNT] [PASSWORD]", "RECOVER", "REGAIN", "RELEASE")
def ghost(connection: IRCProtocol, words: list[str]) -> None:
    """Logs you in to the account, if you are not yet, and ends its other connections. It need not be done to log in: an
    account may have several connections, which share its name."""
    name, password = (*words[:2], None, None)[:2]
    registration.ghost(connection.chat, connection.session, name, password)


@word("DROP [ACCOUNT] PASSWORD", "UNREGISTER")
def drop(connection: IRCProtocol, words: list[str]) -> None:
    """Gives up your account: its roles are gone, and its name is anyone's. What you said stays."""
    if len(words) > 1 and parse_name(words[0]).key != connection.user.name.key:
        raise Refused("not-allowed", "You can give up the account that you are logged in to only.")
    registration.unregister(connection.chat, connection.session, words[-1])


@word("SET PASSWORD OLD NEW")
def set_(connection: IRCProtocol, words: list[str]) -> None:
    """Changes your password."""
    if words[0].upper() != "PASSWORD":
        raise Refused("usage", "Usage: SET PASSWORD OLD NEW. Nothing else can be set.")
    registration.change_password(connection.chat, connection.session, words[1], words[2])


@word("PASSWD OLD NEW")
def passwd(connection: IRCProtocol, words: list[str]) -> None:
    """Changes your password."""
    registration.change_password(connection.chat, connection.session, words[0], words[1])


@word("INFO [ACCOUNT]")
def info(connection: IRCProtocol, words: list[str]) -> None:
    """Tells when an account was made, and when it was last here."""
    chat, name = connection.chat, parse_name(words[0] if words else connection.nick)
    account = chat.accounts.get(name.key)
    if account is None:
        raise Refused("no-such-user", f"{name.shown} is no account.")
    made = datetime.fromtimestamp(account.created, UTC)
    user = chat.users.get(name.key)
    seen = "is here" if user is not None and user.registered else f"was here {span(chat.now() - account.seen)} ago"
    chat.answer(connection.session, f"{account.name} is an account, made on {made:%Y-%m-%d}, and {seen}.")


@word("CERT [LIST|ADD|DEL] [FINGERPRINT]")
def cert(connection: IRCProtocol, words: list[str]) -> None:
    """Lists the TLS certificates that open your account by SASL EXTERNAL; ADD adds the one that this connection shows,
    DEL takes one away."""
    what, fingerprint = (*words, "LIST", "")[:2] if words else ("LIST", "")
    chat, session = connection.chat, connection.session
    if what.upper() == "LIST":
        certificates.show(chat, session)
    elif what.upper() == "ADD":
        certificates.add(chat, session)
    elif what.upper() in ("DEL", "REMOVE") and len(words) > 1:
        certificates.remove(chat, session, fingerprint)
    else:
        raise Refused("usage", "Usage: CERT LIST, CERT ADD or CERT DEL FINGERPRINT")
