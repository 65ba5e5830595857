"""People, as commands name them and as lines show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...chat.errors import Refused
from ...chat.names import parse_name
from ...chat.rooms import User

if TYPE_CHECKING:
    from .connection import IRCProtocol

# So many people are told of in answer to one command.
MAX_ASKED = 4


def find(connection: IRCProtocol, name: str) -> User | None:
    """Who is here under a name."""
    try:
        return connection.chat.users.get(parse_name(name).key)
    except Refused:
        return None


def shown_address(address: str) -> str:
    """An IP address as a parameter, which must not begin with a colon."""
    return "0" + address if address.startswith(":") else address
