"""What people say of themselves: AWAY and SETNAME."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...chat import status
from ...chat.chat import MAX_NOTE
from ...chat.errors import Refused
from ...chat.text import clean
from .message import Message, plain
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

PRE_AWAY = "draft/pre-away"


@verb("AWAY", early=True)
def away(connection: IRCProtocol, message: Message) -> None:
    """Marks you as away: AWAY :why; or as back, without a text. AWAY * says that nobody sits at this connection."""
    text = clean(plain(message.params[0]))[:MAX_NOTE] if message.params else ""
    registration = connection.registration
    if registration is None:
        status.set_away(connection.chat, connection.session, text or None)
    elif PRE_AWAY in connection.caps:
        registration.away = text
    else:
        connection.reply(451, text="You have not registered")
        return
    if text:
        connection.reply(306, text="You have been marked as being away")
    else:
        connection.reply(305, text="You are no longer marked as being away")


@verb("SETNAME", 1)
def setname(connection: IRCProtocol, message: Message) -> None:
    """Says what you are called in full: SETNAME :Ann Example."""
    try:
        status.set_realname(connection.chat, connection.session, clean(plain(message.params[0])).strip())
    except Refused as why:
        connection.fail("SETNAME", "INVALID_REALNAME", text=why.sentence)
