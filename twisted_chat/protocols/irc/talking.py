"""Commands for talking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...chat.events import Kind
from ...chat.text import clean
from .message import Message, plain
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

MAX_TARGETS = 4
_NOT_SENT = {"not-in-room": 404, "no-room": 404, "no-such-room": 403, "bad-name": 401, "bad-room": 403}


@verb("PRIVMSG")
def privmsg(connection: IRCProtocol, message: Message) -> None:
    """Says something in a room, or to somebody."""
    _talk(connection, message, Kind.MESSAGE)


@verb("NOTICE")
def notice(connection: IRCProtocol, message: Message) -> None:
    """Notes something in a room, or to somebody: what no program answers."""
    _talk(connection, message, Kind.NOTICE)


def _talk(connection: IRCProtocol, message: Message, kind: Kind) -> None:
    params = message.params
    if not params or not params[0]:
        connection.reply(411, text=f"No recipient given ({message.command})")
        return
    if len(params) < 2 or not params[1]:
        connection.reply(412, text="No text to send")
        return
    text = params[1]
    if text.startswith("\x01ACTION ") and kind is Kind.MESSAGE:
        text, kind = text[8:].removesuffix("\x01"), Kind.ACTION
    text = clean(plain(text))
    tags = _client_tags(connection, message)
    for target in dict.fromkeys(params[0].split(",")[:MAX_TARGETS]):
        connection.attempt(target, _say, connection, target, kind, text, tags, numbers=_NOT_SENT)


_DIRECT = {Kind.MESSAGE: Kind.DIRECT, Kind.ACTION: Kind.DIRECT_ACTION, Kind.NOTICE: Kind.DIRECT_NOTICE}


def _say(connection: IRCProtocol, target: str, kind: Kind, text: str, tags: str) -> None:
    chat, session = connection.chat, connection.session
    echo = "echo-message" in connection.caps
    if target.startswith("#"):
        chat.say(session, text, kind, target, tags=tags, echo=echo)
    else:
        chat.message(session, text, target, _DIRECT[kind], tags, echo)


def _client_tags(connection: IRCProtocol, message: Message) -> str:
    return ""
